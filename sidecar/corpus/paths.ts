/** @file Turns a path that a manifest names into one that may be opened: inside the data set's folder. */
import { realpathSync, statSync } from 'node:fs';
import { isAbsolute, resolve, sep } from 'node:path';
import { type Place, UserError } from '../errors.ts';

export interface Folder {
  path: string;
  /** With every link resolved. */
  real: string;
  allowOutside: boolean;
}

export function openFolder(root: string, allowOutside = false): Folder {
  const path = resolve(root);
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isDirectory()) {
    const why = found ? 'it is a file, not a folder.' : 'there is no such folder.';
    throw new UserError({
      code: 'corpus.no-folder',
      tried: `open the data set ${path}`,
      why,
      cure: 'Check the path of the data.',
    });
  }
  return { path, real: realpathSync(path), allowOutside };
}

/** The absolute path of `named`, relative to `base` (the data set's folder unless told). A file that does not exist
 * passes: the scan lists it as missing.
 * @throws UserError `corpus.path-outside` naming file and line. */
export function resolveInside(folder: Folder, named: string, place: Place | undefined, base = folder.path): string {
  const refuse = (why: string, cure: string): never => {
    const tried = `use the path "${named}" of the data set ${folder.path}`;
    throw new UserError({ code: 'corpus.path-outside', tried, why, cure, place });
  };
  if (named === '' || named.includes('\0')) refuse('a path must not be empty or hold a NUL.', 'Correct the line.');
  if (named.split(/[\\/]/).includes('..')) {
    refuse('it climbs out by "..".', 'Write paths relative to the data set’s folder, without "..".');
  }
  const path = resolve(base, named);
  if (folder.allowOutside) return path;
  const consent = 'Move the audio into the folder, or set allowOutside for this data set if you trust it.';
  if (isAbsolute(named) && !isWithin(path, folder.path) && !isWithin(path, folder.real)) {
    refuse('it is absolute and lies outside that folder.', consent);
  }
  const real = realOf(path);
  if (real !== undefined && !isWithin(real, folder.real))
    refuse(`it is a link to ${real}, outside that folder.`, consent);
  return path;
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    return undefined;
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
