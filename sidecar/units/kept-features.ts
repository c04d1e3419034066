/** @file Features that are computed once a clip: no later epoch decodes or convolves again. */

import { join } from 'node:path';
import type { Rows } from '../corpus/index.ts';
import { UserError } from '../errors.ts';
import type { BaseModel } from '../model/checkpoint/base.ts';
import type { WeightFile } from '../weights/file.ts';
import type { FeatureClip, FeatureSource, FeatureStore } from './features.ts';
import { fill } from './fill.ts';
import { FrontEnd } from './front-end.ts';
import { fromHalf, HALF_MAX, toHalf } from './half.ts';
import { Pack } from './pack.ts';

export class KeptFeatures implements FeatureStore {
  private readonly pack: Pack;
  private readonly frontEnd: FrontEnd;
  private readonly half: boolean;
  private source?: FeatureSource;
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

  async close(): Promise<void> {
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
