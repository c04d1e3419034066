import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stageMatrix } from '../../../sidecar/cli/results.ts';
import { exportRunAdapter } from '../../../sidecar/export/adapter.ts';
import type { Findings } from '../../../sidecar/protocol/findings.ts';
import { measuredValue } from '../../../sidecar/protocol/measurement.ts';
import { readPoints } from '../../../sidecar/runs/log.ts';
import { runFiles } from '../../../sidecar/runs/run.ts';
import { eventsOf, type TinyRun, tinyRuns } from '../../support/tiny-run.ts';

const vie = resolve('extension/sample/speech/vie');
const stages = [
  `languages.vie={role: new, data: ${JSON.stringify(vie)}, hours: 0.015}`,
  'stages=[{add: [fin], steps: 6}, {add: [vie], steps: 5, replay: {fraction: 0.4}}]',
  'languages.fin.licence=CC BY 4.0',
  'evaluation.every=4',
  'checkpoint.keep=1',
  'head.warmupSteps=3',
  'training.learningRate=0.01',
];
const weights = (folder: string) => readFileSync(join(folder, 'adapter_model.safetensors'));
/** What was found, without what it took. */
const findingsOf = ({ result }: TinyRun): Findings => {
  const findings = JSON.parse(readFileSync(join(result.run.path, runFiles.findings), 'utf8'));
  for (const row of findings.rows) delete row.seconds;
  delete findings.costShare;
  return findings;
};
const adapterOf = ({ result }: TinyRun) => weights(join(result.run.path, 'adapter'));
const stageOf = ({ result }: TinyRun, n: number) => weights(join(result.run.path, 'stages', String(n), 'adapter'));

