import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CompletionItem, TextEdit } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { complete } from '../../../extension/language/completion.ts';
import { parseExperiment } from '../../../sidecar/config/parse.ts';
import { opened } from '../../support/editor.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'milore-complete-'));
  await mkdir(join(folder, 'models', 'my base'), { recursive: true });
  await mkdir(join(folder, 'speech', 'yor'), { recursive: true });
  await mkdir(join(folder, 'speech', '#odd'));
  await writeFile(join(folder, 'speech', 'cv.tsv'), '');
  await writeFile(join(folder, 'speech', 'photo.png'), '');
  await writeFile(join(folder, 'head.safetensors'), '');
  await writeFile(
    join(folder, 'milore.datasets.yaml'),
    `datasets:
  yor-cv: { language: yor, path: speech/yor }
  eng-cv: { language: eng, path: speech/cv.tsv }
models:
  small: { path: models/my base }
`,
  );
});
afterAll(() => rm(folder, { recursive: true }));

async function at(marked: string, name = 'x.milore.yaml') {
  const { document, position, grammar, workspace, t, text } = opened(join(folder, name), marked, folder);
  const { items } = await complete(document, position, grammar, workspace, t);
  const labels = items.map(({ label }) => label);
  /** The text after an item was taken, each tab stop as its default. */
  const take = (label: string): string => {
    const item = items.find((candidate) => candidate.label === label) as CompletionItem;
    expect(item, `${label} among ${labels}`).toBeDefined();
    const edit = item.textEdit as TextEdit;
    const newText = edit.newText
      .replace(/\$\{\d\|([^,|]*)[^}]*\}/g, '$1')
      .replace(/\$\{\d:([^}]*)\}/g, '$1')
      .replace(/\$\d/g, '');
    return TextDocument.applyEdits(TextDocument.create('', '', 0, text), [{ range: edit.range, newText }]);
  };
  return { items, labels, take };
}

describe('keys', () => {
  it('at the top: all at first, then those that are not there yet', async () => {
    expect((await at('|')).labels.slice(0, 3)).toEqual(['name', 'base', 'languages']);
    const later = await at('name: x\nbase:\n  model: y\n|\nseed: 1\n');
    expect(later.labels).toContain('adapter');
    expect(later.labels).not.toContain('base');
    expect(later.labels).not.toContain('name');
    expect(later.labels).not.toContain('seed');
  });

  it('on an empty line, by its indentation', async () => {
    expect((await at('adapter:\n  rank: 8\n  |\nseed: 1\n')).labels).toEqual(
      expect.arrayContaining(['experts', 'router']),
    );
    expect((await at('adapter:\n  rank: 8\n  |\n  alpha: 3\n')).labels).not.toContain('alpha');
    expect((await at('adapter:\n  |\n')).labels).toContain('rank');
    expect((await at('adapter:\n  router:\n    |\n')).labels).toEqual([
      'kind',
      'k',
      'share',
      'balance',
      'zLoss',
      'init',
    ]);
    expect((await at('adapter:\n  router:\n    k: 1\n  |\n')).labels).toContain('rank');
  });

  it('half written, with keys below that must not be lost', async () => {
    const { labels, take } = await at('adapter:\n  rank: 8\n  exp|\n  alpha: 3\nseed: 1\n');
    expect(labels).not.toContain('alpha');
    expect(take('experts')).toBe('adapter:\n  rank: 8\n  experts: 4\n  alpha: 3\nseed: 1\n');
  });

  it('in braces, closed and unclosed', async () => {
    expect((await at('languages:\n  yor: { role: new, | }\n')).labels).toEqual([
      'data',
      'layout',
      'hours',
      'heldOut',
      'commonVoice',
      'tiers',
      'text',
      'licence',
      'unannotated',
      'allowOutside',
      'weight',
    ]);
    expect((await at('languages:\n  yor: { ro|')).labels).toContain('role');
    expect((await at('languages:\n  yor: { role: new, da|\n  eng: { role: new }\n')).labels).toContain('data');
    expect((await at('{ base: { model: x }, |')).labels).toContain('languages');
  });

  it('before a colon that is there already: the key alone', async () => {
    const { take } = await at('adapter:\n  ra|k: 4\n');
    expect(take('rank')).toBe('adapter:\n  rank: 4\n');
  });

  it('of a section bring what it needs', async () => {
    expect((await at('ba|')).take('base')).toBe('base:\n  model: ');
    expect((await at('adapter: { ro| }')).take('router')).toBe('adapter: { router: {  } }');
    expect((await at('languages:\n  yor: |\n')).take('{ role, data }')).toBe(
      'languages:\n  yor: { role: existing, data:  }\n',
    );
  });

  it('none in comments, in texts of several lines, or in texts that are no YAML at all', async () => {
    expect((await at('# adap|\n')).labels).toEqual([]);
    expect((await at('name: |2\n'.replace('|2', '>\n  foo |'))).labels).toEqual([]);
    expect((await at(`${'['.repeat(500)}|`)).labels).toEqual([]);
  });
});

