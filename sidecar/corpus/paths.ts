/** @file Turns a path that a manifest names into one that may be opened: inside the data set's folder, or beyond after consent. */
import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, resolve } from 'node:path';
import { type Place, UserError } from '../errors.ts';
import { isInside } from '../inside.ts';
import { variantOf } from './names.ts';
import type { Skipped } from './types.ts';
import type { Annotated } from './unannotated.ts';

/** A data set while its manifests are read. */
export interface Folder {
  path: string;
  /** With every link resolved. */
  real: string;
  allowOutside: boolean;
  /** The one manifest to read, where the data set was named by it. */
  only?: string;
  /** The column that holds the transcripts, where it is not the layout's own. */
  textColumn?: string;
  /** Rows that cannot be used: each costs itself alone. */
  skipped: Skipped[];
  /** What a person should know of how the data set was read. */
  notes: string[];
  /** Recordings of which annotated stretches alone are utterances. */
  annotated: Annotated[];
}

/** The folder, or the folder of the manifest that is named. @throws UserError where there is neither */
export function openFolder(root: string, allowOutside = false): Folder {
  const path = resolve(root);
  const found = statSync(path, { throwIfNoEntry: false });
  const fresh = { allowOutside, skipped: [], notes: [], annotated: [] };
  if (found?.isDirectory()) return { path, real: realpathSync(path), ...fresh };
  if (found?.isFile())
    return { path: dirname(path), real: realpathSync(dirname(path)), only: basename(path), ...fresh };
  throw new UserError({
    code: 'corpus.no-folder',
    tried: `open the data set ${path}`,
    why: found ? 'it is neither a folder nor a file.' : 'there is no such folder.',
    cure: 'Check the path of the data.',
  });
}

/**
 * The absolute path of `named`, relative to `base` (the data set's folder unless told). Where no such file is there, the
 * one that is meant: in another Unicode form or case, with backslashes, or without its extension. A file that does not
 * exist passes: the scan lists it as missing.
 * @throws UserError `corpus.path-outside` naming file and line.
 */
export function resolveInside(folder: Folder, named: string, place: Place | undefined, base = folder.path): string {
  const refuse = (why: string, cure: string): never => {
    const tried = `use the path "${named}" of the data set ${folder.path}`;
    throw new UserError({ code: 'corpus.path-outside', tried, why, cure, place });
  };
  if (named === '' || named.includes('\0')) refuse('a path must not be empty or hold a NUL.', 'Correct the line.');
  const path = variantOf(resolve(base, named), resolve(base, named.replaceAll('\\', '/')));
  if (folder.allowOutside) return path;
  const consent =
    'Move the audio into the folder, or, if you trust the data set, set languages.<code>.allowOutside: true for it.';
  if (named.split(/[\\/]/).includes('..')) refuse('it climbs out by "..".', consent);
  if (isAbsolute(named) && !isInside(path, folder.path) && !isInside(path, folder.real)) {
    refuse('it is absolute and lies outside that folder.', consent);
  }
  const real = realOf(path);
  if (real !== undefined && !isInside(real, folder.real))
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
