/** @file Finished runs without a training: a base of the fixtures, and an adapter of numbers that no two experts share. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadExperiment } from '../../sidecar/config/resolve.ts';
import { saveAdapter } from '../../sidecar/model/adapters/file.ts';
import { loadBase } from '../../sidecar/model/checkpoint/base.ts';
import { Parameters } from '../../sidecar/model/parameters.ts';
import { parameterSpecs } from '../../sidecar/objectives/learnable.ts';
import { normals } from '../../sidecar/random.ts';
import { createRun, type NewRun } from '../../sidecar/runs/run.ts';
import { learnableConfig } from '../../sidecar/training/prepare/learnable.ts';
import { fixtures, ownFixtures, scratch } from './reference.ts';
import { tinyWorkspace } from './tiny.ts';

/** Tiny bases of every family, by what config.json calls them; large style where there is a fixture of it. */
export const bases: Record<string, () => string> = {
  hubert: () => fixtures('hubert_tiny_base'),
  'hubert, large style': () => fixtures('hubert_tiny_large'),
  wav2vec2: () => wav2vec2(),
  wavlm: () => ownFixtures('wavlm', 'base'),
  'wavlm, large style': () => ownFixtures('wavlm', 'large'),
  'data2vec-audio': () => ownFixtures('data2vec', 'base'),
};

/** wav2vec 2.0's encoder is HuBERT's by another name. */
function wav2vec2(): string {
  const folder = join(scratch(), 'wav2vec2-tiny');
  mkdirSync(folder);
  const from = fixtures('hubert_tiny_base');
  for (const name of ['model.safetensors', 'preprocessor_config.json']) cpSync(join(from, name), join(folder, name));
  const config = JSON.parse(readFileSync(join(from, 'config.json'), 'utf8'));
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify({ ...config, model_type: 'wav2vec2', architectures: ['Wav2Vec2Model'] }),
  );
  return folder;
}

export interface FinishedRun {
  root: string;
  path: string;
  base: string;
}

/** @param overrides of the experiment, as `--set` takes them */
export async function finishedRun(
  base: string,
  overrides: string[] = [],
  more: Partial<NewRun> & {
    settings?: string;
    /** Where the base itself trains, it has. */
    trained?: boolean;
    /** Deviation of the adapter's numbers; wide models amplify what is large. */
    deviation?: number;
  } = {},
): Promise<FinishedRun> {
  const { root, experiment: file } = tinyWorkspace(more.settings);
  const { experiment, text } = await loadExperiment(file, [`base.model=${base}`, ...overrides]);
  const versions = { milore: '0.3.0', node: '20', onnxruntime: '1' };
  const { settings: _, trained, deviation = 0.1, ...given } = more;
  const run = createRun(root, {
    name: 'tiny',
    configText: text,
    resolved: experiment,
    versions,
    device: 'cpu',
    ...given,
  });
  const model = loadBase(base);
  const { hidden } = model.config;
  const mask = model.weights.get('masked_spec_embed') ?? { shape: [hidden], data: new Float32Array(hidden).fill(0.5) };
  model.weights.set('masked_spec_embed', mask);
  const config = learnableConfig(experiment, model, experiment.adapter.trainMask ?? false);
  const parameters = new Parameters(parameterSpecs(config, model.weights), 0);
  for (const name of parameters.names) {
    const view = parameters.view(name);
    const draws = normals(view.length, 11, name);
    if (parameters.group(name) !== 'base') view.set(draws.map((x) => deviation * x));
    else if (trained) for (let i = 0; i < view.length; i++) view[i] *= 1 + 0.1 * draws[i];
  }
  saveAdapter(join(run.path, 'adapter'), config, parameters, { baseHash: model.hash, version: '0.3.0', run: run.id });
  return { root, path: run.path, base };
}

/** The largest difference over the largest value. */
export function relativeDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) throw new Error(`${a.length} numbers and ${b.length}`);
  let most = 0;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    if (!(Math.abs(a[i] - b[i]) <= most)) most = Math.abs(a[i] - b[i]);
    largest = Math.max(largest, Math.abs(b[i]));
  }
  return most / largest;
}
