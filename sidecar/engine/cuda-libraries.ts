/** @file What onnxruntime's CUDA provider needs of a machine, and what of it is there. Linux alone; loads nothing. */
import { findLibrary, type LoaderView, loaderView } from './libraries.ts';

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

export const cudaLibraries = (view: LoaderView = loaderView()): LibraryFound[] =>
  NEEDED.map(({ name, of }) => {
    const path = findLibrary(name, view);
    return path === undefined ? { name, of } : { name, of, path };
  });

export const missingForCuda = (): string[] => cudaLibraries().flatMap(({ name, path }) => (path ? [] : [name]));