describe('values', () => {
  it('are the words that are allowed, and the default', async () => {
    expect((await at('device: |')).labels).toEqual(['auto', 'cpu', 'cuda', 'webgpu', 'dml', 'coreml']);
    expect((await at('control: |')).labels).toEqual(['true', 'false']);
    expect((await at('training:\n  steps: |')).labels).toEqual(['1000']);
    expect((await at('languages:\n  yor: { role: | }')).labels).toEqual(['existing', 'new']);
    expect((await at('adapter: { router: { kind: d|')).take('dense')).toBe('adapter: { router: { kind: dense');
  });

  it('in a list are those that it has not', async () => {
    expect((await at('adapter:\n  targets: [fc1, |]\n')).labels).toEqual(['q', 'k', 'v', 'o', 'fc2']);
    expect((await at('adapter:\n  targets:\n    - fc1\n    - |\n')).labels).toEqual(['q', 'k', 'v', 'o', 'fc2']);
    expect((await at('adapter:\n  targets: |\n')).take('[fc1, fc2]')).toBe('adapter:\n  targets: [fc1, fc2]\n');
  });
});

describe('languages', () => {
  it('are found by name and by code, as a key', async () => {
    const { items, take } = await at('languages:\n  eng: { role: new, data: x }\n  Yoruba|\n');
    expect(items[0].label).toBe('yor');
    expect(items[0].filterText).toBe('Yoruba');
    expect(take('yor')).toBe('languages:\n  eng: { role: new, data: x }\n  yor: { role: existing, data:  }\n');
    expect((await at('languages:\n  yo|\n')).labels).toContain('yor');
    expect((await at('languages:\n  yoruba|: { role: new }\n')).take('yor')).toBe('languages:\n  yor: { role: new }\n');
  });
  it('that are there are not offered again; those of the datasets come first', async () => {
    const { items } = await at('languages:\n  eng: { role: new, data: x }\n  |\n');
    const labels = [...items].sort((a, b) => (a.sortText! < b.sortText! ? -1 : 1)).map(({ label }) => label);
    expect(labels).not.toContain('eng');
    expect(labels[0]).toBe('yor');
  });
  it('in replay.languages are the existing ones, in units.fitOn all', async () => {
    const text = 'languages:\n  eng: { role: existing, data: x }\n  yor: { role: new, data: x }\n';
    expect((await at(`${text}replay: { languages: [|] }`)).labels).toEqual(['eng']);
    expect((await at(`${text}units: { fitOn: [yor, |] }`)).labels).toEqual(['eng']);
    expect((await at(`${text}units: { fitOn: | }`)).labels).toEqual(['all', 'new', 'existing', '[eng, yor]']);
  });
});

