import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { messageOf, problemsOf, toDiagnostic } from '../../../extension/language/diagnostics.ts';
import { fixes } from '../../../extension/language/fixes.ts';
import { loadExperiment } from '../../../sidecar/config/resolve.ts';
import { type Problem, UserError } from '../../../sidecar/errors.ts';
import { opened } from '../../support/editor.ts';

let folder: string;
const list = `datasets:
  yor-cv: { language: yor, path: speech/yor }
  gone: { language: yor, path: speech/yro }
models:
  small: { path: models/base }
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'milore-faults-'));
  await mkdir(join(folder, 'models', 'base'), { recursive: true });
  await mkdir(join(folder, 'speech', 'yor'), { recursive: true });
  await mkdir(join(folder, 'speech', 'eng'));
  await writeFile(join(folder, 'a.tsv'), '');
  await writeFile(join(folder, 'milore.datasets.yaml'), list);
});
afterAll(() => rm(folder, { recursive: true }));

const good = 'base: { model: models/base }\nlanguages:\n  yor: { role: new, data: speech/yor }\n';

const faulty: Record<string, string> = {
  nothing: '',
  'not YAML': 'base: {\n',
  'tabs and a second document': 'base:\n\tmodel: x\n---\nseed: 1\n',
  'an unknown key': `${good}sede: 1\n`,
  'an unknown key far below': `${good}adapter:\n  router:\n    kynd: dense\n`,
  'two keys of one name': `${good}seed: 1\nseed: 2\n`,
  'a wrong word and a number out of range': `${good}device: gpu\nadapter: { rank: 0 }\n`,
  'missing keys': 'base: {}\nlanguages:\n  yor: { role: new }\n',
  'wrong language codes':
    'base: { model: models/base }\nlanguages:\n  en: { role: new, data: speech/eng }\n  Yoruba: { role: new, data: speech/yor }\n',
  'codes in lists': `${good}replay: { languages: [en, yor] }\nunits: { fitOn: [eng] }\n`,
  'rules over several keys': `${good}adapter: { targets: [q, q], router: { kind: top-k, k: 9 } }\naudio: { minSeconds: 20 }\n`,
  'paths that are missing':
    'base: { model: models/bsae, head: models }\nlanguages:\n  yor: { role: new, data: [speech/yor, speech/egn, a.tsb] }\n',
  'a file for a folder': 'base: { model: a.tsv }\nlanguages:\n  yor:\n    role: new\n    data: speech/yor\n',
  'names that no list has':
    'base: { model: model:smal }\nlanguages:\n  yor: { role: new, data: [dataset:yor-c, speech/yor] }\n',
  'a dataset of another language':
    'base: { model: model:small }\nlanguages:\n  eng: { role: new, data: dataset:yor-cv }\n',
  'a dataset whose folder is gone':
    'base: { model: model:small }\nlanguages:\n  yor: { role: new, data: dataset:gone }\n',
  'a model where data belongs':
    'base: { model: dataset:yor-cv }\nlanguages:\n  yor: { role: new, data: model:small }\n',
  'an absolute path and one from home':
    'base: { model: /no/such/model }\nlanguages:\n  yor: { role: new, data: ~/no-such-audio-here }\n',
  'lines that end as on Windows': `${good.replaceAll('\n', '\r\n')}sede: 1\r\ndevice: gpu\r\n`,
};

const told = (problems: readonly Problem[]) =>
  problems.map((problem) => [
    problem.code,
    problem.place?.file,
    problem.place?.line,
    problem.place?.column,
    messageOf(problem),
  ]);

describe('the editor tells of a file what `milore train` tells of it:', () => {
  it.each(Object.entries(faulty))('%s', async (_, text) => {
    const file = join(folder, 'x.milore.yaml');
    await writeFile(file, text);
    const { uri, grammar, workspace } = opened(file, text, folder);
    const error = await loadExperiment(file).catch((caught) => caught);
    expect(error).toBeInstanceOf(UserError);
    const problems = await problemsOf(text, file, grammar, workspace.files(uri));
    expect(problems.length).toBeGreaterThan(0);
    expect(told(problems)).toEqual(told(error.problems));
  });

  it('nothing, where nothing is wrong', async () => {
    const file = join(folder, 'x.milore.yaml');
    await writeFile(file, good);
    const { uri, grammar, workspace } = opened(file, good, folder);
    await loadExperiment(file);
    expect(await problemsOf(good, file, grammar, workspace.files(uri))).toEqual([]);
  });
});

it('the list of datasets is checked as well, with the paths that it names', async () => {
  const text = `${list}  other: { path: a.tsv }\nsets: {}\n`;
  const { uri, grammar, workspace, document, tree } = opened(join(folder, 'milore.datasets.yaml'), text, folder);
  const problems = await problemsOf(text, join(folder, 'milore.datasets.yaml'), grammar, workspace.files(uri));
  const shown = problems.map((problem) => {
    const { code, range } = toDiagnostic(problem, document, tree);
    return [code, document.getText(range)];
  });
  expect(shown).toEqual([
    ['config.unknown-key', 'sets'],
    ['config.path-missing', 'speech/yro'],
    ['config.path-missing', 'a.tsv'],
  ]);
});

describe('a fault is underlined as far as it goes, and one click cures it:', () => {
  const cured = async (text: string, underlined: string) => {
    const { uri, document, tree, grammar, workspace, t } = opened(join(folder, 'x.milore.yaml'), text, folder);
    const problems = await problemsOf(text, join(folder, 'x.milore.yaml'), grammar, workspace.files(uri));
    const diagnostics = problems.map((problem) => toDiagnostic(problem, document, tree));
    const here = diagnostics.filter(({ range }) => document.getText(range) === underlined);
    expect(here, diagnostics.map(({ range }) => document.getText(range)).join(' | ')).toHaveLength(1);
    const actions = await fixes(document, tree, here, grammar, workspace, t);
    return actions.map(
      ({ edit, command }) => edit?.changes?.[uri][0].newText ?? `${command?.command} ${command?.arguments}`,
    );
  };
  it.each([
    [`${good}sede: 1\n`, 'sede', ['seed']],
    [`${good}adapter:\n  router:\n    kynd: dense\n`, 'kynd', ['kind']],
    [`${good}device: cudda\n`, 'cudda', ['cuda']],
    [good.replace('yor:', 'en:'), 'en', ['eng']],
    [good.replace('yor:', 'Yoruba:'), 'Yoruba', ['yor']],
    [good.replace('yor:', 'zh:'), 'zh', ['zho', 'cmn']],
    [`${good}replay: { languages: [en] }\n`, 'en', ['eng']],
    [good.replace('models/base', 'modles/base'), 'modles/base', ['models/base']],
    [good.replace('models/base', '"models/bsae"'), '"models/bsae"', ['models/base']],
    [good.replace('speech/yor', 'dataset:yor-c'), 'dataset:yor-c', ['dataset:yor-cv', 'milore.dataset.add yor-c']],
    [good.replace('speech/yor', 'dataset:unheard-of'), 'dataset:unheard-of', ['milore.dataset.add unheard-of']],
    [good.replace('models/base', 'model:smal'), 'model:smal', ['model:small', 'milore.model.add smal']],
    [`${good}hours: 3\n`, 'hours', ['']],
  ])('%j', async (text, underlined, expected) => expect(await cured(text, underlined)).toEqual(expected));
});

describe('every fault that one thing cures has a cure that cures it:', () => {
  const check = async (text: string) => {
    const about = opened(join(folder, 'x.milore.yaml'), text, folder);
    const { uri, document, tree, grammar, workspace } = about;
    const problems = await problemsOf(text, join(folder, 'x.milore.yaml'), grammar, workspace.files(uri));
    return { ...about, problems, diagnostics: problems.map((problem) => toDiagnostic(problem, document, tree)) };
  };
  const both = `${good}  eng: { role: existing, data: speech/yor }\n`;
  it.each<[code: string, text: string, result?: string]>([
    ['config.unknown-key', `${good}hours: 3\n`, good],
    ['config.unknown-key', good.replace('role: new', 'zzzzzz: 3, role: new'), good],
    ['config.wrong-value', `${good}seed: many\n`, `${good}seed: 1\n`],
    ['config.wrong-value', `${good}name: 12\n`, `${good}name: "12"\n`],
    ['config.wrong-value', `${good}training:\n  steps: 0\n`, `${good}training:\n  steps: 1000\n`],
    ['config.missing-key', good.replace('role: new, ', '')],
    ['config.missing-key', good.replace(/base:.*\n( {2}model:.*\n)?/, ''), undefined],
    ['config.duplicate-key', `${good}seed: 1\nseed: 2\n`, `${good}seed: 1\n`],
    ['config.rule', `${good}replay: { fraction: 0.5 }\n`, `${good}replay: { fraction: 0 }\n`],
    ['config.rule', `${good}replay: { languages: [yor], fraction: 0 }\n`],
    ['config.rule', `${good}units: { fitOn: existing }\n`, `${good}units: { fitOn: all }\n`],
    ['config.rule', `${good}units:\n  fitOn:\n    - deu\n`],
    ['config.rule', `${both}units: { fitOn: [yor, deu] }\n`, `${both}units: { fitOn: [yor] }\n`],
    ['config.rule', `${good}adapter: { targets: [] }\n`],
    ['config.rule', `${good}adapter: { targets: [q, k, q] }\n`, `${good}adapter: { targets: [q, k] }\n`],
    ['config.rule', `${good}adapter: { experts: 2, router: { kind: top-k, k: 3 } }\n`],
    ['config.rule', `${good}adapter:\n  experts: 1\n  router:\n    kind: top-k\n`],
    ['config.rule', `${good}training: { l2ToStart: 1 }\n`],
    ['config.rule', `${good}compute: int8\ndevice: webgpu\n`],
    ['config.rule', `${good}audio: { minSeconds: 20 }\n`],
    ['config.rule', `${good}audio: { joinSeconds: 20 }\n`],
    ['config.rule', `${good}stages:\n  - add: [yor]\n  - add: [yor]\n`, `${good}stages:\n  - add: [yor]\n`],
    ['config.rule', `${good}stages: [{ add: [yor, deu] }]\n`, `${good}stages: [{ add: [yor] }]\n`],
    ['config.rule', `${both}stages: [{ add: [yor, eng] }]\n`],
    ['config.rule', `${good}stages: [{ add: [yor], replay: { languages: [deu] } }]\n`],
    ['config.reference-kind', good.replace('models/base', 'dataset:small')],
    ['config.path-missing', good.replace('models/base', 'somewhere/quite/else')],
    ['config.path-missing', good.replace('speech/yor', '/nowhere/at/all')],
  ])('%s in %j', async (code, text, result) => {
    const { document, tree, grammar, workspace, t, problems, diagnostics } = await check(text);
    expect(problems.map((problem) => problem.code)).toEqual([code]);
    const [action] = await fixes(document, tree, diagnostics, grammar, workspace, t);
    const [edit] = Object.values(action.edit?.changes ?? {}).flat();
    const after =
      text.slice(0, document.offsetAt(edit.range.start)) + edit.newText + text.slice(document.offsetAt(edit.range.end));
    if (result !== undefined) expect(after).toBe(result);
    expect((await check(after)).problems).toEqual([]);
  });

  it('an empty file is filled in step by step', async () => {
    const { document, tree, grammar, workspace, t, diagnostics } = await check('');
    const [action] = await fixes(document, tree, diagnostics, grammar, workspace, t);
    expect(action.command?.command).toBe('milore.newExperiment');
  });
});

describe('a sweep', () => {
  const problems = async (name: string, text: string) => {
    const { grammar, files } = await surroundings(name, text);
    return (await problemsOf(text, join(folder, name), grammar, files)).map(
      ({ code, place }) => `${place?.line}:${place?.column} ${code}`,
    );
  };
  const surroundings = async (name: string, text: string) => {
    const { grammar, workspace, document } = opened(join(folder, name), text, folder);
    return { grammar, files: workspace.files(document.uri) };
  };

  it('tells a point that is no valid experiment at its line', async () => {
    const text = `${good}sweep:\n  keys:\n    adapter.rank: [4, 1000]\n`;
    expect(await problems('x.milore.yaml', text)).toEqual(['6:23 config.wrong-value']);
  });

  it('in a file of its own, tells a missing experiment, and the points of one that is there', async () => {
    await writeFile(join(folder, 'there.milore.yaml'), good);
    const sweep = (of: string) => `sweep:\n  experiment: ${of}\n  points: { a: { adapter.rnk: 4 } }\n`;
    expect(await problems('s.milore.yaml', sweep('gone.milore.yaml'))).toEqual(['2:15 config.path-missing']);
    expect(await problems('s.milore.yaml', sweep('there.milore.yaml'))).toEqual(['3:31 config.unknown-key']);
  });
});
