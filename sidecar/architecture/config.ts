/**
 * @file What a speech encoder is built like, as numbers: the part that all families share, and what each adds. Pure: it
 * must not know files, graphs or the engine.
 */

/** A convolutional front end before a transformer, as in wav2vec 2.0 and its heirs. */
export interface EncoderConfig {
  hidden: number;
  layers: number;
  heads: number;
  feedForward: number;
  convDim: number[];
  convKernel: number[];
  convStride: number[];
  convBias: boolean;
  /** `group`: one group norm after the first convolution; `layer`: a layer norm after each. */
  extractorNorm: 'group' | 'layer';
  /** True: pre-norm (large); false: post-norm (base). */
  stableLayerNorm: boolean;
  projectionNorm: boolean;
  posKernel: number;
  posGroups: number;
  eps: number;
}

/** HuBERT and wav2vec 2.0: one encoder, pre-trained in two ways. */
export interface HubertConfig extends EncoderConfig {
  family: 'hubert';
  /** Channels are scaled and shifted before the positional convolution: a batch norm whose statistics stand still. */
  posBatchNorm?: true;
}

/** WavLM: a bias by relative position on every attention, gated by what stands in the frame. */
export interface WavLmConfig extends EncoderConfig {
  family: 'wavlm';
  /** Buckets of relative positions, half of them for each direction. */
  buckets: number;
  /** Frames from which on all distances share the last bucket. */
  maxDistance: number;
}

/** data2vec-audio: several positional convolutions one after another, of kernel `posKernel`. */
export interface Data2VecConfig extends EncoderConfig {
  family: 'data2vec-audio';
  posLayers: number;
}

export type BaseConfig = HubertConfig | WavLmConfig | Data2VecConfig;
export type FamilyName = BaseConfig['family'];
