/** @file Whether a path lies inside a folder, as written and as it is on the disk with every link followed. A leaf. */
import { realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';

/** As written: no link is followed. The folder itself counts as inside. */
export function isInside(path: string, folder: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return way === '' || (way !== '..' && !/^\.\.[\\/]/.test(way) && !isAbsolute(way));
}

/** With links followed as far as the path exists: what would be written there lies inside too. */
export function isReallyInside(path: string, folder: string): boolean {
  return isInside(realPath(path), realPath(folder));
}

/** The path with every link of what exists of it resolved. */
export function realPath(path: string): string {
  const rest: string[] = [];
  let there = resolve(path);
  for (;;) {
    try {
      return join(realpathSync(there), ...rest);
    } catch {
      if (dirname(there) === there) return resolve(path);
      rest.unshift(basename(there));
      there = dirname(there);
    }
  }
}
