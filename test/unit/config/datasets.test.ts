import { describe, expect, it } from 'vitest';
import { parseDatasets } from '../../../sidecar/config/datasets.ts';
import {
  addDataset,
  addModel,
  freeName,
  removeDataset,
  removeModel,
  renameDataset,
} from '../../../sidecar/config/datasets-edit.ts';

const sample = `# ours
datasets:
  # recorded in Ibadan
  yoruba-radio: { language: yor, path: recordings/yoruba, layout: plain } # 3 h

  digits:
    language: eng
    path: eng # the old disk

models:
  mhubert-147: { path: models/mhubert-147, source: utter-project/mHuBERT-147, revision: abc } # pinned
`;
const parse = (text: string) => parseDatasets(text, 'milore.datasets.yaml');

describe('the list of datasets', () => {
  it('gives entries with the place of their names', () => {
    const { datasets, models, problems } = parse(sample);
    expect(problems).toEqual([]);
    expect({ ...datasets }).toEqual({
      'yoruba-radio': {
        language: 'yor',
        path: 'recordings/yoruba',
        layout: 'plain',
        place: { file: 'milore.datasets.yaml', line: 4, column: 3 },
      },
      digits: { language: 'eng', path: 'eng', place: { file: 'milore.datasets.yaml', line: 6, column: 3 } },
    });
    expect(models['mhubert-147']).toMatchObject({ source: 'utter-project/mHuBERT-147', revision: 'abc' });
  });

  it.each(['', '# nothing yet\n', 'datasets:\nmodels:\n', '---\n'])('may be empty: %j', (text) => {
    expect(parse(text)).toMatchObject({ problems: [] });
  });

  it('names every fault at its place with its cure, and keeps the entries beside it', () => {
    const { datasets, problems } = parse(`datasets:
  a: { langauge: yor, path: x }
  b: { language: yo, path: 7 }
  good: { language: yor, path: x }
  c: { language: yo, path: x, layout: kaldy }
  d: { language: zh, path: x }
dataset: {}
models: [base]
`);
    expect(Object.keys(datasets)).toEqual(['good']);
    const told = problems.map(({ code, place, cure }) => `${place?.line}:${place?.column} ${code} ${cure}`);
    expect(told).toEqual([
      expect.stringMatching(/^2:3 config\.missing-key Write it/),
      expect.stringMatching(/^2:8 config\.unknown-key Did you mean datasets\.a\.language\?/),
      expect.stringMatching(/^3:28 config\.wrong-value Allowed: path\./),
      expect.stringMatching(/^5:39 config\.wrong-value Did you mean kaldi\?/),
      expect.stringMatching(/^6:18 config\.language-code Write zho \(Chinese\) or cmn/),
      expect.stringMatching(/^7:1 config\.unknown-key Did you mean datasets\?/),
      expect.stringMatching(/^8:9 config\.wrong-value/),
    ]);
  });

  it('takes hostile names as names', () => {
    const { datasets, problems } = parse(
      'datasets:\n  __proto__: { language: eng, path: a }\n  constructor: { language: eng, path: b }\n  "<img src=x onerror=alert(1)>": { language: eng, path: "c\\nd\'\\"" }\n',
    );
    expect(problems).toEqual([]);
    expect(Object.keys(datasets)).toEqual(['__proto__', 'constructor', '<img src=x onerror=alert(1)>']);
    expect(Object.getPrototypeOf(datasets)).toBeNull();
    expect(parse('__proto__: 1\n').problems[0].code).toBe('config.unknown-key');
  });

  it('refuses names that cannot be seen or are too long', () => {
    const { problems, datasets } = parse(
      `datasets:\n  "a\\u202eb": { language: eng, path: a }\n  ${'x'.repeat(101)}: { language: eng, path: a }\n  "": { language: eng, path: a }\n  " x": { language: eng, path: a }\n`,
    );
    expect(problems.map(({ code }) => code)).toEqual(Array(4).fill('config.name'));
    expect(Object.keys(datasets)).toEqual([]);
  });

  it.each(['[', '- a', 'a', '{{{', '*x', '\u0000', `${'{a: '.repeat(5000)}`, 'datasets: 1', '? [a]\n: b'])(
    'never throws: %j',
    (text) => {
      const { problems } = parse(text.slice(0, 20000));
      expect(problems.length).toBeGreaterThan(0);
      for (const { tried, place } of problems) {
        expect(tried).not.toContain('experiment');
        expect(place?.file).toBe('milore.datasets.yaml');
      }
    },
  );
});

