import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DiagnosticSeverity } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { problemsOf, toDiagnostic } from '../../../extension/language/diagnostics.ts';
import { fixes } from '../../../extension/language/fixes.ts';
import { headsOf, lossesOf, speechOf } from '../../../extension/language/losses.ts';
import { parseExperiment } from '../../../sidecar/config/parse.ts';
import { opened } from '../../support/editor.ts';
import { scratch } from '../../support/reference.ts';

const root = scratch();
for (const name of ['base', 'eng', 'yor']) mkdirSync(join(root, name));
writeFileSync(join(root, 'milore.datasets.yaml'), 'datasets:\n  digits: { language: eng, path: eng }\n');
const file = join(root, 'x.milore.yaml');
const inspected = [
  {
    path: join(root, 'eng'),
    clips: 1020,
    short: [
      { belowSeconds: 0.3, clips: 40, seconds: 10 },
      { belowSeconds: 0.5, clips: 745, seconds: 290 },
    ],
  },
  { path: join(root, 'yor'), clips: 1000, short: [{ belowSeconds: 0.5, clips: 50, seconds: 20 }] },
];
const experiment = (more = '', data = 'dataset:digits') =>
  `base: { model: base }\nlanguages:\n  yor: { role: new, data: yor }\n  eng: { role: existing, data: ${data} }\n${more}`;

async function losses(text: string) {
  const about = opened(file, text, root);
  const files = about.workspace.files(about.uri)!;
  expect(await problemsOf(text, file, about.grammar, files)).toEqual([]);
  const found = await lossesOf(text, file, files, inspected, about.t);
  return { about, found: found.map((problem) => toDiagnostic(problem, about.document, about.tree)) };
}

describe('clips lost for being short, in the experiment', () => {
  it.each(['dataset:digits', 'eng', `[${join(root, 'eng')}]`])('are a warning on the language (%s)', async (data) => {
    const { found } = await losses(experiment('', data));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ severity: DiagnosticSeverity.Warning, code: 'data.short-clips' });
    expect(found[0].range.start).toEqual({ line: 3, character: 2 });
    expect(found[0].message).toMatch(/^745 of 1020 are shorter .*\(0.5 s\).*audio\.joinSeconds/);
  });

  it('are none where they are joined, where few are, or where the file says that shorter ones do', async () => {
    for (const audio of ['joinSeconds: 5', 'minSeconds: 0.2'])
      expect((await losses(experiment(`audio: { ${audio} }\n`))).found).toEqual([]);
    const [few] = (await losses(experiment('audio: { minSeconds: 0.3 }\n'))).found;
    expect(few).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['nothing, and no line end', '# the end'],
    ['an empty section', 'audio:\nseed: 2\n'],
    ['a section', 'audio:\n  maxSeconds: 10\nseed: 2\n'],
    ['one on a line', 'audio: { maxSeconds: 10 }\n'],
    ['an empty one on a line', 'audio: {}\n'],
  ])('one click joins them, where the file had %s', async (_, more) => {
    const text = experiment(more);
    const { about, found } = await losses(text);
    const [action] = await fixes(about.document, about.tree, found, about.grammar, about.workspace, about.t);
    expect(action).toMatchObject({ title: 'Join short recordings', isPreferred: true });
    const mended = TextDocument.applyEdits(about.document, action.edit!.changes![about.uri]);
    const parsed = parseExperiment(mended, file);
    expect(parsed.problems, mended).toEqual([]);
    expect(parsed.experiment!.audio.joinSeconds).toBe(5);
    if (more.includes('maxSeconds')) expect(parsed.experiment!.audio.maxSeconds).toBe(10);
    expect((await losses(mended)).found).toEqual([]);
  });
});

describe('a head that lies with the base', () => {
  const told = async (text: string) => {
    const about = opened(file, text, root);
    const files = about.workspace.files(about.uri)!;
    const found = await headsOf(text, file, files, about.t);
    return { about, found: found.map((problem) => toDiagnostic(problem, about.document, about.tree)) };
  };

  it('is offered where the experiment names none, and one click names the last', async () => {
    expect((await told(experiment())).found).toEqual([]);
    for (const name of ['head0.safetensors', 'head_it2.safetensors']) writeFileSync(join(root, 'base', name), '');
    const text = experiment();
    const { about, found } = await told(text);
    expect(found).toMatchObject([{ severity: DiagnosticSeverity.Information, code: 'base.head-there' }]);
    const [action] = await fixes(about.document, about.tree, found, about.grammar, about.workspace, about.t);
    const mended = TextDocument.applyEdits(about.document, action.edit!.changes![about.uri]);
    expect(parseExperiment(mended, file).experiment?.base.head).toBe('base/head_it2.safetensors');
    expect((await told(mended)).found).toEqual([]);
  });

  it('is no matter where one is found by itself', async () => {
    writeFileSync(join(root, 'base', 'head.safetensors'), '');
    expect((await told(experiment())).found).toEqual([]);
  });
});

it('the speech of a language is known when all of its data were read', async () => {
  const about = opened(file, experiment(), root);
  const files = about.workspace.files(about.uri)!;
  const read = (more: object) => inspected.map((one) => ({ ...one, ...more }));
  const of = (data: string, all: Parameters<typeof speechOf>[3]) =>
    speechOf(parseExperiment(experiment('', data), file).experiment!, file, files, all);
  expect(await of('dataset:digits', read({ seconds: 60 }))).toEqual({ yor: 60, eng: 60 });
  expect(await of('[dataset:digits, yor]', read({ seconds: 60 }))).toEqual({ yor: 60, eng: 120 });
  expect(await of('dataset:digits', read({}))).toEqual({});
  expect(await of('dataset:digits', read({ seconds: 60 }).slice(0, 1))).toEqual({ eng: 60 });
});
