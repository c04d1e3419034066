/** @file Damaged run folders, as `inspect`, `export` and `train --resume` meet them. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Attack } from './harness.ts';

/** `folder` is a copy of a run that was trained to its end, with two checkpoints. */
export type RunAttack = Omit<Attack, 'make'> & { make(folder: string): string[] };

type Verb = 'inspect' | 'export' | 'resume';
const words = (verb: Verb, folder: string) =>
  verb === 'inspect'
    ? ['inspect', folder]
    : verb === 'export'
      ? ['export', folder, '--out', join(folder, 'exported')]
      : ['train', '--resume', folder];

const on = (verb: Verb, name: string, names: string, damage: (folder: string) => void): RunAttack => ({
  name: `run, ${verb}: ${name}`,
  names,
  make(folder) {
    damage(folder);
    return words(verb, folder);
  },
});
const file = (verb: Verb, name: string, path: string, content?: string | Uint8Array) =>
  on(verb, name, path.split('/').at(-1)!, (folder) => {
    rmSync(join(folder, path), { recursive: true });
    if (content !== undefined) writeFileSync(join(folder, path), content);
  });
// biome-ignore lint/suspicious/noExplicitAny: the point is to write what no type allows.
const resolved = (verb: Verb, name: string, change: (raw: any) => void) =>
  on(verb, name, 'resolved.json', (folder) => {
    const raw = JSON.parse(readFileSync(join(folder, 'resolved.json'), 'utf8'));
    change(raw);
    writeFileSync(join(folder, 'resolved.json'), JSON.stringify(raw));
  });

export const checkpointsOf = (folder: string) =>
  readdirSync(join(folder, 'checkpoints'))
    .sort()
    .map((name) => join(folder, 'checkpoints', name));

/** The same to every checkpoint, so that none is left to fall back to. */
const every = (name: string, names: string, damage: (checkpoint: string) => void) =>
  on('resume', name, names, (folder) => checkpointsOf(folder).forEach(damage));

/** Other content under a manifest whose hashes hold: damage that only reading finds. */
const sealed = (name: string, part: string, content: Uint8Array | string) =>
  every(name, part, (checkpoint) => {
    const bytes = Buffer.from(content);
    writeFileSync(join(checkpoint, part), bytes);
    const manifest = JSON.parse(readFileSync(join(checkpoint, 'manifest.json'), 'utf8'));
    manifest.files[part] = { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
    writeFileSync(join(checkpoint, 'manifest.json'), JSON.stringify(manifest));
  });

const both: Verb[] = ['inspect', 'resume'];

export const runs: RunAttack[] = [
  ...both.flatMap((verb) => [
    file(verb, 'run.json is no JSON', 'run.json', '{'),
    file(verb, 'run.json is a list', 'run.json', '[]'),
    file(verb, 'resolved.json is missing', 'resolved.json'),
    file(verb, 'resolved.json is no JSON', 'resolved.json', '{"base":'),
    file(verb, 'resolved.json is a list', 'resolved.json', '[]'),
    file(verb, 'resolved.json is empty', 'resolved.json', '{}'),
    resolved(verb, 'resolved.json with steps nested deep', (raw) => {
      let deep: unknown = 1;
      for (let i = 0; i < 3000; i++) deep = [deep];
      raw.training.steps = deep;
    }),
    file(
      verb,
      'resolved.json nested 100 000 deep',
      'resolved.json',
      `{"base":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    ),
    resolved(verb, 'resolved.json without training', (raw) => void (raw.training = 'hard')),
    resolved(verb, 'resolved.json with a billion experts', (raw) => void (raw.adapter.experts = 1e9)),
    resolved(verb, 'resolved.json with an unknown key', (raw) => void (raw.stepz = 1)),
  ]),
  {
    ...resolved('resume', 'two layers of experts for three', (raw) => void (raw.adapter.experts = [1, 1])),
    names: 'adapter.experts',
  },
  file('resume', 'no run.json', 'run.json'),
  file('export', 'no run.json', 'run.json'),
  file('export', 'an adapter without weights', 'adapter/adapter_model.safetensors'),
  file('export', 'weights of garbage', 'adapter/adapter_model.safetensors', 'garbage, garbage'),
  file('export', 'an adapter without config', 'adapter/adapter_config.json'),
  file('export', 'a config of garbage', 'adapter/adapter_config.json', '\0\0\0'),
  file('resume', 'a log of garbage', 'log.jsonl', 'garbage\n'.repeat(1000)),
  file('resume', 'a log of other JSON', 'log.jsonl', '{"a":1}\n[]\nnull\n'),
  file('resume', 'batches of garbage', 'batches.jsonl', Buffer.alloc(100_000, 10)),
  on('resume', 'a folder for a log', 'log.jsonl', (folder) => {
    rmSync(join(folder, 'log.jsonl'));
    mkdirSync(join(folder, 'log.jsonl'));
  }),
  every('checkpoints without manifest', 'checkpoints', (at) => rmSync(join(at, 'manifest.json'))),
  every('manifests of garbage', 'checkpoints', (at) => writeFileSync(join(at, 'manifest.json'), '{{')),
  every('manifests that name ../', 'checkpoints', (at) => {
    const entry = { sha256: '0'.repeat(64), bytes: 1 };
    writeFileSync(join(at, 'manifest.json'), JSON.stringify({ step: 1, files: { '../../run.json': entry } }));
  }),
  every('manifests that name nothing', 'progress.json', (at) => {
    const step = Number(at.slice(-6));
    for (const name of readdirSync(at)) rmSync(join(at, name));
    writeFileSync(join(at, 'manifest.json'), JSON.stringify({ version: 1, step, files: {} }));
  }),
  every('states cut short', 'checkpoints', (at) => {
    const state = join(at, 'state.safetensors');
    writeFileSync(state, readFileSync(state).subarray(0, 1000));
  }),
  every('states with a flipped byte', 'checkpoints', (at) => {
    const bytes = readFileSync(join(at, 'state.safetensors'));
    bytes[bytes.length - 9] ^= 1;
    writeFileSync(join(at, 'state.safetensors'), bytes);
  }),
  sealed('a state of garbage under true hashes', 'state.safetensors', 'garbage of the right hash'),
  sealed('progress of garbage under true hashes', 'progress.json', '{"step":'),
  sealed('progress that is null', 'progress.json', 'null'),
  sealed('progress without numbers', 'progress.json', '{"step":"two"}'),
];
