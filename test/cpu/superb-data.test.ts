import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadAudio16k } from '../../sidecar/audio/index.ts';
import { readListing } from '../../sidecar/corpus/index.ts';
import { milore } from '../support/cli.ts';
import { scratch } from '../support/scratch.ts';
import { shared } from '../support/shared.ts';
import { tinyWorkspace } from '../support/tiny.ts';
import { wav } from '../support/wav.ts';

const path = scratch();
const COUNT = 12;

/** A dozen recordings that lie here as well, of the real speech where it is there, else of the sample's. */
const source = shared('data', 'ara') ?? resolve('extension/sample/speech/fin.tsv');
const code = shared('data', 'ara') ? 'ara' : 'fin';
const superb = (cwd: string, ...args: string[]) =>
  milore(
    ['superb', ...args, '--model', resolve('extension/sample/base'), '--cache', path('cache')].concat([
      '--updates',
      '2',
      '--accumulate',
      '1',
      '--width',
      '16',
      '--no-augment',
    ]),
    cwd,
  );

it('transcripts that are phones are learned and scored as phones', async () => {
  const {
    code: status,
    stdout,
    stderr,
  } = await superb(path(), path('table'), '--language', code, '--text', 'phones', '--phones');
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(/^PER +decoding/m);
  // tʃ, aɪ, k and n with <blank>, <unk> and <sos/eos>: neither letters nor spaces.
  expect(stdout).toContain('; 7 tokens;');
  const both = await superb(path(), 'a=x', 'b=y', '--phones');
  expect(both.stderr).toContain('--phones goes with one data set');
});

beforeAll(async () => {
  const all = [...readListing(source).utterances];
  const chosen = all.filter((_, i) => i % Math.floor(all.length / COUNT) === 0).slice(0, COUNT);
  for (const folder of ['kaldi', 'table', 'cv/clips']) mkdirSync(path(folder), { recursive: true });
  const rows: string[][] = [];
  for (const [i, one] of chosen.entries()) {
    const name = `u${String(i).padStart(2, '0')}.wav`;
    const bytes = wav([await loadAudio16k(one.path)]);
    for (const folder of ['kaldi', 'table', 'cv/clips']) writeFileSync(path(folder, name), bytes);
    rows.push([name, `s${i % 6}`, one.text ?? '']);
  }
  const lines = (make: (row: string[]) => string) => rows.map((row) => `${make(row)}\n`).join('');
  writeFileSync(
    path('kaldi', 'wav.scp'),
    lines(([name]) => `${name} ${name}`),
  );
  writeFileSync(
    path('kaldi', 'text'),
    lines(([name, , text]) => `${name} ${text}`),
  );
  writeFileSync(
    path('kaldi', 'utt2spk'),
    lines(([name, speaker]) => `${name} ${speaker}`),
  );
  writeFileSync(
    path('table', 'manifest.tsv'),
    `path\tspeaker\ttext\tgloss\tphones\n${lines(([name, speaker, text]) => `${name}\t${speaker}\tWRONG\t${text}\ttʃ aɪ  k n`)}`,
  );
  writeFileSync(
    path('cv', 'train.tsv'),
    `client_id\tpath\tsentence\tgloss\n${lines(([name, speaker, text]) => `${speaker}\t${name}\t${text}\tgloss`)}`,
  );
  writeFileSync(
    path('milore.datasets.yaml'),
    `datasets:\n  words: { language: ${code}, path: table, text: gloss }\n  plain: { language: ${code}, path: table }\n`,
  );
}, 60_000);

