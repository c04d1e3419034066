/** @file Puts into a store what is missing there, clip by clip, beside whoever else does so. */
import type { Rows } from '../corpus/index.ts';
import type { Pack } from './pack.ts';

/** Clips between two looks at what other processes have written. */
const SHARING = 16;

/** @param make what is to be kept of a clip */
export async function fill<C extends { hash: string }>(
  pack: Pack,
  clips: Rows<C>,
  make: (clip: C) => Promise<Uint8Array>,
  onProgress?: (done: number, total: number) => void,
): Promise<void> {
  const missing = clips.filter(({ hash }) => !pack.has(hash));
  for (let i = 0; i < missing.length; i++) {
    const clip = missing.at(i)!;
    if (i % SHARING === 0) pack.refresh();
    if (!pack.has(clip.hash)) pack.write(clip.hash, await make(clip));
    onProgress?.(i + 1, missing.length);
  }
}
