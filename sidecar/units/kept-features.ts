/** @file Features that are computed once a clip: no later epoch decodes or convolves again. */

import { join } from 'node:path';
import type { Rows } from '../corpus/index.ts';
import { UserError } from '../errors.ts';
import type { BaseModel } from '../model/checkpoint/base.ts';
import { helpersHere, Threads } from '../threads.ts';
import type { WeightFile } from '../weights/file.ts';
import type { Crop, FeatureClip, FeatureSource, FeatureStore } from './features.ts';
import { fill } from './fill.ts';
import { FrontEnd } from './front-end.ts';
import { fromHalf, HALF_MAX, toHalf } from './half.ts';
import { Pack } from './pack.ts';
import { blocksTask } from './read-blocks.ts';

export class KeptFeatures implements FeatureStore {
  private readonly pack: Pack;
  private readonly frontEnd: FrontEnd;
  private readonly half: boolean;
  private source?: FeatureSource;
  private readonly threads = new Threads(Math.min(1, helpersHere()));
  readonly width: number;

  constructor(
    kind: 'float32' | 'float16',
    base: BaseModel,
    file: WeightFile,
    cache: string,
    onDamage?: (path: string) => void,
  ) {
    this.frontEnd = new FrontEnd(base, file);
    this.width = this.frontEnd.width;
    this.half = kind === 'float16';
    this.pack = new Pack(join(cache, 'features'), packName(kind, base), onDamage);
  }

  has(hash: string): boolean {
    return this.pack.has(hash);
  }

  async ensure(
    clips: Rows<FeatureClip>,
    source: FeatureSource,
    onProgress?: (done: number, total: number) => void,
  ): Promise<void> {
    this.source = source;
    await fill(this.pack, clips, source, (samples) => this.compute(samples), onProgress);
    await this.frontEnd.close();
  }

  async ready(hashes: readonly string[]): Promise<void> {
    const damaged = hashes.filter((hash) => !this.pack.isSound(hash));
    for (const hash of damaged) this.pack.write(hash, await this.compute(await this.load(hash)));
    if (damaged.length > 0) await this.frontEnd.close();
  }

  private load(hash: string): Promise<Float32Array> {
    if (!this.source) throw new Error(`internal: nothing to compute the features of ${hash} from`);
    return this.source.load({ hash });
  }

  private async compute(samples: Float32Array): Promise<Uint8Array> {
    const features = await this.frontEnd.run(samples, this.source!.options);
    const kept = this.half ? toHalf(features) : features;
    if (!kept) throw tooLarge();
    return new Uint8Array(kept.buffer, kept.byteOffset, kept.byteLength);
  }

  read(hash: string, start = 0, frames?: number): Float32Array {
    const row = (this.half ? 2 : 4) * this.width;
    const bytes = this.pack.read(hash, start * row, frames === undefined ? undefined : (start + frames) * row);
    return this.half ? fromHalf(new Uint16Array(bytes)) : new Float32Array(bytes);
  }

  /** One thread is enough: a batch is read in a hundredth of the time that its step takes. */
  async fetch(crops: readonly Crop[], frames: number): Promise<(Float32Array | undefined)[]> {
    if (this.threads.count === 0) return crops.map(() => undefined);
    const row = (this.half ? 2 : 4) * this.width;
    const places = crops.map(({ hash }) => this.pack.locate(hash));
    if (places.some((place) => !place)) return crops.map(() => undefined);
    const parts = crops.map(({ start }, i) => {
      return { ...places[i]!, from: start * row, to: (start + frames) * row, half: this.half };
    });
    const all = await this.threads.run(blocksTask, parts);
    all.forEach((rows, i) => {
      if (rows) this.pack.vouch(crops[i].hash, parts[i]);
    });
    return all;
  }

  async close(): Promise<void> {
    await this.threads.close();
    await this.frontEnd.close();
    this.pack.close();
  }
}

/** Names a cache file: what the features are of, and how they are kept. */
export const packName = (kind: 'float32' | 'float16', { hash }: { hash: string }) =>
  `${hash.slice(0, 32)}${kind === 'float16' ? '-half' : ''}`;

const tooLarge = () =>
  new UserError({
    code: 'features.beyond-half',
    tried: 'keep the front end’s output in half precision',
    why: `this base gives values beyond ${HALF_MAX}, which half precision cannot hold.`,
    cure: 'Set cache.features to float32.',
  });
