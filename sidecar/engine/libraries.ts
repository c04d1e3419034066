/** @file Where the dynamic loader of Linux would take a shared library from. Loads nothing. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export interface LoaderView {
  environment: NodeJS.ProcessEnv;
  /** Of `ldconfig -p`: names with their paths. */
  cache: ReadonlyMap<string, string>;
  /** The system's own folders, looked at last. */
  folders: readonly string[];
}

const TRIPLET = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';

const FOLDERS = ['/lib', '/usr/lib', '/usr/local/lib', '/lib64', '/usr/lib64'].flatMap((folder) => [
  join(folder, TRIPLET),
  folder,
]);

export const loaderView = (environment: NodeJS.ProcessEnv = process.env, cache = loaderCache()): LoaderView => ({
  environment,
  cache,
  folders: FOLDERS,
});

/** As the loader looks: LD_LIBRARY_PATH, then its cache, then the system's folders. */
export function findLibrary(name: string, { environment, cache, folders }: LoaderView): string | undefined {
  const inOneOf = (all: readonly string[]) => all.map((folder) => join(folder, name)).find((path) => existsSync(path));
  const named = environment.LD_LIBRARY_PATH?.split(':').filter(Boolean) ?? [];
  return inOneOf(named) ?? cache.get(name) ?? inOneOf(folders);
}

/** What `ldconfig -p` lists: `libz.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libz.so.1`. */
export function parseLoaderCache(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name, path] of text.matchAll(/^\s*(\S+) \([^)]*(?:x86-64|AArch64)[^)]*\) => (\S.*)$/gm))
    if (!found.has(name)) found.set(name, path);
  return found;
}

function loaderCache(): Map<string, string> {
  for (const program of ['ldconfig', '/sbin/ldconfig'])
    try {
      return parseLoaderCache(
        execFileSync(program, ['-p'], { encoding: 'utf8', timeout: 10_000, stdio: ['ignore', 'pipe', 'ignore'] }),
      );
    } catch {
      // It is not everywhere on the path, nor on every system.
    }
  return new Map();
}
