/** @file What onnxruntime's CUDA provider needs of a machine, and what of it is there. Linux alone; loads nothing. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export const CUDA_PROVIDER = 'libonnxruntime_providers_cuda.so';

/** Of onnxruntime's builds for CUDA 12 (its documentation, "CUDA Execution Provider": CUDA 12.x, cuDNN 9.x). */
const NEEDED = [
  { name: 'libcuda.so.1', of: 'NVIDIA driver' },
  { name: 'libcudart.so.12', of: 'CUDA 12' },
  { name: 'libcublas.so.12', of: 'CUDA 12' },
  { name: 'libcublasLt.so.12', of: 'CUDA 12' },
  { name: 'libcufft.so.11', of: 'CUDA 12' },
  { name: 'libcurand.so.10', of: 'CUDA 12' },
  { name: 'libcudnn.so.9', of: 'cuDNN 9' },
] as const;

export interface LibraryFound {
  name: string;
  /** `CUDA 12`, `cuDNN 9`, `NVIDIA driver`. */
  of: string;
  /** Where the loader would take it from; absent where it would not find it. */
  path?: string;
}

/** As the loader looks: LD_LIBRARY_PATH, then its cache, then the system's folders. */
export function cudaLibraries(environment: NodeJS.ProcessEnv = process.env, cache = loaderCache()): LibraryFound[] {
  const named = environment.LD_LIBRARY_PATH?.split(':').filter(Boolean) ?? [];
  const folders = ['/lib/x86_64-linux-gnu', '/usr/lib/x86_64-linux-gnu', '/lib64', '/usr/lib64', '/lib', '/usr/lib'];
  return NEEDED.map(({ name, of }) => {
    const inOneOf = (all: readonly string[]) =>
      all.map((folder) => join(folder, name)).find((path) => existsSync(path));
    const path = inOneOf(named) ?? cache.get(name) ?? inOneOf(folders);
    return path === undefined ? { name, of } : { name, of, path };
  });
}

export const missingForCuda = (): string[] => cudaLibraries().flatMap(({ name, path }) => (path ? [] : [name]));

/** What `ldconfig -p` lists: `libz.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libz.so.1`. */
export function parseLoaderCache(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name, path] of text.matchAll(/^\s*(\S+) \([^)]*x86-64[^)]*\) => (\S.*)$/gm))
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
