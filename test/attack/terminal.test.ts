/** @file Names of files, folders, tiers and experiments are someone else's: none of their controls reaches a terminal. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeFolder } from '../../sidecar/model/checkpoint/files.ts';
import { Parameters } from '../../sidecar/model/parameters.ts';
import { downstreamParameters, ML_SUPERB } from '../../sidecar/recognition/config.ts';
import { keptFiles } from '../../sidecar/recognition/kept.ts';
import { attempt, base, embed, type Outcome, speech } from './harness.ts';

const evil = 'x\x1b[2J\x1b]0;owned\x07\u009b31m\r';
const root = mkdtempSync(join(tmpdir(), 'milore-terminal-'));
const data = join(root, `data-${evil}`);
const model = join(root, `base-${evil}`);
const file = join(root, 'evil.milore.yaml');

beforeAll(() => {
  cpSync(base(root), model, { recursive: true });
  cpSync(resolve('extension/sample/speech/fin'), data, { recursive: true });
  writeFileSync(join(data, `broken-${evil}.wav`), 'RIFF');
  writeFileSync(join(data, `spoken-${evil}.wav`), speech);
  // Its tier's name stands in a note.
  writeFileSync(
    join(data, `spoken-${evil}.TextGrid`),
    `"ooTextFile"\n"TextGrid"\n0 1 <exists> 1\n"IntervalTier" "tier-${evil}" 0 1 1 0 1 "words"\n`,
  );
  writeFileSync(
    file,
    `name: ${JSON.stringify(`run ${evil}`)}
base: { model: ${JSON.stringify(model)} }
languages: { fin: { role: new, data: ${JSON.stringify(data)} } }
control: false
adapter: { experts: 2, rank: 2 }
units: { layer: 2, clusters: 8, restarts: 1, iterations: 3 }
head: { projection: 8 }
training: { steps: 2, batchSeconds: 8 }
device: cpu
`,
  );
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Line breaks are ours; everything else below a space, DEL and the second set are not. */
function expectClean({ out, err }: Pick<Outcome, 'out' | 'err'>, says?: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  expect(`${out}${err}`.match(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g)).toBeNull();
  if (says) expect(out + err).toContain(says);
}

const run = () => {
  const runs = join(root, '.milore', 'runs');
  return join(runs, readdirSync(runs)[0]);
};

it.each([[], ['--json']])('train %s', async (...more) => {
  const outcome = await attempt(['train', file, ...more]);
  expectClean(outcome, more.length > 0 ? '"type":"corpus"' : 'tier-x\\x1b[2J');
  expect(outcome.code, outcome.err).toBe(0);
});

it('units, inspect, export, embed and a mistake', async () => {
  expectClean(await attempt(['units', file]), 'perplexity');
  expectClean(await attempt(['inspect', run()]), 'owned');
  expectClean(await attempt(['inspect', run(), '--json']), 'owned');
  expectClean(await attempt(['inspect', model]), 'layers');
  expectClean(await attempt(['inspect', model, '--json']), 'base-x\\u001b[2J\\u001b]0;owned\\u0007\\u009b31m');
  expectClean(await attempt(['export', run(), '--out', join(root, `out-${evil}`)]), 'out-x\\x1b');
  expectClean(await attempt(embed(root, join(data, `spoken-${evil}.wav`), model, '--json')));
  const out = embed(root, join(data, `spoken-${evil}.wav`), model).map((word) =>
    word.replace('out.npy', `${evil}.npy`),
  );
  expectClean(await attempt(out), 'float32');
  expectClean(await attempt(embed(root, join(data, `broken-${evil}.wav`), model)), 'broken-x\\x1b');
  mkdirSync(join(root, evil));
  expectClean(await attempt(['train', join(root, evil, 'none.milore.yaml')]), 'Could not');
});

it('superb and transcribe', async () => {
  const folder = join(root, `sets-${evil}`);
  mkdirSync(join(folder, 'own', 'fin', 'wav'), { recursive: true });
  for (const [side, id] of [
    ['train', 'a'],
    ['dev', 'b'],
    ['test', 'c'],
  ]) {
    writeFileSync(join(folder, 'own', 'fin', 'wav', `${id}-${evil.trim()}.wav`), speech);
    writeFileSync(
      join(folder, 'own', 'fin', `transcript_10min_${side}.txt`),
      `${id}-${evil.trim()} _ ${evil}words\ngone${id}-${evil.trim()} _ none\n${evil}\n`,
    );
  }
  const small = ['--updates', '1', '--accumulate', '1', '--width', '8', '--cache', join(root, 'cache')];
  const superb = ['superb', '--folder', folder, '--model', model, ...small];
  expectClean(await attempt(superb), 'gonea-x\\x1b');
  expectClean(await attempt([...superb, '--json']), 'superb.missing');
  const out = join(root, `told-${evil}`);
  expectClean(
    await attempt([...superb, '--leave-out', '--tasks', 'joint', '--out', out, '--keep', join(root, evil, 'kept')]),
    'joint',
  );
  for (const name of readdirSync(out).filter((name) => name.endsWith('.tsv')))
    expectClean({ out: readFileSync(join(out, name), 'utf8').replaceAll('\t', ''), err: '' });
  const symbols = ['<blank>', '<unk>', '\x1b', evil, 'a', '<sos/eos>'];
  const config = { ...ML_SUPERB, layers: 4, width: 32, pre: 12, model: 16, heads: 2, blocks: 1, vocabulary: 6 };
  const kept = {
    config,
    tokens: { symbols, kind: 'characters' },
    parameters: new Parameters(downstreamParameters(config), 1),
  } as const;
  const recogniser = join(root, `kept-${evil}`);
  writeFolder(recogniser, keptFiles(kept, evil, { base: { hash: evil, folder: model } }));
  expectClean(await attempt(['transcribe', recogniser, join(data, `spoken-${evil}.wav`)]), 'another base');
  expectClean(
    await attempt([
      'transcribe',
      join(root, evil, 'kept', 'base-joint'),
      join(data, `broken-${evil}.wav`),
      '--cache',
      join(root, 'cache'),
    ]),
    'broken-x\\x1b',
  );
});
