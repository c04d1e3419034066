/** @file Keeps `.milore` out of a repository: runs and caches are gigabytes, and nobody means to commit them. */
import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, sweepTemporary, writeFileAtomic } from '../disk.ts';
import { runsFolder } from './run.ts';

const text = `# Written by MiLorE with the first run of this workspace, once: runs and caches are large.
# Empty this file to keep them in the repository; it is not written again.
*
`;

/** What is said of it, once. */
export const IGNORED =
  'Wrote .milore/.gitignore, so that runs and caches stay out of your repository. Empty it to keep them in.';

/**
 * With the first run alone, in our own folder: no file of a person's is touched, and one that is changed, emptied or
 * removed later stays so.
 * @returns whether it was written now
 */
export function ignoreInGit(root: string): boolean {
  const folder = join(root, '.milore');
  try {
    if (existsSync(runsFolder(root))) return false;
    makeFolder(folder);
    sweepTemporary(folder, { below: false });
    const file = join(folder, '.gitignore');
    // Nothing that is there is written over, a link to nowhere neither.
    if (lstatSync(file, { throwIfNoEntry: false })) return false;
    writeFileAtomic(file, text, { durable: false });
    return true;
  } catch {
    // A disk that cannot be written is told by the run.
    return false;
  }
}
