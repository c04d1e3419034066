/** @file Models to compare on two devices, with a batch of the reference fixture. */
import { readFileSync } from 'node:fs';
import type { Target } from '../../../sidecar/architecture/sites.ts';
import { samplesOf, timeBindings } from '../../../sidecar/architecture/time.ts';
import { floats, type SessionOptions } from '../../../sidecar/engine/session.ts';
import type { Batch, Learner } from '../../../sidecar/learning/learner.ts';
import type { MixtureConfig } from '../../../sidecar/model/adapters/mixture.ts';
import type { AdapterConfig, LearnableConfig } from '../../../sidecar/model/config.ts';
import { frontEndGraph } from '../../../sidecar/objectives/learnable.ts';
import { normals } from '../../../sidecar/random.ts';
import { WeightFile } from '../../../sidecar/weights/file.ts';
import { npy } from '../../support/npy.ts';
import { fixtures, loadBase, scratch } from '../../support/reference.ts';

const at = (name: string) => fixtures('lora_moe_step', name);
const { dims } = JSON.parse(readFileSync(at('index.json'), 'utf8'));
export const base = loadBase(fixtures('hubert_tiny_base'));
export const file = WeightFile.prepare(base, scratch());

const mixture = (targets: readonly Target[], router: Partial<MixtureConfig['router']>): AdapterConfig => ({
  kind: 'lora-mixture',
  mixture: {
    experts: Array(base.config.layers).fill(dims.E),
    rank: Array(base.config.layers).fill(dims.rank),
    alpha: dims.alpha,
    targets,
    router: { kind: 'dense', k: 1, share: 'site', balance: 0, zLoss: 0, init: 0, ...router },
    init: 0,
  },
});
const everywhere: Target[] = ['q', 'k', 'v', 'o', 'fc1', 'fc2'];
const topK = { kind: 'top-k', k: 2, balance: 0.01, zLoss: 0.001 } as const;

export const CASES: Readonly<Record<string, AdapterConfig>> = {
  'a dense router on both feed-forward matrices': mixture(['fc1', 'fc2'], {}),
  'a top-k router with balance and z-loss': mixture(['fc1', 'fc2'], topK),
  'a dense router with balance and z-loss on q, k, v and o': mixture(['q', 'k', 'v', 'o'], {
    balance: 0.01,
    zLoss: 0.001,
  }),
  'a top-k router on all six projections': mixture(everywhere, topK),
  'one router a block': mixture(['fc1', 'fc2'], { ...topK, share: 'block' }),
  'the whole transformer': { kind: 'full' },
  'everything, the convolutions too': { kind: 'scratch' },
  'the head alone': { kind: 'none' },
};

export const configOf = (name: string): LearnableConfig => ({
  base: base.config,
  adapter: CASES[name],
  head: { projection: dims.proj, units: dims.K, temperature: dims.temperature },
  trainMask: true,
});

/** Numbers of a trained model's size in every adapter, router and head: none of them zero, so that no gradient is. */
export function fill({ parameters, config }: Learner): void {
  const drawn = (name: string) => config.adapter.kind === 'lora-mixture' || /^(final_proj|label_embs)/.test(name);
  for (const name of parameters.names.filter(drawn)) {
    const view = parameters.view(name);
    view.set(normals(view.length, 7, 'gpu-test', name).map((x) => 0.1 * x));
  }
}

/** The fixture's two clips, as features or, for a model that trains its convolutions, as the wave. */
export async function fixtureBatch(wantsWave: boolean): Promise<Batch> {
  const wave = npy(at('input_values.npy'));
  // Where the convolutions train, a clip is cropped to whole frames, as training does.
  const samples = wantsWave ? samplesOf(base.config, dims.T) : dims.samples;
  const data = new Float32Array(dims.B * samples);
  for (let b = 0; b < dims.B; b++)
    data.set(wave.data.subarray(b * dims.samples, b * dims.samples + samples), b * samples);
  const bindings = { B: dims.B, ...timeBindings(base.config, samples) };
  const speech = { data, shape: [dims.B, 1, samples] };
  const mask = npy(at('mask.npy')).data;
  const labels = npy(at('labels.npy')).data;
  const masked = [...mask].flatMap((m, i) => (m ? [i] : []));
  const rest = {
    clips: dims.B,
    frames: dims.T,
    mask,
    masked: BigInt64Array.from(masked.map(BigInt)),
    labels: Float32Array.from(masked.map((i) => labels[i])),
  };
  if (wantsWave) return { ...rest, speech, bindings };
  const front = await file.open(frontEndGraph(base.config, file), { device: 'cpu' });
  const features = floats((await front.run({ wave: speech }, bindings)).features);
  await front.release();
  return { ...rest, speech: { data: features, shape: [dims.B * dims.T, base.config.convDim.at(-1)!] } };
}

/** Opens a learner of either kind with the case's numbers in it. */
export async function opened<T extends Learner>(
  kind: {
    open(c: LearnableConfig, b: typeof base, f: WeightFile, seed: number, o: SessionOptions): Promise<T>;
  },
  name: string,
  options: SessionOptions,
): Promise<T> {
  const learner = await kind.open(configOf(name), base, file, 0, options);
  fill(learner);
  await learner.push();
  return learner;
}
