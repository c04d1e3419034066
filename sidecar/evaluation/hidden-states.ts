/** @file All hidden states of clips whose front-end features are at hand: what probes and drift look at. */
import { floats, type Session, type SessionOptions } from '../engine/session.ts';
import type { Sources } from '../learning/batch.ts';
import { expertFeeds } from '../learning/learner.ts';
import { featureGraph } from '../objectives/learnable.ts';
import type { WeightFile } from '../weights/file.ts';
import type { Adapted } from './frozen-states.ts';

export interface SpeechClip {
  hash: string;
  language: string;
  frames: number;
}

export class HiddenStates {
  /** Hidden states, the encoder's input among them. */
  readonly layers: number;
  readonly width: number;

  private constructor(
    private readonly adapted: Adapted,
    private readonly features: Sources['features'],
    private readonly session: Session,
  ) {
    this.layers = adapted.config.base.layers + 1;
    this.width = adapted.config.base.hidden;
  }

  /** Weights are used where they lie: a pass over minutes of speech does not pay for another copy of them. */
  static async open(
    adapted: Adapted,
    file: WeightFile,
    features: Sources['features'],
    options: SessionOptions,
  ): Promise<HiddenStates> {
    const { config, parameters } = adapted;
    const specs = parameters.names.map((name) => ({ name, shape: parameters.shape(name) }));
    const wanted = Array.from({ length: config.base.layers + 1 }, (_, layer) => layer);
    const session = await file.open(featureGraph(config, file, specs, wanted), { ...options, prepack: false });
    return new HiddenStates(adapted, features, session);
  }

  /** Of one clip, unmasked: a layer each, [frames · width]. */
  async of({ hash, language, frames }: SpeechClip): Promise<Float32Array[]> {
    const { config, parameters } = this.adapted;
    const { width } = this.features;
    await this.features.ready?.([hash]);
    const feeds = Object.fromEntries(
      parameters.names.map((name) => [name, { data: parameters.view(name), shape: parameters.shape(name) }]),
    );
    const speech = { data: this.features.read(hash, 0, frames), shape: [frames, width] };
    const out = await this.session.run(
      { ...feeds, ...expertFeeds(config, [language], frames), features: speech },
      { B: 1, T: frames },
    );
    return Array.from({ length: this.layers }, (_, layer) => floats(out[`hidden:${layer}`]));
  }

  release(): Promise<void> {
    return this.session.release();
  }
}