describe('data and models', () => {
  it('are the datasets of that language, then folders and manifests', async () => {
    const { labels, take } = await at('languages:\n  yor: { role: new, data: | }');
    expect(labels).toEqual(['dataset:yor-cv', 'models/', 'speech/']);
    expect(take('dataset:yor-cv')).toBe('languages:\n  yor: { role: new, data: dataset:yor-cv }');
  });
  it('below a folder are what it holds, quoted where YAML needs it', async () => {
    const { labels, take } = await at('languages:\n  yor:\n    role: new\n    data: speech/|\n');
    expect(labels.sort()).toEqual(['#odd/', 'cv.tsv', 'yor/']);
    expect(take('#odd/')).toContain('data: "speech/#odd"\n');
    expect((await at('languages:\n  yor: { role: new, data: ["speech/|"] }')).take('#odd/')).toContain(
      '["speech/#odd"]',
    );
  });
  it('models by name and by folder', async () => {
    expect((await at('base:\n  model: |\n')).labels).toEqual(['model:small', 'models/', 'speech/']);
    expect((await at('base:\n  model: models/|\n')).take('my base/')).toBe('base:\n  model: models/my base\n');
    expect((await at('base:\n  head: |\n')).labels.sort()).toEqual(['head.safetensors', 'models/', 'speech/']);
  });
});

describe('the list of datasets', () => {
  const list = 'milore.datasets.yaml';
  it('gets keys, entries, languages, layouts and paths', async () => {
    expect((await at('|', list)).labels).toEqual(['datasets', 'models']);
    expect((await at('datasets:\n  |', list)).take('new dataset')).toBe('datasets:\n  name: { language: , path:  }');
    expect((await at('datasets:\n  a: { | }', list)).labels).toEqual([
      'language',
      'path',
      'layout',
      'tiers',
      'unannotated',
      'text',
      'licence',
    ]);
    expect((await at('datasets:\n  a: { language: Yoru| }', list)).labels[0]).toBe('yor');
    expect((await at('datasets:\n  a: { layout: | }', list)).labels).toContain('kaldi');
    expect((await at('datasets:\n  a: { path: speech/| }', list)).labels).toContain('yor/');
    expect((await at('datasets:\n  a: { path: | }', list)).labels).toEqual(['models/', 'speech/']);
  });
});

it('an experiment written by completions alone is an experiment', async () => {
  let text = (await at('|')).take('base');
  text = `${text.trimEnd()} |\n`;
  text = `${(await at(text)).take('model:small')}|`;
  text = (await at(text)).take('languages').replace('eng: ', '');
  text = (await at(`${text.trimEnd()}\n  Yoruba|`)).take('yor').replace('existing', 'new');
  text = (await at(text.replace('data: ', 'data: |'))).take('dataset:yor-cv');
  expect(parseExperiment(text, 'x.milore.yaml').problems, text).toEqual([]);
});

describe('a sweep', () => {
  const good = 'base: { model: x }\nlanguages:\n  yor: { role: new, data: y }\n';

  it('varies the experiment’s own keys, by their whole names', async () => {
    const { labels, take } = await at(`${good}sweep:\n  keys:\n    adapter.ra|\n`);
    expect(labels).toContain('adapter.rank');
    expect(labels).not.toContain('seed');
    expect(take('adapter.rank')).toContain('    adapter.rank: []\n');
    expect((await at(`${good}sweep:\n  points:\n    a: { | }\n`)).labels).toContain('training.steps');
    const ranges = (await at(`${good}sweep:\n  ranges:\n    |\n`)).labels;
    expect(ranges).toContain('training.learningRate');
    expect(ranges).not.toContain('adapter.kind');
  });

  it('offers methods by name, and each once', async () => {
    const { labels } = await at(`${good}sweep: { presets: [lora, |] }\n`);
    expect(labels).toContain('full+replay');
    expect(labels).not.toContain('lora');
  });
});
