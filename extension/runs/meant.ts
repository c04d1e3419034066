/** @file Which runs a command is meant for: the selection, or the one that was clicked beside it. No VS Code here. */

/**
 * A click on a run that is part of the selection means the selection, on another that one alone: as the explorer does.
 * Each run once.
 */
export function meant<Run extends { id: string }>(clicked: readonly Run[], selected: readonly Run[]): Run[] {
  const isPart = clicked.every(({ id }) => selected.some((one) => one.id === id));
  const runs = isPart ? selected : clicked;
  return [...new Map(runs.map((run) => [run.id, run])).values()];
}
