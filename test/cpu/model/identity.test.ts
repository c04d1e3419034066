import { expect, it } from 'vitest';
import { floats } from '../../../sidecar/engine/session.ts';
import type { MixtureConfig } from '../../../sidecar/model/adapters/mixture.ts';
import type { LearnableConfig } from '../../../sidecar/model/config.ts';
import { Parameters } from '../../../sidecar/model/parameters.ts';
import { featureGraph, parameterSpecs } from '../../../sidecar/objectives/learnable.ts';
import { WeightFile } from '../../../sidecar/weights/file.ts';
import { fixtures, loadBase, scratch } from '../../support/reference.ts';

const kinds: [string, Partial<MixtureConfig['router']>, number][] = [
  ['dense', { kind: 'dense' }, 3],
  ['dense with a router a block', { kind: 'dense', share: 'block' }, 3],
  ['top-2', { kind: 'top-k', k: 2 }, 3],
  ['plain LoRA', {}, 1],
];

for (const style of ['hubert_tiny_base', 'hubert_tiny_large'])
  for (const [name, router, experts] of kinds)
    it(`before the first step ${style} with ${name} experts on every projection is the base, bit for bit`, async () => {
      const base = loadBase(fixtures(style));
      const file = WeightFile.prepare(base, scratch());
      const { layers } = base.config;
      const plain: LearnableConfig = {
        base: base.config,
        adapter: { kind: 'none' },
        head: { projection: 4, units: 4, temperature: 0.1 },
        trainMask: false,
      };
      const adapted: LearnableConfig = {
        ...plain,
        adapter: {
          kind: 'lora-mixture',
          mixture: {
            experts: Array(layers).fill(experts),
            rank: Array(layers).fill(2),
            alpha: 16,
            targets: ['q', 'k', 'v', 'o', 'fc1', 'fc2'],
            router: { kind: 'dense', k: 1, share: 'site', balance: 0, zLoss: 0, init: 0.5, ...router },
            init: 0.5,
          },
        },
      };
      const [T, width] = [40, base.config.convDim.at(-1)!];
      const speech = Float32Array.from({ length: 2 * T * width }, (_, i) => Math.sin(i * 0.37));
      const run = async (config: LearnableConfig) => {
        const specs = parameterSpecs(config, base.weights);
        const parameters = new Parameters(specs, 5);
        const all = Array.from({ length: layers + 1 }, (_, i) => i);
        const session = await file.open(featureGraph(config, file, specs, all), { device: 'cpu' });
        const feeds = Object.fromEntries(
          parameters.names.map((p) => [p, { data: parameters.view(p), shape: parameters.shape(p) }]),
        );
        const out = await session.run({ ...feeds, features: { data: speech, shape: [2 * T, width] } }, { B: 2, T });
        await session.release();
        return all.map((layer) => floats(out[`hidden:${layer}`]));
      };
      const [theirs, ours] = [await run(plain), await run(adapted)];
      theirs.forEach((state, layer) => {
        expect(Buffer.from(state.buffer).equals(Buffer.from(ours[layer].buffer)), `layer ${layer}`).toBe(true);
      });
    });
