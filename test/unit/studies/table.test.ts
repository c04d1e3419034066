import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { beforeAll, describe, expect, it } from 'vitest';
import { normals } from '../../../sidecar/random.ts';
import { toLatex } from '../../../sidecar/report/latex.ts';
import { toMarkdown } from '../../../sidecar/report/markdown.ts';
import { createRun } from '../../../sidecar/runs/run.ts';
import { progressOf } from '../../../sidecar/studies/progress.ts';
import type { Study } from '../../../sidecar/studies/study.ts';
import { studyBlocks, studyCsv } from '../../../sidecar/studies/table.ts';
import { type StudyResult, studyResult } from '../../../sidecar/studies/verdicts.ts';
import { readLatex } from '../../support/latex.ts';
import { tinySweep } from '../../support/tiny-sweep.ts';

const CLIPS = 40;
const clips = ['fin', 'eng'].flatMap((language) =>
  Array.from({ length: CLIPS }, (_, i) => ({ hash: `${language}${i}`, id: `${language}${i}`, language, seconds: 1 })),
);
const hard = [...normals(CLIPS, 1, 'hard')];

/** A finished run, as one leaves it: every clip has its own difficulty, and `fin` is `by` better at its end. */
function finish(study: Study, index: number, by: number, { units = 'k', last = 1 } = {}): void {
  const { experiment, index: _, ...about } = study.points[index];
  const run = createRun(study.root, {
    name: experiment.name,
    configText: '',
    resolved: experiment,
    versions: { milore: '0.3.0' },
    device: 'cpu',
    study: about,
  });
  const noise = [...normals(CLIPS, about.seed, 'noise', about.point)];
  const row = (n: number) => ({
    version: 1,
    row: n,
    step: 4 * n,
    add: [],
    seconds: 1,
    clips,
    probes: [],
    drift: [],
    skipped: [],
    scores: ['fin', 'eng'].flatMap((language) =>
      ['adapted', 'control'].map((arm) => ({
        measure: 'loss',
        unit: 'nats',
        better: 'lower',
        arm,
        language,
        counts: hard.map((one, i) => ({
          hash: `${language}${i}`,
          of: 10,
          count: 10 * (4 + one + (n > 0 && language === 'fin' ? -by : 0) + (n > 0 ? 0.01 * noise[i] : 0)),
        })),
      })),
    ),
  });
  mkdirSync(join(run.path, 'evaluation'));
  mkdirSync(join(run.path, 'adapter'));
  writeFileSync(join(run.path, 'adapter', 'adapter_config.json'), JSON.stringify({ units }));
  for (let n = 0; n <= last; n++) writeFileSync(join(run.path, 'evaluation', `row-${n}.json`), JSON.stringify(row(n)));
  writeFileSync(join(run.path, 'log.jsonl'), `${JSON.stringify({ seq: 1, time: '', type: 'done', step: 4 })}\n`);
}

const hostile = '50 % of {a_b} & \\x <b> =1+1, "q"';
let study: Study;
let result: StudyResult;

beforeAll(async () => {
  const points = `    good: { adapter.rank: 3 }\n    ${JSON.stringify(hostile)}: { adapter.rank: 4 }\n    other: { units.clusters: 9 }\n    late: { adapter.rank: 5 }\n`;
  study = await tinySweep(`  presets: [base]\n  points:\n${points}  seeds: 2\n`).load();
  for (const [index, by] of [0.5, 0.6, 0, 0].entries()) finish(study, index, by);
  for (const index of [4, 5]) finish(study, index, 1, { units: 'others' });
  result = studyResult(study, progressOf(study));
});

const cells = (point: string) => result.measures[0].rows.find((row) => row.point === point)!.cells;

