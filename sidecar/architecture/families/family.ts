/** @file What a family of models is to the rest of the house before any number is computed. */
import type { BaseConfig, EncoderConfig } from '../config.ts';
import type { ConfigReader } from '../reader.ts';
import type { Shapes } from '../shapes.ts';

export interface Family<C extends BaseConfig = BaseConfig> {
  name: C['family'];
  /** What Hugging Face's `model_type` says of it. */
  modelTypes: readonly string[];
  /** Adds to the shared part of a config.json what is the family's own, `posKernel` too; says what is wrong to the reader. */
  read(reader: ConfigReader, shared: EncoderConfig, modelType: string): C;
  /** The keys of a config.json that are the family's own. */
  write(config: C): Record<string, unknown>;
  /** Canonical name → shape of every tensor, the positional convolution as its effective weight. */
  shapes(config: C): Shapes;
  /** Multiply-adds of one frame in one block beside the projections and softmax(q·kᵀ)·v, for a clip of `frames`. */
  blockMultiplyAdds(config: C, frames: number): number;
}
