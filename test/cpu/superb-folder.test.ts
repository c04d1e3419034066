import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { milore } from '../support/cli.ts';
import { scratch } from '../support/scratch.ts';
import { sources, superbFolder } from '../support/superb-folder.ts';
import { wav } from '../support/wav.ts';

const path = scratch();
const [first, english, , few] = sources().map(({ set }) => set);
const codes = sources().map(({ set }) => set.split('/')[1]);
const transcript = (set: string, side: string) => join(set, `transcript_10min_${side}.txt`);
const quick = ['--updates', '3', '--accumulate', '1', '--width', '16', '--no-augment', '--reserved', few.split('/')[1]];
const superb = (folder: string, ...more: string[]) =>
  milore([
    'superb',
    '--folder',
    folder,
    '--model',
    resolve('extension/sample/base'),
    '--cache',
    path('cache'),
    ...quick,
    ...more,
  ]);

beforeAll(async () => {
  await superbFolder(path('whole'));
}, 120_000);

/** The same folder with something wrong in it. */
function spoiled(how: (folder: string) => void): string {
  const folder = mkdtempSync(path('spoiled-'));
  cpSync(path('whole'), folder, { recursive: true });
  how(folder);
  return folder;
}
const edit = (file: string, change: (text: string) => string) =>
  writeFileSync(file, change(readFileSync(file, 'utf8')));
const firstIdIn = (file: string) => readFileSync(file, 'utf8').split(' ')[0];

