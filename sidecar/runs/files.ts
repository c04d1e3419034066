/** @file Small files of a run as they are found: anyone may have written them. */
import { constants, readFileSync, statSync } from 'node:fs';
import { parseJson } from '../json.ts';
import { blameNoFile } from '../machine.ts';

/** How to open what someone else may have put there: a pipe without a writer would hold us up for ever. */
export const readOnly = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** A small JSON file that someone else may have written; undefined where it is absent, too large or not JSON.
 * @throws UserError where no file can be opened just now */
export function readJson(path: string, maxBytes = 8_000_000): unknown {
  try {
    const info = statSync(path);
    if (!info.isFile() || info.size > maxBytes) return undefined;
    return parseJson(readFileSync(path, 'utf8'));
  } catch (error) {
    blameNoFile(`read ${path}`, error);
    return undefined;
  }
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
