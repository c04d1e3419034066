/**
 * @file The front end's output, computed once a clip and kept on disk: the convolutions are frozen, so no later epoch
 * decodes or convolves again.
 */
import { join } from 'node:path';
import { framesOf, samplesOf, timeBindings } from '../architecture/time.ts';
import type { Rows } from '../corpus/index.ts';
import { floats, type Session, type SessionOptions } from '../engine/session.ts';
import type { BaseModel } from '../model/checkpoint/base.ts';
import { frontEndGraph } from '../objectives/learnable.ts';
import type { WeightFile } from '../weights/file.ts';
import { Pack } from './pack.ts';

interface Clip {
  hash: string;
}

/** How a missing or damaged clip is computed (again). */
export interface FeatureSource {
  /** A clip's samples at 16 kHz, already normalised if the base wants it. */
  load(clip: Clip): Promise<Float32Array>;
  options: SessionOptions;
}

export class FeatureStore {
  private readonly pack: Pack;
  readonly width: number;
  private source?: FeatureSource;
  private session?: Promise<Session>;

  constructor(
    private readonly base: BaseModel,
    private readonly file: WeightFile,
    cache: string,
    onDamage?: (path: string) => void,
  ) {
    this.width = base.config.convDim.at(-1)!;
    this.pack = new Pack(join(cache, 'features'), base.hash.slice(0, 32), onDamage);
  }

  /** Computes what is missing, and takes what another process has computed meanwhile. */
  async ensure(
    clips: Rows<Clip>,
    source: FeatureSource,
    onProgress?: (done: number, total: number) => void,
  ): Promise<void> {
    this.source = source;
    const missing = clips.filter(({ hash }) => !this.pack.has(hash));
    for (let i = 0; i < missing.length; i++) {
      const clip = missing.at(i)!;
      if (i % SHARING === 0) this.pack.refresh();
      if (!this.pack.has(clip.hash)) await this.compute(clip);
      onProgress?.(i + 1, missing.length);
    }
    await this.closeSession();
  }

  /** Looks at the checksums of clips that are about to be read, and computes anew what is damaged. */
  async ready(hashes: readonly string[]): Promise<void> {
    const damaged = hashes.filter((hash) => !this.pack.isSound(hash));
    for (const hash of damaged) await this.compute({ hash });
    if (damaged.length > 0) await this.closeSession();
  }

  private async compute(clip: Clip): Promise<void> {
    if (!this.source) throw new Error(`internal: nothing to compute the features of ${clip.hash} from`);
    const { config } = this.base;
    const samples = await this.source.load(clip);
    // Opened where it is awaited: a promise that fails while nobody waits ends the process.
    this.session ??= this.file.open(frontEndGraph(config, this.file), this.source.options);
    const whole = samplesOf(config, framesOf(config, samples.length));
    const wave = { data: samples.slice(0, whole), shape: [1, 1, whole] };
    const out = await (await this.session).run({ wave }, { B: 1, ...timeBindings(config, whole) });
    const { buffer, byteOffset, byteLength } = floats(out.features);
    this.pack.write(clip.hash, new Uint8Array(buffer, byteOffset, byteLength));
  }

  private async closeSession(): Promise<void> {
    const session = this.session;
    this.session = undefined;
    await (await session)?.release();
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

/** Clips between two looks at what other processes have written. */
const SHARING = 16;
