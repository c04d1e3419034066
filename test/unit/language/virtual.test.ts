import { expect, it } from 'vitest';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { complete } from '../../../extension/language/completion.ts';
import { problemsOf } from '../../../extension/language/diagnostics.ts';
import { grammarOf } from '../../../extension/language/grammar.ts';
import { translator } from '../../../extension/language/words.ts';
import { type Editor, pathOf, uriOf, Workspace } from '../../../extension/language/workspace.ts';

const origin = 'vscode-vfs://github/someone/speech';
const text =
  'base: { model: model:small }\nlanguages:\n  yor: { role: new, data: [dataset:cv, "data/yor cv", data/yro] }\n';
const files: Record<string, string> = {
  'milore.datasets.yaml': 'datasets:\n  cv: { language: yor, path: data/yor cv }\nmodels:\n  small: { path: base }\n',
  'base/config.json': '{ "model_type": "hubert" }',
  'data/yor cv/a.wav': '',
  'exp/x.milore.yaml': text,
};

/** A repository that is on no disk: its files are reached by the URIs of its own file system alone. */
const editor: Editor = {
  open: () => undefined,
  async look(uri) {
    const path = decodeURIComponent(uri).replace(origin, '').replace(/^\//, '');
    if (!uri.startsWith('vscode-vfs://github/')) throw new Error(`asked of another file system: ${uri}`);
    if (Object.hasOwn(files, path)) return 'file';
    return path === '' || Object.keys(files).some((name) => name.startsWith(`${path}/`)) ? 'folder' : null;
  },
  async list(uri) {
    const folder = decodeURIComponent(uri)
      .replace(`${origin}`, '')
      .replace(/^\/|\/$/g, '');
    const below = Object.keys(files).filter((name) => folder === '' || name.startsWith(`${folder}/`));
    const names = new Set(below.map((name) => name.slice(folder ? folder.length + 1 : 0).split('/')[0]));
    return [...names].map((name) => ({ name, kind: name.includes('.') ? ('file' as const) : ('folder' as const) }));
  },
  async read(uri) {
    return files[decodeURIComponent(uri).replace(`${origin}/`, '')];
  },
  experiments: async () => [`${origin}/exp/x.milore.yaml`],
};

it('a virtual workspace is checked, completed and measured through the editor’s own file system', async () => {
  const uri = `${origin}/exp/x.milore.yaml`;
  const workspace = new Workspace(editor);
  const moved = text.replaceAll('data/y', '../data/y');
  const problems = await problemsOf(moved, pathOf(uri), grammarOf(uri), workspace.files(uri));
  expect(problems.map(({ code, why, cure }) => [code, why, cure])).toEqual([
    [
      'config.path-missing',
      '/someone/speech/data/yro does not exist.',
      '/someone/speech/data holds yor cv. Paths are relative to the experiment file.',
    ],
  ]);
  const document = TextDocument.create(uri, 'milore', 1, 'base: { model: ../');
  const { items } = await complete(document, { line: 0, character: 18 }, grammarOf(uri), workspace, translator({}));
  expect(items.map(({ label }) => label)).toEqual(['base/', 'data/', 'exp/']);
  expect((await workspace.shape(uri, 'model:small'))?.hidden).toBe(768);
});

it('a file that is not saved yet has no paths to be checked', async () => {
  const uri = 'untitled:Untitled-1';
  const workspace = new Workspace(editor);
  expect(await problemsOf(text, pathOf(uri), grammarOf(uri), workspace.files(uri))).toEqual([]);
  expect(await workspace.shape(uri, 'base')).toBeUndefined();
});

it('paths and URIs are one, whatever stands in them', () => {
  for (const name of ['a b', 'ü#?%&', "it's", '100%', 'a:b', '日本']) {
    expect(pathOf(uriOf(`/w/${name}`, 'file:///x'))).toBe(`/w/${name}`);
    expect(pathOf(uriOf(`/w/${name}`, `${origin}/x`))).toBe(`/w/${name}`);
  }
  expect(uriOf('/w/a b', `${origin}/x`)).toBe('vscode-vfs://github/w/a%20b');
  expect(pathOf('memfs:/a/b')).toBe('/a/b');
});
