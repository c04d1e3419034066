/** @file Broken adapters, as `milore embed --adapter` and `milore inspect` meet them. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { saveAdapter } from '../../sidecar/model/adapters/file.ts';
import { loadBase } from '../../sidecar/model/checkpoint/base.ts';
import { openSafetensors, writeSafetensors } from '../../sidecar/model/checkpoint/safetensors.ts';
import type { LearnableConfig } from '../../sidecar/model/config.ts';
import { Parameters } from '../../sidecar/model/parameters.ts';
import { parameterSpecs } from '../../sidecar/objectives/learnable.ts';
import { type Attack, embed, put, speech, tiny } from './harness.ts';

const CONFIG = 'adapter_config.json';
const WEIGHTS = 'adapter_model.safetensors';

/** An untrained adapter of the tiny base. */
export function adapter(folder: string): void {
  const base = loadBase(tiny());
  const router = { kind: 'dense', k: 1, share: 'site', balance: 0, zLoss: 0, init: 0.02 } as const;
  const layers = new Array(base.config.layers);
  const mixture = { experts: layers.fill(2), rank: [2, 2, 2], alpha: 4, targets: ['fc1'], router, init: 0.02 } as const;
  const config: LearnableConfig = {
    base: base.config,
    adapter: { kind: 'lora-mixture', mixture },
    head: { projection: 4, units: 8, temperature: 0.1 },
    trainMask: false,
  };
  const parameters = new Parameters(parameterSpecs(config, base.weights), 1);
  saveAdapter(folder, config, parameters, { baseHash: base.hash, version: '0', run: 'r' });
}

type Verb = 'embed' | 'inspect';
const on = (name: string, names: string, damage: (folder: string) => void, verb: Verb = 'embed'): Attack => ({
  name: `adapter, ${verb}: ${name}`,
  names,
  make(root) {
    const folder = join(root, 'adapter');
    adapter(folder);
    damage(folder);
    put(root, { 'good.wav': speech });
    return verb === 'inspect' ? ['inspect', folder] : embed(root, join(root, 'good.wav'), tiny(), '--adapter', folder);
  },
});

// biome-ignore lint/suspicious/noExplicitAny: the point is to write what no type allows.
const config = (name: string, change: (raw: any) => unknown, verb?: Verb) =>
  on(
    name,
    CONFIG,
    (folder) => {
      const raw = JSON.parse(readFileSync(join(folder, CONFIG), 'utf8'));
      const text = change(raw);
      writeFileSync(join(folder, CONFIG), typeof text === 'string' ? text : JSON.stringify(raw));
    },
    verb,
  );

const tensors = (name: string, change: (all: Record<string, { shape: number[]; data: Float32Array }>) => void) =>
  on(name, WEIGHTS, (folder) => {
    const file = openSafetensors(join(folder, WEIGHTS));
    const all = Object.fromEntries(
      file.names().map((tensor) => [tensor, { shape: file.info(tensor).shape, data: file.float32(tensor) }]),
    );
    file.close();
    change(all);
    writeFileSync(join(folder, WEIGHTS), writeSafetensors(all));
  });

export const adapters: Attack[] = [
  on('a config nested 100 000 deep', CONFIG, (folder) =>
    writeFileSync(join(folder, CONFIG), `{"r":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
  ),
  on('no config', CONFIG, (folder) => rmSync(join(folder, CONFIG))),
  on('no weights', WEIGHTS, (folder) => rmSync(join(folder, WEIGHTS))),
  on('weights cut short', WEIGHTS, (folder) => {
    writeFileSync(join(folder, WEIGHTS), readFileSync(join(folder, WEIGHTS)).subarray(0, 3000));
  }),
  config('a config that is no JSON', () => '{'),
  config('no adapter', (raw) => void delete raw.adapter),
  config('an adapter that is null', (raw) => void (raw.adapter = null)),
  config('another kind', (raw) => void (raw.adapter.kind = 'ia3')),
  config('no mixture', (raw) => void delete raw.adapter.mixture),
  config('a billion experts', (raw) => void (raw.adapter.mixture.experts = [1e9, 1e9, 1e9])),
  config('experts of another depth', (raw) => void (raw.adapter.mixture.experts = [2])),
  config('experts as a word', (raw) => void (raw.adapter.mixture.experts = 'four')),
  config('a rank of 0', (raw) => void (raw.adapter.mixture.rank = [0, 0, 0])),
  config('64 experts of rank 256', (raw) => {
    raw.adapter.mixture.experts = [64, 64, 64];
    raw.adapter.mixture.rank = [256, 256, 256];
  }),
  config('an unknown target', (raw) => void (raw.adapter.mixture.targets = ['../q'])),
  config('a target twice', (raw) => void (raw.adapter.mixture.targets = ['q', 'q'])),
  config('no router', (raw) => void delete raw.adapter.mixture.router),
  config('no head', (raw) => void delete raw.head),
  config('a head of 32 GB', (raw) => void (raw.head = { projection: 8192, units: 1_000_000, temperature: 0.1 })),
  config('an unknown key', (raw) => void (raw.use_dora = true)),
  config('no format', (raw) => void delete raw.format),
  on('another base', 'adapter', (folder) => {
    const file = join(folder, CONFIG);
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"base_hash": "../, '"base_hash": "zz'));
  }),
  tensors('a tensor missing', (all) => delete all[Object.keys(all)[0]]),
  tensors('a tensor too many', (all) => void (all.extra = { shape: [1], data: new Float32Array(1) })),
  tensors(
    'a tensor of another shape',
    (all) => void (all['final_proj.bias'] = { shape: [1], data: new Float32Array(1) }),
  ),
  config('no adapter', (raw) => void delete raw.adapter, 'inspect'),
  config('a list', () => '[]', 'inspect'),
  config('a mixture of words', (raw) => void (raw.adapter.mixture = 'rich'), 'inspect'),
  on('weights of one byte', WEIGHTS, (folder) => writeFileSync(join(folder, WEIGHTS), 'x'), 'inspect'),
];