describe('the table of a sweep', () => {
  it('has of each point the mean over its seeds, and what it differs by with its verdict', () => {
    const { fin, eng } = cells('good');
    expect(fin.seeds).toBe(2);
    expect(fin.deviation).toBeCloseTo(0.1 / Math.SQRT2, 2);
    expect(fin.change).toMatchObject({ verdict: 'better', seeds: 2, by: 'utterance', drawn: CLIPS });
    expect(fin.change!.value).toBeCloseTo(-0.55, 2);
    expect(eng.change!.verdict).toBe('cannot tell');
    expect(cells(hostile).fin.change!.verdict).toBe('cannot tell');
  });

  it('the base is the first row of any run, and takes none', () => {
    const mean = 4 + hard.reduce((a, b) => a + b, 0) / CLIPS;
    expect(cells('base').fin).toEqual({ mean: expect.closeTo(mean, 9), deviation: expect.closeTo(0, 9), seeds: 2 });
    expect(study.points).toHaveLength(8);
  });

  it('a loss of other units compares with nothing', () => {
    expect(cells('other').fin.change).toMatchObject({ verdict: 'cannot tell', reason: 'they predict other units' });
    expect(cells('other').fin.change!.low).toBeUndefined();
  });

  it('says what is not done, and that two seeds are few', () => {
    expect(cells('late')).toEqual({});
    expect(result.notes[0]).toBe('Not all is done yet: late (0 of 2 seeds).');
    expect(result.notes[1]).toMatch(/^2 seeds say little of other seeds/);
  });
});

describe('written down', () => {
  it('LaTeX is read by a strict reader, names and all', () => {
    const [means, differences] = readLatex(toLatex(studyBlocks(result)));
    expect(means.rows[0]).toEqual(['point', 'fin', 'eng']);
    expect(means.rows.map(([name]) => name)).toContain(
      '50 \\% of \\{a\\_b\\} \\& \\textbackslash{}x \\textless{}b\\textgreater{} =1+1, \\textquotedbl{}q\\textquotedbl{}',
    );
    expect(means.rows[2][1]).toMatch(/^\d\.\d{3} \\ensuremath\{\\pm\} 0\.0\d\d$/);
    expect(differences.label).toBe('study-differences-a');
    expect(differences.rows[1].slice(0, 3)).toEqual(['good', 'fin', 'better']);
  });

  it('the strict reader reads no table with a bare sign or a missing cell', () => {
    const table = toLatex(studyBlocks(result));
    expect(() => readLatex(table.replace('50 \\%', '50 %'))).toThrow(/bare %/);
    expect(() => readLatex(table.replace('fin & ', ''))).toThrow(/2 cells of 3/);
    expect(() => readLatex(table.replace('\\end{tabular}', '\\end{table}'))).toThrow(/another environment/);
  });

  it('CSV has a line a point, language and measure, and no formula', () => {
    const rows = parse(studyCsv(result), { columns: true }) as Record<string, string>[];
    expect(rows).toHaveLength(2 * 4);
    const good = rows.find(({ point, language }) => point === 'good' && language === 'fin')!;
    expect(good).toMatchObject({ measure: 'loss', unit: 'nats', seeds: '2', baseline: 'base', verdict: 'better' });
    expect(Number(good.difference)).toBeCloseTo(-0.55, 2);
    expect(rows.map(({ point }) => point)).toContain(hostile);
    const formula = {
      ...result,
      measures: [{ ...result.measures[0], rows: [{ point: '=1+1', cells: cells('good') }] }],
    };
    expect(studyCsv(formula)).toContain(`,"'=1+1",`);
  });

  it('Markdown escapes what is markup', () => {
    const text = toMarkdown(studyBlocks(result));
    expect(text).toContain('50 % of \\{a\\_b\\} \\& \\\\x \\<b\\> =1+1');
    expect(text).not.toContain('<b>');
  });

  it('other measures are told when they are asked for', () => {
    expect(studyResult(study, progressOf(study), ['cer']).measures).toEqual([]);
    expect(studyResult(study, progressOf(study), ['loss']).measures).toHaveLength(1);
  });
});
