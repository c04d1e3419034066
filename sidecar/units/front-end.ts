/** @file The frozen convolutions, opened when a clip is to be computed and closed when nobody will ask soon. */
import { framesOf, samplesOf, timeBindings } from '../architecture/time.ts';
import { floats, type Session, type SessionOptions } from '../engine/session.ts';
import type { BaseModel } from '../model/checkpoint/base.ts';
import { frontEndGraph } from '../objectives/learnable.ts';
import type { WeightFile } from '../weights/file.ts';

export class FrontEnd {
  private session?: Promise<Session>;

  constructor(
    private readonly base: BaseModel,
    private readonly file: WeightFile,
  ) {}

  /** Of a feature, in channels. */
  get width(): number {
    return this.base.config.convDim.at(-1)!;
  }

  /** 16 kHz to features, [frames · width]; samples beyond the last whole frame are not heard. */
  async run(samples: Float32Array, options: SessionOptions): Promise<Float32Array> {
    const { config } = this.base;
    // Opened where it is awaited: a promise that fails while nobody waits ends the process.
    this.session ??= this.file.open(frontEndGraph(config, this.file), options);
    const whole = samplesOf(config, framesOf(config, samples.length));
    const wave = { data: samples.slice(0, whole), shape: [1, 1, whole] };
    const out = await (await this.session).run({ wave }, { B: 1, ...timeBindings(config, whole) });
    return floats(out.features);
  }

  async close(): Promise<void> {
    const session = this.session;
    this.session = undefined;
    await (await session)?.release();
  }
}