describe("a folder in ML-SUPERB's shape", () => {
  it('goes through all four tasks by one command, and a second time takes what was kept', async () => {
    const args = ['--mono', 'all', '--out', path('out'), '--keep', path('kept'), '--json'];
    const { code, stdout, stderr } = await superb(path('whole'), ...args);
    expect(code, stderr).toBe(0);
    const report = JSON.parse(stdout);
    const measures = new Set(
      report.measures.map((one: Record<string, string>) => `${one.task} ${one.measure} ${one.of}`),
    );
    expect(measures).toEqual(
      new Set([
        'mono CER mean',
        ...sources().map(({ set }) => `mono CER ${set}`),
        'multi CER trained',
        'multi CER reserved',
        'lid LID accuracy all',
        'joint LID accuracy all',
        'joint CER trained',
        'joint CER reserved',
      ]),
    );
    for (const { values } of report.measures) expect(values[0].value).toBeGreaterThanOrEqual(0);
    const heard = readFileSync(path('out', 'base-joint.tsv'), 'utf8').trim().split('\n');
    expect(heard.length).toBe(1 + 4 * sources().length);
    for (const row of heard.slice(1))
      expect(codes.map((iso) => `[${iso}]`)).toContain(row.split('\t')[1].split(' ')[0]);
    const spoken = readFileSync(path('out', 'base-lid.tsv'), 'utf8').trim().split('\n').slice(1);
    expect(new Set(spoken.map((row) => row.split('\t')[1]))).toEqual(new Set(codes.map((iso) => `[${iso}]`)));
    const counts = Object.fromEntries(
      report.tasks.map((one: { name: string; clips: unknown }) => [one.name, one.clips]),
    );
    // Of the reserved language five of six utterances train.
    expect(counts.multi).toEqual({ train: 23, validation: 12, scored: 16 });
    expect(stderr).toContain('Hidden states take');
    expect(report.scores[0].kind === 'parts' || report.unlike.length > 0).toBe(true);
    expect(readdirSync(path('kept')).length).toBe(7);

    const again = await superb(path('whole'), ...args);
    expect(again.code, again.stderr).toBe(0);
    expect(again.stdout).toBe(stdout);
    expect(again.stderr).not.toContain('hidden states');
    // Nothing else of a training lies about than its result and recogniser.
    for (const work of readdirSync(path('cache', 'superb')))
      expect(readdirSync(path('cache', 'superb', work)).sort()).toEqual(['recogniser', 'result.json']);
  }, 120_000);

  it.each<[string, RegExp, (folder: string) => void]>([
    [
      'a missing clip',
      /test\.txt:1:1: .*there is no recording/,
      (folder) => {
        rmSync(join(folder, first, 'wav', `${firstIdIn(join(folder, transcript(first, 'test')))}.wav`));
      },
    ],
    [
      'an empty transcript',
      /train\.txt:7:1: .*its transcript is empty/,
      (folder) => appendFileSync(join(folder, transcript(first, 'train')), 'empty _ \n'),
    ],
    [
      'a line of two fields',
      /dev\.txt:4:1: .*two fields/,
      (folder) => appendFileSync(join(folder, transcript(first, 'dev')), 'two fields\n'),
    ],
    [
      'a line of one field',
      /dev\.txt:4:1: .*one field/,
      (folder) => appendFileSync(join(folder, transcript(first, 'dev')), 'one\n'),
    ],
    [
      'a language with one utterance',
      /test\.txt:1:1: .*nothing to be scored/,
      (folder) => {
        edit(join(folder, transcript(first, 'train')), (text) => `${text.split('\n')[0]}\n`);
        for (const side of ['dev', 'test']) writeFileSync(join(folder, transcript(first, side)), '');
      },
    ],
    [
      'an id named twice',
      /test\.txt:5:1: .*was already in/,
      (folder) =>
        appendFileSync(
          join(folder, transcript(first, 'test')),
          `${firstIdIn(join(folder, transcript(first, 'train')))} _ again\n`,
        ),
    ],
    [
      'an id that climbs out',
      /train\.txt:7:1: .*climbs out/,
      (folder) => appendFileSync(join(folder, transcript(first, 'train')), '../../../secret _ text\n'),
    ],
    [
      'a clip without a sample',
      /test\.txt:1:1: .*no samples|test\.txt:1:1: .*empty/,
      (folder) =>
        writeFileSync(
          join(folder, first, 'wav', `${firstIdIn(join(folder, transcript(first, 'test')))}.wav`),
          wav([[]]),
        ),
    ],
    [
      'no transcript for the time',
      /test\.txt:1:1: .*no such file/,
      (folder) => rmSync(join(folder, transcript(first, 'test'))),
    ],
  ])(
    'with %s ends in words within seconds, without a number',
    async (_, words, spoil) => {
      const began = Date.now();
      const { code, stdout, stderr } = await superb(spoiled(spoil));
      expect(code).toBe(1);
      expect(stdout).toBe('');
      expect(stderr).toMatch(words);
      expect(stderr).toContain('--leave-out');
      expect(stderr).not.toContain('internal');
      // The start of Node on a machine that others use is most of it.
      expect(Date.now() - began).toBeLessThan(10_000);
    },
    30_000,
  );

  it('goes on without what cannot be used where it is told to, counts it, and gives no SUPERB_s', async () => {
    const folder = spoiled((folder) => {
      rmSync(join(folder, english, 'wav', `${firstIdIn(join(folder, transcript(english, 'test')))}.wav`));
      appendFileSync(join(folder, transcript(english, 'train')), 'two fields\n\x1b[31mred _ \n');
      edit(join(folder, transcript(first, 'test')), (text) => `\ufeff${text.replaceAll('\n', '\r\n')}`);
    });
    const { code, stdout, stderr } = await superb(folder, '--leave-out', '--tasks', 'multi', '--json');
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(
      'Left out: 1 lines that are not "utterance _ text", 1 empty transcripts, 1 recordings that are not there.',
    );
    expect(stderr).not.toContain('\x1b');
    const { tasks, unlike } = JSON.parse(stdout);
    expect(tasks[0].clips.scored).toBe(15);
    expect(unlike).toContain('3 lines or files are left out');
  }, 60_000);

  it('has no interval where one utterance is scored, and says why', async () => {
    const folder = spoiled((folder) =>
      edit(join(folder, transcript(few, 'test')), (text) => `${text.split('\n')[0]}\n`),
    );
    const { code, stdout, stderr } = await superb(folder, '--tasks', 'multi');
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/multi +CER +reserved +prefix +base +[\d.]+ % +no interval: one utterance alone/);
  }, 60_000);

  it('scores a set in phones where they are given, and says so', async () => {
    const folder = spoiled((folder) => {
      const lines = ['train', 'dev', 'test'].flatMap((side) =>
        readFileSync(join(folder, transcript(english, side)), 'utf8')
          .trim()
          .split('\n'),
      );
      writeFileSync(join(folder, english, 'phones.txt'), lines.map((line) => `${line.split(' ')[0]} w ʌ n\n`).join(''));
    });
    const { code, stdout, stderr } = await superb(
      folder,
      '--tasks',
      'mono',
      '--mono',
      english,
      '--out',
      path('phones'),
    );
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(`${english} is scored in phones`);
    expect(stdout).toMatch(/mono +PER +mean/);
    expect(readFileSync(path('phones', `base-mono-${english.replace('/', '-')}.tsv`), 'utf8')).toContain('\tw ʌ n\t');
  }, 60_000);

  it('takes an unknown code as a name and strips tags of the text, but no folder whose name is no tag', async () => {
    const folder = spoiled((folder) => {
      cpSync(join(folder, first), join(folder, 'own', 'qqx'), { recursive: true });
      edit(join(folder, 'own', 'qqx', 'transcript_10min_test.txt'), (text) => text.replaceAll(' _ ', ' _ [noise] '));
    });
    const { code, stderr } = await superb(folder, '--tasks', 'joint', '--out', path('unknown'));
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('No code of ISO 639-3, and taken as a language’s name as it is: qqx');
    expect(readFileSync(path('unknown', 'base-joint.tsv'), 'utf8')).not.toContain('NOISE');
    cpSync(join(folder, first), join(folder, 'own', '[eng]'), { recursive: true });
    const refused = await superb(folder, '--tasks', 'joint');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('letters, digits');
  }, 60_000);

  it('is told from a folder that has no set', async () => {
    const { code, stderr } = await superb(path('cache'));
    expect(code).toBe(1);
    expect(stderr).toContain('no folder <corpus>/<iso>/');
    expect(existsSync(path('cache', 'corpus'))).toBe(true);
  });
});
