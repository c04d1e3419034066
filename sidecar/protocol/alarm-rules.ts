/** @file When something calls for a person: one rule each, for the log's warnings and the dashboard. */

/** Load over the ideal load below which an expert is dead; 1 is fair. */
export const DEAD_LOAD = 0.05;
/** exp(entropy of the mean gates) below which a router of at least three has collapsed. */
export const COLLAPSED_EFFECTIVE = 1.5;

/** Experts, from 0, that no language uses; `loads[l][e]` is the load of expert e in language l. */
export function deadExperts(loads: readonly ArrayLike<number>[]): number[] {
  const experts = loads[0]?.length ?? 0;
  return Array.from({ length: experts }, (_, e) => e).filter((e) => loads.every((load) => load[e] < DEAD_LOAD));
}

/**
 * Whether a router sends nearly all frames of all languages to one expert; one that gives each language an expert of its
 * own has not collapsed. `gates[l][e]` is the mean gate of expert e in language l.
 */
export function isCollapsed(gates: readonly ArrayLike<number>[]): boolean {
  const experts = gates[0]?.length ?? 0;
  if (experts < 3) return false;
  let entropy = 0;
  for (let e = 0; e < experts; e++) {
    const mean = gates.reduce((sum, own) => sum + own[e], 0) / gates.length;
    if (mean > 0) entropy -= mean * Math.log(mean);
  }
  return Math.exp(entropy) < COLLAPSED_EFFECTIVE;
}

/** What can be done about either, as keys of an experiment. */
export const ROUTING_KEYS = ['adapter.router.balance', 'adapter.experts', 'training.learningRate'] as const;
/** What can be done where existing languages get worse. */
export const FORGETTING_KEYS = ['replay.fraction', 'training.learningRate', 'training.steps'] as const;

/** What can be done where a new language does not get better. */
export const LEARNING_KEYS = ['training.steps', 'training.learningRate'] as const;

/** Share of a language's recordings that may be left out as too short before it is an alarm. */
export const LOSS_SHARE = 0.05;
/** `audio.minSeconds` where an experiment says nothing. */
export const DEFAULT_MIN_SECONDS = 0.5;
/** What `audio.joinSeconds` is proposed to be. */
export const JOIN_SECONDS = 5;

/**
 * Of an inspection's table, the clips that `audio.minSeconds` leaves out: those below the highest of its edges that is
 * not above it, so never more than there are.
 */
export function lostAsShort<T extends { belowSeconds: number; clips: number }>(
  short: readonly T[],
  minSeconds = DEFAULT_MIN_SECONDS,
): T | undefined {
  return short.filter(({ belowSeconds, clips }) => belowSeconds <= minSeconds && clips > 0).at(-1);
}

/** What can be done where short recordings are lost. */
export const LOSS_KEYS = ['audio.joinSeconds', 'audio.minSeconds'] as const;
/** What can be done where nothing of a language is held out. */
export const HELD_OUT_KEY = 'languages.<code>.heldOut';
