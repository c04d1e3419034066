/** @file Puts into a store what is missing there, clip by clip, beside whoever else does so, while the next are decoded. */
import type { Rows } from '../corpus/index.ts';
import { inOrder } from '../threads.ts';
import type { FeatureSource } from './features.ts';
import type { Pack } from './pack.ts';

/** Clips between two looks at what other processes have written. */
const SHARING = 16;
/** Of sound that waits decoded. */
const WAITING_BYTES = 64 << 20;
/** A frame is 320 samples of 4 bytes: 20 ms. */
const FRAME_BYTES = 1280;

/** @param make what is to be kept of a clip's samples */
export async function fill<C extends { hash: string; frames?: number }>(
  pack: Pack,
  clips: Rows<C>,
  { load, ahead = 1 }: Pick<FeatureSource, 'load' | 'ahead'>,
  make: (samples: Float32Array) => Promise<Uint8Array> | Uint8Array,
  onProgress?: (done: number, total: number) => void,
): Promise<void> {
  const missing = clips.filter(({ hash }) => !pack.has(hash));
  const sizeOf = ({ frames = 0 }: C) => frames * FRAME_BYTES;
  const wanted = (clip: C) => (pack.has(clip.hash) ? Promise.resolve(undefined) : load(clip));
  let i = 0;
  pack.refresh();
  for await (const [clip, samples] of inOrder(missing, wanted, { most: ahead, bytes: WAITING_BYTES, sizeOf })) {
    // Twice the same sound, or another process has it meanwhile.
    if (samples && !pack.has(clip.hash)) pack.write(clip.hash, await make(samples));
    onProgress?.(++i, missing.length);
    if (i % SHARING === 0) pack.refresh();
  }
}
