import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import type { MarkupContent } from 'vscode-languageserver';
import { hover } from '../../../extension/language/hover.ts';
import { links } from '../../../extension/language/links.ts';
import { symbols } from '../../../extension/language/symbols.ts';
import { plain } from '../../../extension/language/words.ts';
import { uriOf } from '../../../extension/language/workspace.ts';
import { opened } from '../../support/editor.ts';

const root = resolve('extension/sample');

async function over(marked: string, name = 'x.milore.yaml'): Promise<string> {
  const { document, tree, position, grammar, workspace, t } = opened(resolve(root, name), marked, root);
  const found = await hover(document, tree, position, grammar, workspace, t);
  return ((found?.contents as MarkupContent | undefined)?.value ?? '').replace(/\\(.)/g, '$1');
}

it('a key tells meaning, unit, range, default and source', async () => {
  const told = await over('audio:\n  max|Seconds: 3\n');
  for (const part of ['audio.maxSeconds', 'equal length', 'above 0, up to 600', 'seconds', '15.6', 'Source: MiLorE'])
    expect(told).toContain(part);
  expect(await over('adapter: { router: { bal|ance: 1 } }')).toContain('Lamer-SSL (arXiv 2602.12746)');
  expect(await over('languages:\n  eng: { ro|le: new }')).toContain('required');
  expect(await over('training:\n  steps: 1\n|\n')).toBe('');
});

it('a value tells what its key does; a code its name; a dataset its folder', async () => {
  expect(await over('mask:\n  length: 1|0\n')).toContain('Length of a span');
  expect(await over('languages:\n  y|or: {}\n')).toContain('Yoruba');
  expect(await over('languages:\n  e|n: {}\n')).toMatch(/not an ISO 639-3 code.*eng.*English/);
  expect(await over('units: { fitOn: [vi|e] }')).toContain('Vietnamese');
  expect(await over('languages:\n  fin: { data: dataset:fin-|udhr }\n')).toMatch(
    /fin-udhr[\s\S]*speech\/fin[\s\S]*Finnish/,
  );
  expect(await over('languages:\n  fin: { data: dataset:gone| }\n')).toContain('in no milore.datasets.yaml');
  expect(await over('base: { model: model:sample|-base }')).toContain('Path: base');
  expect(await over('datasets:\n  my|set: { language: yor, path: a/b }\n', 'milore.datasets.yaml')).toMatch(
    /a\/b[\s\S]*Yoruba/,
  );
  expect(await over('datasets:\n  x: { lay|out: tsv }\n', 'milore.datasets.yaml')).toContain('auto looks at the files');
});

it('hostile names are shown as text', async () => {
  const nasty = '<img src=x onerror=alert(1)> [a](command:x) **b** `c`\u202e';
  const { document, tree, position, grammar, workspace, t } = opened(
    resolve(root, 'milore.datasets.yaml'),
    `datasets:\n  ${JSON.stringify(nasty).replace('img', 'i|mg')}: { language: ${JSON.stringify(nasty)}, path: "\\u003cb\\u003e" }\n`,
    root,
  );
  const found = await hover(document, tree, position, grammar, workspace, t);
  const { value } = found!.contents as MarkupContent;
  expect(value).not.toMatch(/(?<!\\)[<[`]/);
  expect(value).not.toContain('\u202e');
  expect(plain('a\nb')).toBe('a b');
});

it('paths and names lead to what they stand for, and only where it is there', async () => {
  const text = `base: { model: model:sample-base, head: base/head.safetensors }
languages:
  fin: { role: new, data: [dataset:fin-udhr, speech/fin, speech/nowhere] }
  vie: { role: new, data: speech/vie/manifest.tsv }
`;
  const { uri, document, tree, grammar, workspace, t } = opened(resolve(root, 'x.milore.yaml'), text, root);
  const found = await links(document, tree, grammar, workspace, t);
  expect(found.map(({ range, target }) => [document.getText(range), target?.replace(uriOf(root, uri), '')])).toEqual([
    ['model:sample-base', '/milore.datasets.yaml#L11,3'],
    ['base/head.safetensors', '/base/head.safetensors'],
    ['dataset:fin-udhr', '/milore.datasets.yaml#L7,3'],
    ['speech/fin', '/speech/fin/'],
    ['speech/vie/manifest.tsv', '/speech/vie/manifest.tsv'],
  ]);
});

it('the outline has sections and languages with their names', () => {
  const text = 'name: a\nlanguages:\n  fin: { role: new }\nadapter:\n  router:\n    k: 2\n';
  const { document, tree, grammar } = opened(resolve(root, 'x.milore.yaml'), text, root);
  const outline = symbols(document, tree, grammar);
  expect(outline.map(({ name, detail }) => [name, detail])).toEqual([
    ['name', 'a'],
    ['languages', undefined],
    ['adapter', undefined],
  ]);
  expect(outline[1].children).toMatchObject([{ name: 'fin', detail: 'Finnish', children: [{ name: 'role' }] }]);
  expect(outline[2].children?.[0].children).toMatchObject([{ name: 'k', detail: '2' }]);
});
