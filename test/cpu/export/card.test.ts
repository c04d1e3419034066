import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { exportRun } from '../../../sidecar/export/index.ts';
import { type ExportForm, exportForms } from '../../../sidecar/protocol/forms.ts';
import { measuredValue } from '../../../sidecar/protocol/measurement.ts';
import type { RunResult } from '../../../sidecar/training/experiment-run.ts';
import { bases, finishedRun } from '../../support/finished-run.ts';
import { fixtures, scratch } from '../../support/reference.ts';
import { tinyRuns } from '../../support/tiny-run.ts';

/** The card as the hub reads it: a YAML document between two lines, then Markdown. */
async function cardOf(path: string, as: ExportForm, stage?: number) {
  const out = join(scratch(), 'out');
  await exportRun(path, out, { as, stage });
  const text = readFileSync(join(out, 'README.md'), 'utf8');
  const [, front, body] = /^---\n([\s\S]*?\n)---\n([\s\S]*)$/.exec(text)!;
  return { front: parse(front) as Record<string, unknown>, body, text };
}

describe('the card of a run', () => {
  let result: RunResult;
  beforeAll(async () => {
    const base = join(scratch(), 'base');
    cpSync(fixtures('hubert_tiny_base'), base, { recursive: true });
    const origin = { source: 'somebody/hubert-tiny', revision: 'a'.repeat(40), licence: 'cc-by-nc-4.0' };
    writeFileSync(join(base, 'milore.source.json'), JSON.stringify(origin));
    ({ result } = await tinyRuns().run([`base.model=${base}`, 'adapter.experts=1']));
  }, 180_000);

  it.each(exportForms)('as %s: languages, base and licence, and its own numbers', async (as) => {
    const { front, body } = await cardOf(result.run.path, as);
    const library = { adapter: 'milore', peft: 'peft', onnx: 'transformers.js', hf: 'transformers' }[as];
    expect(front).toMatchObject({
      library_name: library,
      base_model: 'somebody/hubert-tiny',
      base_model_relation: as === 'adapter' || as === 'peft' ? 'adapter' : 'finetune',
      license: 'cc-by-nc-4.0',
      language: ['fi', 'en'],
      pipeline_tag: 'feature-extraction',
    });
    expect(front.tags).toContain('milore');
    const number = (measure: string, arm: string, language: string, values = result.after!) =>
      measuredValue(values, measure, { arm, language }).toFixed(3);
    for (const [code, role] of [
      ['fin', 'new'],
      ['eng', 'existing'],
    ]) {
      const row = body.split('\n').find((line) => line.startsWith(`| ${code} (${role}) |`))!;
      expect(row.split(' | ').slice(1, 4)).toEqual([
        number('loss', 'adapted', code, result.before),
        number('loss', 'adapted', code),
        number('loss', 'control', code),
      ]);
    }
    expect(body).toContain('LoRA experts 1, rank 2, alpha 16, on fc1, fc2');
    expect(body).toContain('4 updates of 8 s');
    expect(body).toMatch(/\| Finnish \| fin \| new \| 0\.0\d\d \| \d+ \|/);
  });

  it('has the licences of what was heard as they are noted, beside the base’s, and says which are not', async () => {
    const base = result.run.path && JSON.parse(readFileSync(join(result.run.path, 'resolved.json'), 'utf8')).base.model;
    const { run } = tinyRuns();
    const noted = await run([`base.model=${base}`, 'adapter.experts=1', 'languages.fin.licence=cc0-1.0']);
    const { front, body } = await cardOf(noted.result.run.path, 'adapter');
    expect(front.license).toEqual(['cc-by-nc-4.0', 'cc0-1.0']);
    expect(body).toMatch(/^- fin: cc0\\-1\.0$/m);
    expect(body).toMatch(/^- eng: not noted/m);
  }, 120_000);

  it('of a stage has the languages and figures until then', async () => {
    const { run } = tinyRuns('stages: [{ add: [fin], steps: 2 }, { add: [deu], steps: 2 }]');
    const deu = JSON.stringify({ role: 'new', data: join(process.cwd(), 'extension/sample/speech/deu'), hours: 0.015 });
    const { result } = await run([`languages.deu=${deu}`, 'adapter.experts=1']);
    const first = await cardOf(result.run.path, 'peft', 1);
    expect(first.front.language).toEqual(['fi', 'en']);
    expect(first.body).toContain('| 2 updates'.slice(2));
    expect(first.body).not.toContain('| deu');
    const loss = measuredValue(result.stages![0].values, 'loss', { arm: 'adapted', language: 'fin' }).toFixed(3);
    expect(first.body.split('\n').find((line) => line.startsWith('| fin (new)'))).toContain(`| ${loss} |`);
    const last = await cardOf(result.run.path, 'peft');
    expect(last.front.language).toEqual(expect.arrayContaining(['fi', 'en', 'de']));
    expect(last.body).toContain('4 updates');
  }, 180_000);
});

it('a language that was measured and not replayed is not said to have been heard', async () => {
  const { path } = await finishedRun(bases.hubert(), ['adapter.experts=1', 'replay.fraction=0']);
  const { body } = await cardOf(path, 'adapter');
  expect(body).toContain('| English | eng | known to the base, measured alone | – |');
  const replayed = await finishedRun(bases.hubert(), ['adapter.experts=1']);
  expect((await cardOf(replayed.path, 'adapter')).body).toContain('| eng | known to the base, replayed |');
});

describe('a name that is anything', () => {
  const evil = 'x\n---\nlicense: "mit"\n# *a* [b](javascript:c) <script>alert(1)</script> | `d` \u202e\u0000\u2028no';

  it('neither breaks the front matter nor becomes markup', async () => {
    const base = join(scratch(), 'base');
    cpSync(fixtures('hubert_tiny_base'), base, { recursive: true });
    writeFileSync(
      join(base, 'milore.source.json'),
      JSON.stringify({ source: evil, revision: evil, licence: evil.slice(0, 100) }),
    );
    const { path } = await finishedRun(base, ['adapter.experts=1'], { name: evil });
    for (const as of exportForms) {
      const { front, body, text } = await cardOf(path, as);
      expect(front).toMatchObject({ license: 'other', language: ['fi', 'en'] });
      expect(front.license_name).toMatch(/^x --- license: "mit"/);
      expect(front).not.toHaveProperty('base_model');
      const title = body.split('\n').find((line) => line.startsWith('# '))!;
      expect(title).toContain('x \\-\\-\\- license: "mit" \\# \\*a\\* \\[b\\]\\(javascript:c\\) \\<script\\>');
      expect(body).not.toMatch(/(?<!\\)<script/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e]/);
    }
  });

  it('of the hub is taken from its cache’s folder, and a value that YAML would read as another is quoted', async () => {
    const folder = join(scratch(), 'models--no--1e3', 'snapshots', 'abcdef12');
    mkdirSync(folder, { recursive: true });
    cpSync(bases.hubert(), folder, { recursive: true });
    writeFileSync(join(folder, 'README.md'), '---\nlicense: no-such\n---\n');
    const { path } = await finishedRun(folder, ['adapter.experts=1']);
    const { front, text } = await cardOf(path, 'peft');
    expect(front).toMatchObject({ base_model: 'no/1e3', license: 'no-such' });
    expect(text).toContain('base_model: "no/1e3"');
  });
});
