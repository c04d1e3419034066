/** @file The downstream model as numbers: sizes, parameters, lengths. It knows no graph. */
import type { ParameterSpec } from '../model/parameters.ts';

/** ML-SUPERB's downstream model (Shi et al. 2023, arXiv 2305.10615, section 3.3; ESPnet `egs2/ml_superb/asr1`). */
export interface DownstreamConfig {
  /** Hidden states of the frozen model, its encoder's input included. */
  layers: number;
  /** Of a hidden state. */
  width: number;
  /** Of the projection before the convolutions. */
  pre: number;
  /** Of the convolutions and of the transformer. */
  model: number;
  heads: number;
  feedForward: number;
  blocks: number;
  /** Tokens, the blank among them. */
  vocabulary: number;
  /** Share of numbers left out in training, at every place of the transformer. */
  dropout: number;
}

/** The recipe's own sizes. */
export const ML_SUPERB = { pre: 80, model: 256, heads: 8, feedForward: 1024, blocks: 2, dropout: 0.1 } as const;

/** The convolutions' kernel, along time and width, and the first one's stride. */
export const KERNEL = 3;
export const STRIDE = 2;

/** What is left of `size` frames or columns after the first convolution, and after both: ⌊(n − 1) / 2⌋ − 2. */
export function convolved(size: number): [number, number] {
  const first = Math.floor((size - KERNEL) / STRIDE) + 1;
  return [first, first - KERNEL + 1];
}

/** Frames of logits for a clip of `frames` hidden states; 0 where it is too short for the convolutions. */
export const logitFrames = (frames: number): number => Math.max(0, convolved(frames)[1]);

/** Every parameter in its order. Deviations are those of PyTorch's own uniform draws. */
export function downstreamParameters(config: DownstreamConfig): ParameterSpec[] {
  const { layers, width, pre, model, feedForward, blocks, vocabulary } = config;
  const group = 'head' as const;
  const linear = (name: string, shape: readonly number[]): ParameterSpec[] => {
    const init = { deviation: (3 * shape.slice(1).reduce((a, b) => a * b, 1)) ** -0.5 };
    return [
      { name: `${name}.weight`, group, shape, init },
      { name: `${name}.bias`, group, shape: [shape[0]], init },
    ];
  };
  const norm = (name: string): ParameterSpec[] => [
    { name: `${name}.weight`, group, shape: [model], init: { values: new Float32Array(model).fill(1) } },
    { name: `${name}.bias`, group, shape: [model], init: 'zeros' },
  ];
  const block = (i: number): ParameterSpec[] => [
    ...norm(`blocks.${i}.norm1`),
    ...['q', 'k', 'v', 'o'].flatMap((target) => linear(`blocks.${i}.att.${target}`, [model, model])),
    ...norm(`blocks.${i}.norm2`),
    ...linear(`blocks.${i}.w1`, [feedForward, model]),
    ...linear(`blocks.${i}.w2`, [model, feedForward]),
  ];
  return [
    { name: 'layer_weights', group, shape: [layers], init: 'zeros' },
    ...linear('pre', [pre, width]),
    ...linear('conv1', [model, 1, KERNEL, KERNEL]),
    ...linear('conv2', [model, model, KERNEL, KERNEL]),
    ...linear('out', [model, model * convolved(pre)[1]]),
    ...Array.from({ length: blocks }, (_, i) => block(i)).flat(),
    ...norm('after_norm'),
    ...linear('ctc', [vocabulary, model]),
  ];
}
