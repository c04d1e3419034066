/** @file The step of `test/fixtures/wavlm` or `data2vec`, folder `style`, in a learner of either kind, with the reference's numbers in it. */
import { readFileSync } from 'node:fs';
import { TARGETS } from '../../sidecar/architecture/sites.ts';
import { timeBindings } from '../../sidecar/architecture/time.ts';
import { floats, type SessionOptions } from '../../sidecar/engine/session.ts';
import type { Batch, Learner } from '../../sidecar/learning/learner.ts';
import type { BaseModel } from '../../sidecar/model/checkpoint/base.ts';
import { openSafetensors } from '../../sidecar/model/checkpoint/safetensors.ts';
import type { AdapterConfig, LearnableConfig } from '../../sidecar/model/config.ts';
import { frontEndGraph } from '../../sidecar/objectives/learnable.ts';
import { WeightFile } from '../../sidecar/weights/file.ts';
import { npy } from './npy.ts';
import { loadBase, ownFixtures, scratch } from './reference.ts';

const at = (style: string, name: string) => ownFixtures(style, name);
export const indexOf = (style: string) => JSON.parse(readFileSync(at(style, 'index.json'), 'utf8'));

/** Experts on all six projections, as the reference has them. */
export function everywhere(style: string): AdapterConfig {
  const { experts, rank, alpha } = indexOf(style);
  const { layers } = loadBase(at(style, '.')).config;
  const router = { kind: 'dense', k: 1, share: 'site', balance: 0, zLoss: 0, init: 0 } as const;
  const each = (n: number) => Array(layers).fill(n);
  return {
    kind: 'lora-mixture',
    mixture: { experts: each(experts), rank: each(rank), alpha, targets: TARGETS, router, init: 0 },
  };
}

export async function openFamily<T extends Learner>(
  kind: { open(c: LearnableConfig, b: BaseModel, f: WeightFile, seed: number, o: SessionOptions): Promise<T> },
  style: string,
  adapter: AdapterConfig,
  trainMask: boolean,
  options: SessionOptions = { device: 'cpu' },
): Promise<{ learner: T; batch: Batch }> {
  const base = loadBase(at(style, '.'));
  const file = WeightFile.prepare(base, scratch());
  const { projection, units, temperature, frames, mask, labels } = indexOf(style);
  const config = { base: base.config, adapter, head: { projection, units, temperature }, trainMask };
  const learner = await kind.open(config, base, file, 0, options);
  const step = openSafetensors(at(style, 'adapter_step.safetensors'));
  for (const name of learner.parameters.names)
    if (step.has(`init.${name}`)) learner.parameters.view(name).set(step.float32(`init.${name}`));
  step.close();
  await learner.push();

  const wave = npy(at(style, 'input_values.npy'));
  const [clips, samples] = wave.shape;
  const front = await file.open(frontEndGraph(base.config, file), { device: 'cpu' });
  const out = await front.run(
    { wave: { data: wave.data, shape: [clips, 1, samples] } },
    { B: clips, ...timeBindings(base.config, samples) },
  );
  await front.release();
  const masked = (mask as number[][]).flat().flatMap((m, i) => (m ? [i] : []));
  return {
    learner,
    batch: {
      clips,
      frames,
      speech: { data: floats(out.features), shape: [clips * frames, base.config.convDim.at(-1)!] },
      mask: Float32Array.from((mask as number[][]).flat()),
      masked: BigInt64Array.from(masked.map(BigInt)),
      labels: Float32Array.from(masked.map((i) => (labels as number[][]).flat()[i])),
    },
  };
}
