/** @file When an expert counts as dead and a router as collapsed: one rule, for the log's warnings and the dashboard. */

/** Load over the ideal load below which an expert is dead; 1 is fair. */
export const DEAD_LOAD = 0.05;
/** Effective experts below which a router of at least three has collapsed. */
export const COLLAPSED_EFFECTIVE = 1.5;

/** Experts, from 0, that no language uses; `loads[l][e]` is the load of expert e in language l. */
export function deadExperts(loads: readonly ArrayLike<number>[]): number[] {
  const experts = loads[0]?.length ?? 0;
  return Array.from({ length: experts }, (_, e) => e).filter((e) => loads.every((load) => load[e] < DEAD_LOAD));
}

/** Whether every language sends nearly all of its frames to one expert. */
export const isCollapsed = (effective: readonly number[], experts: number): boolean =>
  experts >= 3 && effective.length > 0 && effective.every((count) => count < COLLAPSED_EFFECTIVE);

/** What can be done about either, as keys of an experiment. */
export const ROUTING_KEYS = ['adapter.router.balance', 'adapter.experts', 'training.learningRate'] as const;
/** What can be done where existing languages get worse. */
export const FORGETTING_KEYS = ['replay.fraction', 'training.learningRate', 'training.steps'] as const;
