/** @file Feeds changed recordings to the readers of audio until told to stop: a child of fuzz.mjs, which watches it. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesSource, hear } from '../../sidecar/audio/index.ts';
import { UserError } from '../../sidecar/errors.ts';
import { keyedRandom } from '../../sidecar/random.ts';
import { sine, wav } from '../support/wav.ts';
import { mutate } from './mutate.ts';

const [, , cases, found, from, to] = process.argv;

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}

const tone = sine(800, 440);
const seeds: Uint8Array[] = [
  ...files(cases)
    .filter((path) => !/\.(tsv|scp|yaml)$/.test(path))
    .map((path) => readFileSync(path)),
  wav([tone]),
  wav([tone, tone], { bits: 24, extensible: true }),
  wav([tone], { bits: 32, float: true }),
];
const counts = { inputs: 0, read: 0, refused: 0, raw: 0, slow: 0, large: 0 };

for (let i = Number(from); i < Number(to); i++) {
  const random = keyedRandom('fuzz', i);
  const bytes = mutate(seeds[Math.floor(random() * seeds.length)], seeds, random);
  const report = (kind: 'raw' | 'slow' | 'large', what: string) => {
    counts[kind]++;
    writeFileSync(join(found, `${kind}-${i}.bin`), bytes);
    console.log(`${kind} ${i} (${bytes.length} bytes): ${what}`);
  };
  process.send?.({ at: i });
  const before = process.memoryUsage().rss;
  const start = performance.now();
  try {
    await hear(bytesSource(bytes), () => {}, { file: 'fuzzed' });
    counts.read++;
  } catch (fault) {
    if (fault instanceof UserError) counts.refused++;
    else report('raw', String(fault instanceof Error ? fault.stack : fault));
  }
  const ms = performance.now() - start;
  if (ms > 2000) report('slow', `${Math.round(ms)} ms`);
  const grown = (process.memoryUsage().rss - before) / 1e6;
  if (grown > 500) report('large', `${Math.round(grown)} MB more`);
  counts.inputs++;
}
// What was sent before is lost where the channel closes too soon.
process.send?.({ done: counts }, () => process.disconnect?.());