describe('two stages', () => {
  const { root, run } = tinyRuns();
  let whole: TinyRun;
  beforeAll(async () => {
    whole = await run(stages);
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it('are trained in order: each on what it adds and on what was there, the later one unheard', () => {
    expect(eventsOf(whole, 'entered')).toEqual([
      { type: 'entered', step: 1, stage: 1, of: 2, add: ['fin'], steps: 6 },
      { type: 'entered', step: 7, stage: 2, of: 2, add: ['vie'], steps: 5 },
    ]);
    const drawn = eventsOf(whole, 'sampling').map(({ step, languages }) => [step, Object.keys(languages).sort()]);
    expect(drawn).toEqual([
      [0, ['eng', 'fin']],
      [4, ['eng', 'fin']],
      [6, ['eng', 'fin']],
      [8, ['eng', 'fin', 'vie']],
      [11, ['eng', 'fin', 'vie']],
    ]);
    const last = eventsOf(whole, 'sampling').at(-1)!.languages;
    expect(last.eng.wantedShare + last.fin.wantedShare).toBeCloseTo(0.4);
    expect(last.vie.wantedShare).toBeCloseTo(0.6);
  });

  it('are measured on every language from the first row to the last', () => {
    const rows = eventsOf(whole, 'evaluation');
    expect(rows.map(({ step }) => step)).toEqual([0, 4, 6, 8, 11]);
    for (const { values } of rows)
      for (const language of ['fin', 'eng', 'vie'])
        expect(measuredValue(values, 'loss', { language })).toBeGreaterThan(0);
  });

  it('are told as findings: a matrix of every measure, a probe beside a spectrogram, and drift', () => {
    const { rows, languages, tables, confusions, drift, skipped } = findingsOf(whole);
    expect(rows.map(({ row, step, add }) => [row, step, add])).toEqual([
      [0, 0, []],
      [1, 6, ['fin']],
      [2, 11, ['vie']],
    ]);
    expect(Object.fromEntries(languages.map(({ code, entered }) => [code, entered]))).toEqual({
      fin: 1,
      eng: 0,
      vie: 2,
    });
    const loss = tables.find(({ measure }) => measure === 'loss')!;
    // The mean that the log has, by another way.
    const logged = eventsOf(whole, 'evaluation').filter(({ step }) => [0, 6, 11].includes(step));
    for (const [row, { values }] of logged.entries())
      for (const language of ['fin', 'eng', 'vie']) {
        const cell = loss.rows[row][language];
        expect(cell.value).toBeCloseTo(measuredValue(values, 'loss', { language }), 5);
        const control = measuredValue(values, 'loss', { arm: 'control', language });
        expect(loss.compared![row][language].value).toBeCloseTo(control, 5);
        if (row > 0 && cell.change?.value !== undefined)
          expect(cell.change.value).toBeCloseTo(cell.value! - control, 5);
      }
    expect(confusions.map(({ row, features }) => [row, features])).toEqual([
      [0, 'states'],
      [0, 'log-mel'],
      [1, 'states'],
      [2, 'states'],
    ]);
    const windows = confusions.map(({ counts }) => counts.flat().reduce((a, b) => a + b, 0));
    expect(new Set(windows.slice(0, 2)).size).toBe(1);
    expect(windows[0]).toBeGreaterThan(0);
    expect(drift.map(({ row, language }) => `${row} ${language}`).sort()).toEqual(
      ['1 eng', '1 fin', '1 vie', '2 eng', '2 fin', '2 vie'].sort(),
    );
    for (const { layers } of drift) {
      // The encoder's input is the frozen front end's; above it something has moved.
      expect(layers[0]).toBeCloseTo(0, 6);
      expect(layers.at(-1)).toBeGreaterThan(1e-6);
    }
    expect(skipped).toEqual([]);
  });

  it('begin each with a rate that rises anew', () => {
    const rate = (at: number) =>
      measuredValue(eventsOf(whole, 'metrics').find(({ step }) => step === at)!.values, 'learningRate', { arm: 'run' });
    expect(rate(6)).toBeLessThan(0.002);
    expect(rate(11)).toBeLessThan(0.0021);
  });

  it('leave each its adapter, and a ledger that says what entered', () => {
    expect(stageOf(whole, 2).equals(adapterOf(whole))).toBe(true);
    expect(stageOf(whole, 1).equals(adapterOf(whole))).toBe(false);
    const ledger = JSON.parse(readFileSync(join(whole.result.run.path, 'ledger.json'), 'utf8'));
    expect(ledger.stages).toMatchObject([
      {
        stage: 1,
        add: ['fin'],
        steps: { first: 1, last: 6 },
        languages: { fin: { role: 'new' }, eng: { role: 'existing' } },
      },
      {
        stage: 2,
        add: ['vie'],
        steps: { first: 7, last: 11 },
        languages: { fin: { role: 'existing' }, vie: { role: 'new' } },
      },
    ]);
    expect(ledger.stages[0].languages.fin.sha256).toBe(ledger.stages[1].languages.fin.sha256);
    expect(ledger.stages[0].languages.fin.sha256).toMatch(/^[0-9a-f]{64}$/);
    // As the experiment says; nothing where nobody noted one.
    expect(ledger.stages[0].languages.fin.licences).toEqual([{ licence: 'CC BY 4.0', from: 'experiment' }]);
    expect(ledger.stages[0].languages.eng.licences).toEqual([{}]);
  });

  it('roll back to a stage byte for byte, and fork from its end', async () => {
    const out = join(root, 'rolled');
    exportRunAdapter(whole.result.run.path, out, 1);
    expect(weights(out).equals(stageOf(whole, 1))).toBe(true);
    expect(() => exportRunAdapter(whole.result.run.path, out, 3)).toThrow(/It has the stages 1, 2/);
    expect(readdirSync(join(whole.result.run.path, 'checkpoints'))).toEqual(['step-000006', 'step-000011']);
    const fork = await run(stages, { from: { path: whole.result.run.path, step: 6 } });
    expect(measuredValue(fork.result.before!, 'loss', { language: 'fin' })).toBe(
      measuredValue(eventsOf(whole, 'evaluation')[2].values, 'loss', { language: 'fin' }),
    );
  });

  for (const at of [3, 4, 6, 7, 8])
    it(`go on to the identical result when stopped after step ${at}, with no measurement lost or doubled`, async () => {
      const controller = new AbortController();
      const stopped = await run(stages, {
        signal: controller.signal,
        onEvent: (event) => {
          if (event.type === 'stage' && event.name === 'train' && event.done === at) controller.abort();
        },
      });
      expect(stopped.result.state).toBe('stopped');
      const again = await run(stages, { resume: stopped.result.run.path });
      expect(again.result.state).toBe('done');
      expect(adapterOf(again).equals(adapterOf(whole))).toBe(true);
      expect(stageOf(again, 1).equals(stageOf(whole, 1))).toBe(true);
      expect(findingsOf(again)).toEqual(findingsOf(whole));
      const rows: number[] = [];
      const entered: number[] = [];
      for await (const event of readPoints(join(again.result.run.path, runFiles.log))) {
        if (event.type === 'evaluation') rows.push(event.step);
        if (event.type === 'entered') entered.push(event.step);
      }
      expect(rows).toEqual([0, 4, 6, 8, 11]);
      expect(entered).toEqual([1, 7]);
    });
});

it('an experiment without stages leaves none, and is what it was', async () => {
  const { root, run } = tinyRuns();
  const one = await run();
  const listed = await run(['stages=[{add: [fin]}]']);
  expect(existsSync(join(one.result.run.path, 'stages'))).toBe(false);
  expect(adapterOf(listed).equals(adapterOf(one))).toBe(true);
  rmSync(root, { recursive: true });
});

it('the terminal tells the matrix, what was forgotten, and which language lost most', () => {
  const row = (fin: number, vie: number, eng: number) =>
    Object.entries({ fin, vie, eng }).map(([language, value]) => ({
      arm: 'adapted',
      language,
      measure: 'loss',
      unit: 'nats',
      value,
    }));
  const languages = { fin: {}, vie: {}, eng: {} } as never;
  const told = stageMatrix({ languages }, row(4, 4, 3), [
    { add: ['fin'], values: row(3, 4, 3.5) },
    { add: ['vie'], values: row(3.25, 2, 3.25) },
  ]).join('\n');
  // By hand: of eng −0.25 since the base, of fin −0.25 since stage 1.
  expect(told).toMatch(/^before the first +4\.000 +4\.000 +3\.000 +3\.000 +–$/m);
  expect(told).toMatch(/^1 \(\+ fin\) +3\.000 +4\.000 +3\.500 +3\.250 +−0\.500$/m);
  expect(told).toMatch(/^2 \(\+ vie\) +3\.250 +2\.000 +3\.250 +2\.833 +−0\.250$/m);
  expect(told).toContain('Lost most in one stage: eng, 0.500 in stage 1.');
});