describe('an edit of the list', () => {
  const entry = { language: 'wya', path: 'data/wya', layout: 'fairseq' as const };

  it('adds one line and leaves every other as it was', () => {
    const text = addDataset(sample, 'wyandot', entry);
    const line = '  wyandot: { language: wya, path: data/wya, layout: fairseq }\n';
    expect(text).toBe(sample.replace('    path: eng # the old disk\n', (found) => found + line));
    const model = addModel(sample, 'large', { path: 'models/large' });
    expect(model).toBe(`${sample}  large: { path: models/large }\n`);
  });

  it('begins a file, a section, and a section that is empty', () => {
    const begun = addDataset('', 'wyandot', entry);
    expect(begun).toMatch(/^# milore\.datasets\.yaml: .*\ndatasets:\n {2}wyandot: \{ language: wya, /);
    const both = addModel(begun, 'base', { path: 'm' });
    expect(both).toBe(`${begun}models:\n  base: { path: m }\n`);
    expect(parse(addDataset('# mine\ndatasets:\n', 'x', entry))).toMatchObject({
      problems: [],
      datasets: { x: entry },
    });
    expect(addDataset('# mine\ndatasets:\n', 'x', entry)).toContain('# mine');
  });

  it('keeps the form that it finds: braces, CRLF, no last line break, deep indentation', () => {
    const flow = addDataset('datasets: { a: { language: eng, path: b } } # all\n', 'x', entry);
    expect(parse(flow)).toMatchObject({ problems: [], datasets: { a: { path: 'b' }, x: entry } });
    expect(flow).toContain('# all');
    const crlf = addDataset('datasets:\r\n  a: { language: eng, path: b }', 'x', entry);
    expect(crlf).toBe(
      'datasets:\r\n  a: { language: eng, path: b }\r\n  x: { language: wya, path: data/wya, layout: fairseq }\r\n',
    );
    const deep = addDataset('datasets:\n        a: { language: eng, path: b }\n', 'x', entry);
    expect(deep.split('\n')[2]).toMatch(/^ {8}x: /);
  });

  it('writes hostile names and paths so that they are read back', () => {
    for (const name of [
      '__proto__',
      '<img src=x onerror=alert(1)>',
      'a: b',
      '#x',
      '"quoted\'',
      '- y',
      'null',
      '7',
      '{',
      'é ü',
    ]) {
      const path = 'C:\\x\n"y" \'z\' # {q}';
      for (const before of ['', sample, 'datasets: {}\n']) {
        const text = addDataset(before, name, { language: 'eng', path });
        const read = parse(text);
        expect(read.problems).toEqual([]);
        expect(read.datasets[name]).toMatchObject({ language: 'eng', path });
        expect(Object.keys(parse(removeDataset(text, name)).datasets)).toEqual(Object.keys(parse(before).datasets));
      }
      expect(parse(renameDataset(sample, 'digits', name)).datasets[name]).toMatchObject({ path: 'eng' });
    }
  });

  it('removes an entry with its lines alone', () => {
    expect(removeDataset(sample, 'digits')).toBe(
      sample.replace('  digits:\n    language: eng\n    path: eng # the old disk\n', ''),
    );
    const one = removeDataset(removeDataset(sample, 'digits'), 'yoruba-radio');
    expect(one).toContain('# ours');
    expect(one).toContain('mhubert-147: { path: models/mhubert-147');
    expect(parse(one)).toMatchObject({ problems: [], models: { 'mhubert-147': {} } });
    const none = removeModel(one, 'mhubert-147');
    expect(parse(none)).toMatchObject({ problems: [] });
    expect(Object.keys(parse(none).models)).toEqual([]);
    expect(addDataset(none, 'x', entry)).toContain('x: {');
  });

  it('renames the key alone', () => {
    expect(renameDataset(sample, 'digits', 'numbers')).toBe(sample.replace('  digits:', '  numbers:'));
    expect(renameDataset('datasets: { a: {language: eng,path: b} }', 'a', 'c, d')).toBe(
      'datasets: { "c, d": {language: eng,path: b} }',
    );
  });

  it('refuses a taken name, an absent entry, an impossible name, and a list that cannot be read', () => {
    expect(() => addDataset(sample, 'digits', entry)).toThrow(/has one of that name/);
    expect(() => renameDataset(sample, 'digits', 'yoruba-radio')).toThrow(/has one of that name/);
    expect(() => removeDataset(sample, 'mhubert-147')).toThrow(/has none of that name/);
    expect(() => renameDataset(sample, 'x', 'y')).toThrow(/has none of that name/);
    expect(() => addDataset(sample, 'a\nb', entry)).toThrow(/cannot be seen/);
    expect(() => addDataset('datasets: [', 'a', entry)).toThrow(/cannot be read/);
  });

  it('finds a free name', () => {
    expect(freeName('yor', [])).toBe('yor');
    expect(freeName('yor', ['yor', 'yor-2'])).toBe('yor-3');
    expect(freeName('a\n b', [])).toBe('a-b');
    expect(freeName('\u202e', [])).not.toBe('');
  });
});
