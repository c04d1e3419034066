/** @file All hidden states of a recording by a frozen model, with an adapter or without: what a downstream model reads. */
import { MASK_EMBEDDING } from '../architecture/shapes.ts';
import { framesOf, timeBindings } from '../architecture/time.ts';
import { floats, type Session, type SessionOptions } from '../engine/session.ts';
import { UserError } from '../errors.ts';
import { adapterConfigOf, checkAdapterSize, loadAdapter } from '../model/adapters/file.ts';
import type { BaseModel } from '../model/checkpoint/base.ts';
import type { LearnableConfig } from '../model/config.ts';
import { Parameters } from '../model/parameters.ts';
import { featureGraph, frontEndGraph, parameterSpecs } from '../objectives/learnable.ts';
import type { WeightFile } from '../weights/file.ts';
import { type Adapted, ofLanguage } from './of-language.ts';

export type { Adapted } from './of-language.ts';

/**
 * The base as it is, or with the adapter of a folder.
 * @param language of the speech, where experts go by it
 * @throws UserError where that was trained on another base, or has to be told the language
 */
export function adaptedBase(base: BaseModel, folder?: string, language?: string): Adapted {
  if (!folder) {
    const head = { projection: 1, units: 1, temperature: 1 };
    const config: LearnableConfig = { base: base.config, adapter: { kind: 'none' }, head, trainMask: false };
    return { config, parameters: new Parameters([], 0) };
  }
  const { config, baseHash } = adapterConfigOf(folder, base.config);
  if (baseHash !== base.hash)
    throw new UserError({
      code: 'adapter.other-base',
      tried: `put the adapter ${folder} on ${base.source}`,
      why: `it was trained on another base (hash ${baseHash.slice(0, 12)}…, this one is ${base.hash.slice(0, 12)}…).`,
      cure: 'Give the base model that it was trained on.',
    });
  const specs = parameterSpecs(config, withMask(base, config));
  checkAdapterSize(folder, specs);
  const parameters = new Parameters(specs, 0);
  loadAdapter(folder, config, parameters);
  return ofLanguage({ config, parameters }, language);
}

/** A mask embedding that the base did not bring is trained, and lies with the adapter. */
function withMask({ weights }: BaseModel, { base, trainMask }: LearnableConfig): BaseModel['weights'] {
  if (!trainMask || weights.has(MASK_EMBEDDING)) return weights;
  return new Map(weights).set(MASK_EMBEDDING, { shape: [base.hidden], data: new Float32Array(base.hidden) });
}

/** A frozen model in evaluation mode: no dropout, unlike the published recipe, whose wrapper leaves the backbone's alive. */
export class FrozenStates {
  private constructor(
    private readonly adapted: Adapted,
    private readonly front: Session,
    private readonly states: Session,
    private readonly wanted: readonly number[],
  ) {}

  /** @param wanted layers as in transformers 4.x; all, from the encoder's input on, unless told */
  static async open(
    adapted: Adapted,
    file: WeightFile,
    options: SessionOptions,
    wanted: readonly number[] = Array.from({ length: adapted.config.base.layers + 1 }, (_, layer) => layer),
  ): Promise<FrozenStates> {
    const { config, parameters } = adapted;
    const specs = parameters.names.map((name) => ({ name, shape: parameters.shape(name) }));
    const front = await file.open(frontEndGraph(config.base, file), options);
    const states = await file.open(featureGraph(config, file, specs, wanted), options);
    return new FrozenStates(adapted, front, states, wanted);
  }

  /** Frames of a clip of so many samples at 16 kHz. */
  static framesOf = ({ config }: Adapted, samples: number): number => framesOf(config.base, samples);

  /** [layers, frames, hidden] of one recording at 16 kHz, normalised already where the base wants it. */
  async of(wave: Float32Array): Promise<Float32Array> {
    const { config, parameters } = this.adapted;
    const { base } = config;
    const frames = framesOf(base, wave.length);
    const bindings = { B: 1, ...timeBindings(base, wave.length) };
    const { features } = await this.front.run({ wave: { data: wave, shape: [1, 1, wave.length] } }, bindings);
    const feeds = Object.fromEntries(
      parameters.names.map((name) => [name, { data: parameters.view(name), shape: parameters.shape(name) }]),
    );
    const speech = { data: floats(features), shape: [frames, base.convDim.at(-1)!] };
    const out = await this.states.run({ ...feeds, features: speech }, { B: 1, T: frames });
    const data = new Float32Array(this.wanted.length * frames * base.hidden);
    for (const [i, layer] of this.wanted.entries()) data.set(floats(out[`hidden:${layer}`]), i * frames * base.hidden);
    return data;
  }

  async release(): Promise<void> {
    await this.front.release();
    await this.states.release();
  }
}
