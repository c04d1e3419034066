/** @file What an attack is, and the command line called inside this process with its words caught. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { main } from '../../sidecar/cli/main.ts';
import { fixtures } from '../support/reference.ts';
import { wav } from '../support/wav.ts';

export interface Attack {
  name: string;
  /** Prepares the broken files in a fresh folder; returns what to type. */
  make(root: string): string[];
  /** What the error must name: the file at fault. */
  names: string;
}

/** What hostile content would make, if it ran. */
export const MARKER = join(tmpdir(), `milore-attack-${process.pid}-was-run`);

export interface Outcome {
  code: number;
  out: string;
  err: string;
  ms: number;
  /** Processor time: what a loaded machine does not lengthen. */
  cpuMs: number;
}

export async function attempt(argv: readonly string[]): Promise<Outcome> {
  let out = '';
  let err = '';
  const write = { out: process.stdout.write, err: process.stderr.write };
  process.stdout.write = ((text: string) => (out += text) !== '') as typeof process.stdout.write;
  process.stderr.write = ((text: string) => (err += text) !== '') as typeof process.stderr.write;
  const began = performance.now();
  const cpu = process.cpuUsage();
  try {
    const code = await main(argv);
    const { user, system } = process.cpuUsage(cpu);
    return { code, ms: performance.now() - began, cpuMs: (user + system) / 1000, out, err };
  } finally {
    process.stdout.write = write.out;
    process.stderr.write = write.err;
  }
}

/** Writes files below a folder, and gives the folder back. */
export function put(root: string, files: Record<string, string | Uint8Array>): string {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return root;
}

export const tiny = (...parts: string[]) => fixtures('hubert_tiny_base', ...parts);

/** A sound base in `root/base`, of config, preprocessor and weights alone. */
export function base(root: string): string {
  const folder = join(root, 'base');
  mkdirSync(folder, { recursive: true });
  for (const name of ['config.json', 'preprocessor_config.json', 'model.safetensors'])
    cpSync(tiny(name), join(folder, name));
  return folder;
}

/** Noise that repeats: no test may depend on chance. */
export const noise = (samples: number) =>
  new Float32Array(samples).map((_, i) => 0.4 * Math.sin(i * i * 0.013) * Math.cos(i * 0.7));
export const speech = wav([noise(16_000)]);

export const embed = (root: string, audio: string, model: string, ...more: string[]): string[] => [
  'embed',
  audio,
  ...['--model', model, '--layer', 'all', '--out', join(root, 'out.npy'), '--cache', join(root, '.milore', 'cache')],
  ...more,
];
