/** @file Feeds changed files to one reader until told to stop: a child of fuzz.mjs, which watches it. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../sidecar/errors.ts';
import { keyedRandom } from '../../sidecar/random.ts';
import { mutate, mutateText } from './mutate.ts';
import { readers } from './readers.ts';

const [, , name, found, from, to] = process.argv;
const reader = readers[name];
const seeds = reader.seeds();
const all = seeds.map(({ bytes }) => bytes);
const counts = { inputs: 0, read: 0, refused: 0, raw: 0, slow: 0, large: 0 };
const folder = mkdtempSync(join(tmpdir(), 'milore-fuzz-'));

for (let i = Number(from); i < Number(to); i++) {
  // The recordings' inputs are those of before there were other readers.
  const random = name === 'audio' ? keyedRandom('fuzz', i) : keyedRandom('fuzz', name, i);
  const seed = seeds[Math.floor(random() * seeds.length)];
  const change = reader.text && random() < 0.7 ? mutateText : mutate;
  const bytes = change(seed.bytes, all, random);
  const report = (kind: 'raw' | 'slow' | 'large', what: string) => {
    counts[kind]++;
    writeFileSync(join(found, `${name.replaceAll(/\W/g, '-')}-${kind}-${i}.bin`), bytes);
    console.log(`${name}: ${kind} ${i} (${bytes.length} bytes of ${seed.name}): ${what}`);
  };
  process.send?.({ at: i });
  for (const left of readdirSync(folder)) rmSync(join(folder, left), { recursive: true });
  const before = process.memoryUsage().rss;
  const start = process.cpuUsage();
  try {
    await reader.read(bytes, seed.name, folder);
    counts.read++;
  } catch (fault) {
    if (fault instanceof UserError) counts.refused++;
    else report('raw', String(fault instanceof Error ? fault.stack : fault));
  }
  // Of the processor: a machine that is busy elsewhere is no fault of a reader.
  const { user, system } = process.cpuUsage(start);
  const ms = (user + system) / 1000;
  if (ms > 2000) report('slow', `${Math.round(ms)} ms`);
  const grown = (process.memoryUsage().rss - before) / 1e6;
  if (grown > 500) report('large', `${Math.round(grown)} MB more`);
  counts.inputs++;
}
rmSync(folder, { recursive: true });
mkdirSync(found, { recursive: true });
// What was sent before is lost where the channel closes too soon.
process.send?.({ done: counts }, () => process.disconnect?.());
