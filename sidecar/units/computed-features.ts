/** @file Features that are computed whenever a batch needs them, from sound in 16 bits or from the recordings. */

import { join } from 'node:path';
import type { Rows } from '../corpus/index.ts';
import type { BaseModel } from '../model/checkpoint/base.ts';
import type { WeightFile } from '../weights/file.ts';
import type { Crop, FeatureClip, FeatureSource, FeatureStore } from './features.ts';
import { fill } from './fill.ts';
import { FrontEnd } from './front-end.ts';
import { Pack } from './pack.ts';

/** Sets of clips that stay readable: the batch at work, and the one that is read ahead. */
const HELD = 2;

export class ComputedFeatures implements FeatureStore {
  private readonly pack?: Pack;
  private readonly frontEnd: FrontEnd;
  private source?: FeatureSource;
  private held: Map<string, Float32Array>[] = [];
  /** Of recordings that are being decoded for the next batch. */
  private coming = new Map<string, Promise<Float32Array>>();
  readonly width: number;

  constructor(
    kind: 'audio' | 'none',
    base: BaseModel,
    file: WeightFile,
    cache: string,
    onDamage?: (path: string) => void,
  ) {
    this.frontEnd = new FrontEnd(base, file);
    this.width = this.frontEnd.width;
    if (kind === 'audio') this.pack = new Pack(join(cache, 'audio'), soundName(base), onDamage);
  }

  has(hash: string): boolean {
    return this.pack?.has(hash) ?? true;
  }

  async ensure(
    clips: Rows<FeatureClip>,
    source: FeatureSource,
    onProgress?: (done: number, total: number) => void,
  ): Promise<void> {
    this.source = source;
    if (this.pack) await fill(this.pack, clips, source, toSound, onProgress);
  }

  async ready(hashes: readonly string[]): Promise<void> {
    const { source, pack } = this;
    if (!source) throw new Error('internal: nothing to compute features from');
    const made = new Map<string, Float32Array>();
    for (const hash of new Set(hashes)) {
      const known = this.held.find((set) => set.has(hash))?.get(hash);
      if (known) {
        made.set(hash, known);
        continue;
      }
      if (pack && !pack.isSound(hash)) pack.write(hash, toSound(await source.load({ hash })));
      const samples = pack ? fromSound(pack.read(hash)) : await (this.coming.get(hash) ?? source.load({ hash }));
      // What a session gives lies in its own memory until the next run.
      made.set(hash, (await this.frontEnd.run(samples, source.options)).slice());
    }
    this.coming.clear();
    this.held = [made, ...this.held].slice(0, HELD);
  }

  /** Where nothing is kept: has the recordings of the next batch decoded. The front end is this thread's own. */
  async fetch(crops: readonly Crop[]): Promise<undefined[]> {
    const { source, pack } = this;
    if (source && !pack && (source.ahead ?? 1) > 1)
      for (const { hash } of crops) {
        if (this.coming.has(hash) || this.held.some((set) => set.has(hash))) continue;
        const samples = source.load({ hash });
        samples.catch(() => {}); // Thrown where it is needed.
        this.coming.set(hash, samples);
      }
    return crops.map(() => undefined);
  }

  read(hash: string, start = 0, frames?: number): Float32Array {
    const whole = this.held.find((set) => set.has(hash))?.get(hash);
    if (!whole) throw new Error(`internal: the features of ${hash} were not made ready`);
    return whole.slice(start * this.width, frames === undefined ? undefined : (start + frames) * this.width);
  }

  async close(): Promise<void> {
    this.held = [];
    await this.frontEnd.close();
    this.pack?.close();
  }
}

/** Sound depends on a base only in whether it is normalised. */
export const soundName = ({ normalise }: { normalise: boolean }) => (normalise ? 'normalised' : 'plain');

/** A step of the 16 bits (float32), then the samples: the loudest is ±32767, so quiet recordings lose nothing. */
function toSound(samples: Float32Array): Uint8Array {
  let loudest = 0;
  for (const sample of samples) loudest = Math.max(loudest, Math.abs(sample));
  const step = Math.fround(loudest / 32767) || 1;
  const bytes = new Uint8Array(4 + 2 * samples.length);
  new Float32Array(bytes.buffer, 0, 1)[0] = step;
  const rounded = new Int16Array(bytes.buffer, 4);
  for (let i = 0; i < samples.length; i++) rounded[i] = Math.round(samples[i] / step);
  return bytes;
}

function fromSound(bytes: ArrayBuffer): Float32Array {
  const [step] = new Float32Array(bytes, 0, 1);
  const samples = new Float32Array((bytes.byteLength - 4) / 2);
  const rounded = new Int16Array(bytes, 4);
  for (let i = 0; i < samples.length; i++) samples[i] = rounded[i] * step;
  return samples;
}