const references = (folder: string) =>
  readFileSync(join(folder, 'base.tsv'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((row) => row.split('\t')[1])
    .sort();

describe('any data set with transcripts', () => {
  it('goes by the same recipe: Kaldi’s text, Common Voice’s sentence, a column that is listed for a table', async () => {
    const ways: [string, string[]][] = [
      ['kaldi', [path('kaldi'), '--language', code]],
      ['common-voice', [path('cv'), '--language', code]],
      ['listed', ['dataset:words']],
      ['named', [path('table'), '--language', code, '--text', 'gloss']],
    ];
    const found: string[][] = [];
    for (const [name, args] of ways) {
      const { code: exit, stdout, stderr } = await superb(path(), ...args, '--out', path('out', name));
      expect(exit, stderr).toBe(0);
      expect(stdout).toMatch(/base +prefix +[\d.]+ % +[\d.]+ % to [\d.]+ %/);
      expect(stderr).toContain('speaker');
      found.push(references(path('out', name)));
    }
    // By the same speakers the same utterances are scored, whatever the layout says them in.
    for (const own of found) expect(own).toEqual(found[0]);
    expect(found[0].join()).not.toContain('WRONG');
    expect(found[0].length).toBeGreaterThan(1);
  }, 180_000);

  it.each<[string, RegExp, () => string[]]>([
    [
      'a column that is not there',
      /its header lacks "glos"/,
      () => [path('table'), '--language', code, '--text', 'glos'],
    ],
    [
      'a column of a layout without columns',
      /read as kaldi, which has no columns/,
      () => [path('kaldi'), '--language', code, '--text', 'x'],
    ],
    [
      'a column that is empty throughout',
      /header lacks|anything in it/,
      () => [path('cv'), '--language', code, '--text', 'accents'],
    ],
    ['a name that is not listed', /lists no dataset "word"\. Did you mean dataset:words\?/, () => ['dataset:word']],
    ['a name of another language', /is listed as .* and is used for deu/, () => ['dataset:words', '--language', 'deu']],
    [
      'no transcript at all',
      /none is left for|have a transcript/,
      () => [resolve('extension/sample/speech/fin'), '--language', 'fin'],
    ],
  ])(
    'is refused in words where it has %s',
    async (_, words, args) => {
      const { code: exit, stdout, stderr } = await superb(path(), ...args());
      expect(exit).toBe(1);
      expect(stderr).toMatch(words);
      expect(stderr).not.toContain('internal');
      expect(stdout).toBe('');
    },
    60_000,
  );

  it('goes through the four tasks where there are several, a listed one beside a path', async () => {
    const {
      code: exit,
      stdout,
      stderr,
    } = await superb(path(), 'dataset:words', `qqx=${path('kaldi')}`, '--out', path('out', 'four'));
    expect(exit, stderr).toBe(0);
    for (const row of [
      /mono +CER +mean/,
      new RegExp(`mono +CER +words/${code}`),
      /mono +CER +kaldi\/qqx/,
      /multi +CER +trained/,
      /lid +LID accuracy/,
      /joint +CER/,
    ])
      expect(stdout).toMatch(row);
    expect(stdout).toContain('the data is not ML-SUPERB’s');
    const tags = readFileSync(path('out', 'four', 'base-lid.tsv'), 'utf8')
      .trim()
      .split('\n')
      .slice(1);
    expect(new Set(tags.map((row) => row.split('\t')[1]))).toEqual(new Set([`[${code}]`, '[qqx]']));
  }, 120_000);

  it('stands beside a run’s adapter, on the base that the run names; a run without one is refused', async () => {
    const { root, experiment } = tinyWorkspace();
    const trained = await milore(['train', experiment, '--set', 'training.steps=2']);
    expect(trained.code, trained.stderr).toBe(0);
    const [run] = readdirSync(join(root, '.milore', 'runs')).map((id) => join(root, '.milore', 'runs', id));
    const small = ['--updates', '2', '--accumulate', '1', '--width', '16', '--cache', path('cache')];
    const args = ['superb', path('kaldi'), '--language', code, '--run', run, ...small];
    const { code: exit, stdout, stderr } = await milore(args);
    expect(exit, stderr).toBe(0);
    expect(stdout).toMatch(/adapted +prefix[\s\S]*difference +prefix .*(better|worse|cannot tell)/);
    rmSync(join(run, 'adapter'), { recursive: true });
    const refused = await milore(args);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('a run writes it at its end');
  }, 120_000);

  it('wants to be told apart from a folder of sets, and which model', async () => {
    for (const [args, words] of [
      [[path('kaldi'), '--folder', path()], 'not both'],
      [[], 'give a data set, or --folder'],
      [[path('kaldi')], 'goes with --language'],
      [[`${code}=${path('kaldi')}`, path('cv')], 'goes with --language'],
      [[`${code}=${path('kaldi')}`, path('cv'), '--language', code], 'say their language each'],
      [[path('kaldi'), '--language', code, '--run', 'x'], '--run has its own'],
      [['--folder', path(), '--tasks', 'mono,lids'], 'Give some of mono,multi,lid,joint'],
    ] as const) {
      const { code: exit, stderr } = await superb(path(), ...args);
      expect(exit, basename(String(args))).toBe(2);
      expect(stderr).toContain(words);
    }
  }, 60_000);
});
