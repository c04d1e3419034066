/**
 * @file The front end's output, computed once a clip and kept on disk: the convolutions are frozen, so no later epoch
 * decodes or convolves again.
 */
import { join } from 'node:path';
import { framesOf, samplesOf, timeBindings } from '../architecture/time.ts';
import { floats, type SessionOptions } from '../engine/session.ts';
import type { BaseModel } from '../model/checkpoint/base.ts';
import { frontEndGraph } from '../objectives/learnable.ts';
import type { WeightFile } from '../weights/file.ts';
import { Pack } from './pack.ts';

export class FeatureStore {
  private readonly pack: Pack;
  readonly width: number;

  constructor(
    private readonly base: BaseModel,
    private readonly file: WeightFile,
    cache: string,
  ) {
    this.width = base.config.convDim.at(-1)!;
    this.pack = new Pack(join(cache, 'features'), base.hash.slice(0, 32));
  }

  /** Computes what is missing. `load` gives a clip's samples at 16 kHz, already normalised if the base wants it. */
  async ensure<Clip extends { hash: string }>(
    clips: readonly Clip[],
    load: (clip: Clip) => Promise<Float32Array>,
    options: SessionOptions,
    onProgress?: (done: number, total: number) => void,
  ): Promise<void> {
    const missing = clips.filter((clip) => !this.pack.has(clip.hash));
    if (missing.length === 0) return;
    const session = await this.file.open(frontEndGraph(this.base.config, this.file), options);
    for (const [i, clip] of missing.entries()) {
      const samples = await load(clip);
      const whole = samplesOf(this.base.config, framesOf(this.base.config, samples.length));
      const wave = { data: samples.slice(0, whole), shape: [1, 1, whole] };
      const out = await session.run({ wave }, { B: 1, ...timeBindings(this.base.config, whole) });
      const { buffer, byteOffset, byteLength } = floats(out.features);
      this.pack.write(clip.hash, new Uint8Array(buffer, byteOffset, byteLength));
      onProgress?.(i + 1, missing.length);
    }
    await session.release();
  }

  frames(hash: string): number {
    return this.pack.bytes(hash) / (4 * this.width);
  }

  /** `frames` rows from row `start`: [frames · width]. */
  read(hash: string, start = 0, frames = this.frames(hash)): Float32Array {
    const row = 4 * this.width;
    return new Float32Array(this.pack.read(hash, start * row, (start + frames) * row));
  }

  close(): void {
    this.pack.close();
  }
}
