import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Assessed } from '../../../sidecar/evaluation/assessed.ts';
import type { Findings } from '../../../sidecar/protocol/findings.ts';
import { runFiles } from '../../../sidecar/runs/run.ts';
import { eventsOf, type TinyRun, tinyRuns } from '../../support/tiny-run.ts';

const fin = resolve('extension/sample/speech/fin.tsv');
const settings = [
  `languages.fin={role: new, data: ${JSON.stringify(fin)}, hours: 0.05}`,
  'evaluation.superb={languages: [fin, eng], updates: 4, width: 16, learningRate: 0.001, accumulate: 1}',
];
const read = <T>({ result }: TinyRun, ...path: string[]): T =>
  JSON.parse(readFileSync(join(result.run.path, ...path), 'utf8')) as T;

describe('a run that counts characters', () => {
  const { root, run } = tinyRuns();
  let done: TinyRun;
  let found: Findings;
  beforeAll(async () => {
    done = await run(settings);
    found = read(done, runFiles.findings);
  }, 120_000);
  afterAll(() => rmSync(root, { recursive: true }));

  it('has them before the first step and after, of the same held-out utterances, against the base', () => {
    const cer = found.tables.find(({ measure }) => measure === 'cer')!;
    expect(cer).toMatchObject({ unit: 'share', better: 'lower', against: 'base' });
    expect(cer.rows.map((row) => Object.keys(row))).toEqual([['fin'], ['fin']]);
    for (const { fin } of cer.rows) expect(fin.value).toBeGreaterThan(0.2);
    expect(cer.rows[1].fin.change).toBeDefined();
    const [before, after] = [0, 1].map((row) => read<Assessed>(done, 'evaluation', `row-${row}.json`));
    const hashes = ({ scores }: Assessed) =>
      scores.find(({ measure }) => measure === 'cer')!.counts.map(({ hash }) => hash);
    expect(hashes(after)).toEqual(hashes(before));
  });

  it('scores what the run holds out: not an utterance of a clip that trains', () => {
    const { utterances } = read<Assessed>(done, 'evaluation', 'row-1.json');
    const trained = new Set(
      readFileSync(join(done.result.run.path, runFiles.batches), 'utf8')
        .split('\n')
        .filter(Boolean)
        .flatMap((line) => (JSON.parse(line).seen as { hash: string }[]).map(({ hash }) => hash)),
    );
    expect(utterances!.length).toBeGreaterThanOrEqual(5);
    expect(trained.size).toBeGreaterThan(0);
    const speakers = new Set(utterances!.map(({ speaker }) => speaker));
    for (const { hash } of utterances!) expect(trained.has(hash)).toBe(false);
    expect(speakers.size).toBeGreaterThan(0);
  });

  it('keeps what was said and what was heard of the utterances that went worst', () => {
    const [{ worst }] = found.examples.filter(({ measure }) => measure === 'cer');
    expect(worst.length).toBeGreaterThan(2);
    for (const { reference, heard, heardBefore, path } of worst) {
      expect(reference).toMatch(/\p{L}/u);
      expect([typeof heard, typeof heardBefore]).toEqual(['string', 'string']);
      expect(path).toMatch(/\.opus$/);
    }
  });

  it('goes on with a recogniser that was stopped, does not do again what has ended, and finds the same', async () => {
    const controller = new AbortController();
    // The second row's: its training has three updates behind it, and a checkpoint after each.
    const quick = [...settings, 'checkpoint.every=1'];
    let rows = 0;
    const stopped = await run(quick, {
      signal: controller.signal,
      onEvent: (event) => {
        if (event.type !== 'stage' || event.detail !== 'characters of fin') return;
        if (event.done === 1) rows++;
        if (rows === 2 && event.done === 3) controller.abort();
      },
    });
    expect(stopped.result.state).toBe('stopped');
    const again = await run(quick, { resume: stopped.result.run.path });
    const updates = eventsOf(again, 'stage').flatMap(({ detail, done }) =>
      detail === 'characters of fin' ? done : [],
    );
    expect(updates).toEqual([4]);
    const [a, b] = [again, done].map((one) => read<Assessed>(one, 'evaluation', 'row-1.json'));
    expect(a.scores).toEqual(b.scores);
    expect(readdirSync(join(again.result.run.path, 'evaluation'))).toEqual(['row-0.json', 'row-1.json']);
  }, 120_000);

  it('says of a language without transcripts why there is no number', () =>
    expect(found.skipped).toContainEqual({
      measure: 'cer',
      reason: 'eng has 0 transcribed utterances to train on and 0 held out.',
    }));
});
