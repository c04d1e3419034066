/** @file A folder in ML-SUPERB's shape, made of the real speech beside the repository where it is there, else of the sample's. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadAudio16k } from '../../sidecar/audio/index.ts';
import { readListing } from '../../sidecar/corpus/index.ts';
import { shared } from './shared.ts';
import { wav } from './wav.ts';

interface Source {
  set: string;
  root: string;
  /** Where a recording's name says what was said. */
  textOf?(id: string): string;
}

const digits = (id: string) => /([a-z]+)_\d+\.wav$/.exec(id)?.[1] ?? '';

/** Four languages; of the two first each is a corpus of ML-SUPERB's by name. */
export function sources(): Source[] {
  const real: [string, string, Source['textOf']?][] = [
    ['commonvoice/ara', 'ara'],
    ['mls/eng', 'eng', digits],
    ['own/cmn', 'cmn'],
    ['own/yor', 'yor'],
  ];
  if (shared('data', 'yor')) return real.map(([set, name, textOf]) => ({ set, root: shared('data', name)!, textOf }));
  return ['commonvoice/fin', 'mls/eng', 'own/deu', 'own/spa'].map((set) => ({
    set,
    root: resolve('extension/sample/speech', `${set.split('/')[1]}.tsv`),
  }));
}

/** Writes `counts` utterances a side of every source, of its shorter half so that a test is quick. */
export async function superbFolder(
  root: string,
  counts = { train: 6, dev: 3, test: 4 },
  from = sources(),
  time: '10min' | '1h' = '10min',
): Promise<string> {
  for (const { set, root: data, textOf } of from) {
    const folder = join(root, set);
    mkdirSync(join(folder, 'wav'), { recursive: true });
    const total = counts.train + counts.dev + counts.test;
    const all = readListing(data).utterances.map((one) => ({ ...one, text: textOf?.(one.id) ?? one.text ?? '' }));
    const sized = all.map((one) => ({ one, bytes: statSync(one.path).size })).sort((a, b) => a.bytes - b.bytes);
    const short = new Set(sized.slice(0, Math.max(total, sized.length / 2)).map(({ one }) => one));
    const named = all.filter((one) => short.has(one));
    const step = Math.max(1, Math.floor(named.length / total));
    const lines: string[] = [];
    for (const [i, one] of named
      .filter((_, n) => n % step === 0)
      .slice(0, total)
      .entries()) {
      const id = `${set.replace('/', '_')}_${String(i).padStart(6, '0')}`;
      writeFileSync(join(folder, 'wav', `${id}.wav`), wav([await loadAudio16k(one.path)]));
      lines.push(`${id} _ ${one.text}`);
    }
    const write = (name: string, own: string[]) => writeFileSync(join(folder, name), `${own.join('\n')}\n`);
    write(`transcript_${time}_train.txt`, lines.slice(0, counts.train));
    write('transcript_10min_dev.txt', lines.slice(counts.train, counts.train + counts.dev));
    write('transcript_10min_test.txt', lines.slice(counts.train + counts.dev));
  }
  return root;
}
