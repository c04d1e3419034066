/** @file The tags of a run after several were tagged together. No VS Code here. */

/** What a run had beside the common ones it keeps. */
export const retagged = (own: readonly string[], common: readonly string[], wanted: readonly string[]): string[] => [
  ...new Set([...own.filter((one) => !common.includes(one)), ...wanted]),
];
