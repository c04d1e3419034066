/** @file An adapter whose experts add nothing yet: the model with it is the base, to the bit. */
import { saveAdapter } from '../../sidecar/model/adapters/file.ts';
import type { BaseModel } from '../../sidecar/model/checkpoint/base.ts';
import type { LearnableConfig } from '../../sidecar/model/config.ts';
import { Parameters } from '../../sidecar/model/parameters.ts';
import { parameterSpecs } from '../../sidecar/objectives/learnable.ts';
import { scratch } from './reference.ts';

/** Its folder. */
export function idleAdapter(base: BaseModel): string {
  const { layers } = base.config;
  const config: LearnableConfig = {
    base: base.config,
    adapter: {
      kind: 'lora-mixture',
      mixture: {
        experts: Array(layers).fill(2),
        rank: Array(layers).fill(2),
        alpha: 4,
        targets: ['fc1', 'fc2'],
        router: { kind: 'dense', k: 1, share: 'site', balance: 0, zLoss: 0, init: 0 },
        init: 0.1,
      },
    },
    head: { projection: 8, units: 10, temperature: 0.1 },
    trainMask: false,
  };
  const folder = scratch();
  saveAdapter(folder, config, new Parameters(parameterSpecs(config, base.weights), 1), {
    baseHash: base.hash,
    version: 'test',
  });
  return folder;
}
