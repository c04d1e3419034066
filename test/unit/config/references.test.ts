import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { eachOf } from '../../../sidecar/config/experiment.ts';
import { parseReference } from '../../../sidecar/config/references.ts';
import { findDatasets, loadExperiment } from '../../../sidecar/config/resolve.ts';
import { scratch } from '../../support/scratch.ts';

const temporary = scratch();

describe('names in an experiment', () => {
  let folder: string;
  const list = `datasets:
  radio: { language: yor, path: recordings/yoruba, layout: kaldi }
  chants: { language: yor, path: recordings/chants, layout: plain }
  digits: { language: eng, path: recordings/eng }
  lost: { language: eng, path: recordings/nowhere }
models:
  base: { path: models/base }
`;
  const experiment = async (text: string) => {
    const file = join(folder, 'experiments', 'x.milore.yaml');
    await writeFile(file, text);
    return loadExperiment(file).then(
      ({ experiment }) => experiment,
      (error) => error.problems,
    );
  };
  const withList = (text: string) => writeFile(join(folder, 'milore.datasets.yaml'), text);
  beforeAll(async () => {
    folder = temporary();
    for (const name of [
      'experiments',
      '.git',
      'models/base',
      'recordings/yoruba',
      'recordings/chants',
      'recordings/eng',
    ])
      await mkdir(join(folder, name), { recursive: true });
    await withList(list);
  });

  it('stand for the paths of the nearest list above, relative to it', async () => {
    const found = await experiment(`base: { model: model:base }
languages:
  yor: { role: new, data: dataset:radio }
  eng: { role: existing, data: [dataset:digits, ../recordings/chants] }
`);
    expect(found.base.model).toBe(join(folder, 'models/base'));
    expect(found.languages.yor).toMatchObject({ data: [join(folder, 'recordings/yoruba')], layout: 'kaldi' });
    expect(found.languages.eng.data).toEqual([join(folder, 'recordings/eng'), join(folder, 'recordings/chants')]);
    expect(found.languages.eng.layout).toBe('auto');
  });

  it('bring each its own licence and column of transcripts, unless the experiment names them', async () => {
    await withList(list.replace('layout: kaldi }', 'layout: kaldi, licence: CC BY 4.0, text: words }'));
    const text = (more: string) => `base: { model: ../models/base }
languages:
  yor: { role: new, data: [dataset:chants, dataset:radio]${more} }
`;
    const { yor } = (await experiment(text(''))).languages;
    expect([yor.licence, yor.text]).toEqual([
      ['', 'CC BY 4.0'],
      ['', 'words'],
    ]);
    expect(eachOf(yor, 'licence')).toEqual([undefined, 'CC BY 4.0']);
    expect((await experiment(text(', licence: MIT'))).languages.yor.licence).toBe('MIT');
    expect((await experiment(text(', text: [a, b]'))).languages.yor.text).toEqual(['a', 'b']);
    expect(JSON.stringify(await experiment(text(', licence: [MIT]')))).toContain('it lists 1 and data lists 2');
    await withList(list);
  });

  it('bring each its own layout, unless the experiment says one', async () => {
    const text = (layout: string) => `base: { model: ../models/base }
languages:
  yor: { role: new, data: [dataset:radio, dataset:chants, ../recordings/eng]${layout} }
`;
    expect((await experiment(text(''))).languages.yor.layout).toEqual(['kaldi', 'plain', 'auto']);
    expect((await experiment(text(', layout: tsv'))).languages.yor.layout).toBe('tsv');
    expect((await experiment(text(', layout: [auto, tsv, plain]'))).languages.yor.layout).toEqual([
      'kaldi',
      'tsv',
      'plain',
    ]);
    expect((await experiment(text(', layout: [auto, tsv]')))[0].why).toBe('it lists 2 and data lists 3.');
  });

  it('that are unknown, of another language or of another kind are all told, with place and cure', async () => {
    const problems = await experiment(`base: { model: model:bas }
languages:
  yor: { role: new, data: [dataset:radoi, dataset:digits] }
  eng:
    role: existing
    data: model:base
  fra: { role: new, data: "dataset:" }
`);
    expect(
      problems.map(({ code, place }: { code: string; place: { line: number; column: number } }) => [
        code,
        place.line,
        place.column,
      ]),
    ).toEqual([
      ['config.unknown-model', 1, 16],
      ['config.unknown-dataset', 3, 28],
      ['config.dataset-language', 3, 43],
      ['config.reference-kind', 6, 11],
      ['config.unknown-dataset', 7, 27],
    ]);
    expect(problems[0].cure).toMatch(/Did you mean model:base\? Add it to milore\.datasets\.yaml/);
    expect(problems[1].cure).toContain('Did you mean dataset:radio?');
    expect(problems[2].why).toContain('eng (English), and is used for yor');
  });

  it('whose folder is missing point at the list, not at the experiment', async () => {
    const [problem] = await experiment(`base: { model: model:base }
languages: { eng: { role: new, data: dataset:lost } }
`);
    expect(problem).toMatchObject({ code: 'config.path-missing', place: { line: 5, column: 3 } });
    expect(problem.place.file).toBe(join(folder, 'milore.datasets.yaml'));
    expect(problem.cure).toContain('relative to the list of datasets');
  });

  it('are looked up no higher than the folder with .git', async () => {
    const inner = join(folder, 'other');
    await mkdir(join(inner, '.git'), { recursive: true });
    expect(await findDatasets(inner)).toBeUndefined();
    expect((await findDatasets(join(folder, 'experiments')))?.file).toBe(join(folder, 'milore.datasets.yaml'));
  });

  it('a fault in the list is told where a name is not found, and stops no other experiment', async () => {
    await withList(list.replace('language: eng, path: recordings/eng ', 'language: english, path: recordings/eng '));
    const text = (name: string) =>
      `base: { model: model:base }\nlanguages: { ${name === 'radio' ? 'yor' : 'eng'}: { role: new, data: dataset:${name} } }\n`;
    expect((await experiment(text('radio'))).languages.yor).toBeDefined();
    const problems = await experiment(text('digits'));
    expect(problems[0]).toMatchObject({ code: 'config.language-code', cure: expect.stringContaining('eng (English)') });
    await withList(list);
  });

  it('are told from paths', () => {
    expect(parseReference('dataset:yor')).toEqual({ kind: 'dataset', name: 'yor' });
    expect(parseReference('model: a b ')).toEqual({ kind: 'model', name: 'a b' });
    for (const path of ['./dataset:yor', 'datasets:x', 'C:\\dataset:x', ''])
      expect(parseReference(path)).toBeUndefined();
  });
});

it('the sample’s experiments read the same audio in the same order as by its paths', async () => {
  for (const name of ['add-two-languages', 'without-replay']) {
    const { experiment } = await loadExperiment(resolve(`extension/sample/${name}.milore.yaml`));
    expect(experiment.base.model).toBe(resolve('extension/sample/base'));
    expect(Object.entries(experiment.languages).map(([code, { role, data }]) => [code, role, ...data])).toEqual(
      ['fin', 'vie', 'eng', 'deu', 'spa'].map((code) => [
        code,
        code === 'fin' || code === 'vie' ? 'new' : 'existing',
        resolve('extension/sample/speech', code),
      ]),
    );
  }
});
