/** @file Where the data beside the repository lies, if it is there. */
import fs from 'node:fs';
import path from 'node:path';

const root = process.env.MILORE_SHARED ?? path.resolve(import.meta.dirname, '../../../shared');

/** A path in the shared data, or `undefined` where this checkout has none. */
export function shared(...parts: string[]): string | undefined {
  const file = path.join(root, ...parts);
  return fs.existsSync(file) ? file : undefined;
}
