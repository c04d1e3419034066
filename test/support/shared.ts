/** @file Finds the shared test material beside the repository, where there is any. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = process.env.MILORE_SHARED ?? resolve(import.meta.dirname, '../../../shared');

/** A path in the shared material, or undefined where it is not at hand. */
export function shared(...parts: string[]): string | undefined {
  const path = join(root, ...parts);
  return existsSync(path) ? path : undefined;
}
