/** @file The reference's tiny HuBERT under experts, with noise for speech: everything that one step takes. */

import type { Batch } from '../../sidecar/learning/learner.ts';
import { type BaseModel, loadBase } from '../../sidecar/model/checkpoint/base.ts';
import type { LearnableConfig } from '../../sidecar/model/config.ts';
import { keyedRandom, normals } from '../../sidecar/random.ts';
import { fixtures } from './reference.ts';

export const tinyBase = (): BaseModel => loadBase(fixtures('hubert_tiny_base'));

export const tinyConfig = (base: BaseModel, targets: ('fc1' | 'fc2' | 'q')[] = ['fc1', 'fc2']): LearnableConfig => ({
  base: base.config,
  adapter: {
    kind: 'lora-mixture',
    mixture: {
      experts: [2, 2, 2],
      rank: [2, 2, 2],
      alpha: 4,
      targets,
      router: { kind: 'dense', k: 1, share: 'site', balance: 0.01, zLoss: 0.001, init: 0.02 },
      init: 0.02,
    },
  },
  head: { projection: 16, units: 20, temperature: 0.1 },
  trainMask: false,
});

export function noiseBatch(width: number, key = 'noise', clips = 3, frames = 60): Batch {
  const rows = clips * frames;
  const uniform = keyedRandom(key);
  const mask = Float32Array.from({ length: rows }, () => (uniform() < 0.5 ? 1 : 0));
  const masked = [...mask.keys()].filter((i) => mask[i] === 1);
  return {
    clips,
    frames,
    speech: { data: normals(rows * width, key), shape: [rows, width] },
    mask,
    masked: BigInt64Array.from(masked, BigInt),
    labels: Float32Array.from(masked, () => Math.floor(20 * uniform())),
  };
}
