/** @file What `npm run bench` times: a model of HuBERT-base's size under four experts, and a batch of noise. */
import type { BaseConfig } from '../architecture/config.ts';
import type { Batch } from '../learning/learner.ts';
import type { LearnableConfig } from '../model/config.ts';
import { keyedRandom, normals } from '../random.ts';

export const CLIPS = 4;
export const FRAMES = 249; // 5 s at 50 frames a second, less the front end's edge
export const CLIP_SECONDS = 5;
const MASKED_SHARE = 0.56;

const hubertBase = (layers: number): BaseConfig => ({
  family: 'hubert',
  hidden: 768,
  layers,
  heads: 12,
  feedForward: 3072,
  convDim: Array(7).fill(512),
  convKernel: [10, 3, 3, 3, 3, 2, 2],
  convStride: [5, 2, 2, 2, 2, 2, 2],
  convBias: false,
  extractorNorm: 'group',
  stableLayerNorm: false,
  projectionNorm: true,
  posKernel: 128,
  posGroups: 16,
  eps: 1e-5,
});

/** 1024 wide, norms before each block and in every convolution, as HuBERT-large, XLS-R and w2v-BERT's kin have them. */
const hubertLarge = (layers: number): BaseConfig => ({
  ...hubertBase(layers),
  hidden: 1024,
  heads: 16,
  feedForward: 4096,
  convBias: true,
  extractorNorm: 'layer',
  stableLayerNorm: true,
});

/** `base-12`, `large-24`: how the bench names a model to its own errands. */
export const shapeOf = ({ layers, large }: { layers?: number; large?: boolean }): string =>
  large ? `large-${layers ?? 24}` : `base-${layers ?? 12}`;

export function configOf(shape: string): BaseConfig {
  const [size, layers] = shape.split('-');
  return (size === 'large' ? hubertLarge : hubertBase)(Number(layers));
}

export const mixtureOf = (base: BaseConfig): LearnableConfig => ({
  base,
  adapter: {
    kind: 'lora-mixture',
    mixture: {
      experts: Array(base.layers).fill(4),
      rank: Array(base.layers).fill(8),
      alpha: 16,
      targets: ['fc1', 'fc2'],
      router: { kind: 'dense', k: 1, share: 'site', balance: 0, zLoss: 0, init: 0.02 },
      init: 0.02,
    },
  },
  head: { projection: 256, units: 500, temperature: 0.1 },
  trainMask: true,
});

/** Frames masked one by one, as many as the peer masks. */
export function randomBatch(width: number, clips = CLIPS): Batch {
  const rows = clips * FRAMES;
  const uniform = keyedRandom('bench', 'mask');
  const mask = Float32Array.from({ length: rows }, () => (uniform() < MASKED_SHARE ? 1 : 0));
  const masked = [...mask.keys()].filter((i) => mask[i] === 1);
  return {
    clips,
    frames: FRAMES,
    speech: { data: normals(rows * width, 'bench', 'features'), shape: [rows, width] },
    mask,
    masked: BigInt64Array.from(masked, BigInt),
    labels: Float32Array.from(masked, () => Math.floor(500 * uniform())),
  };
}
