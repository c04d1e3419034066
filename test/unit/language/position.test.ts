import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { complete } from '../../../extension/language/completion.ts';
import { problemsOf, toDiagnostic } from '../../../extension/language/diagnostics.ts';
import { hover } from '../../../extension/language/hover.ts';
import { cursorAt, siblingsOf } from '../../../extension/language/position.ts';
import { renameable, renameIn } from '../../../extension/language/rename.ts';
import { symbols } from '../../../extension/language/symbols.ts';
import { Tree } from '../../../extension/language/tree.ts';
import { keyedRandom } from '../../../sidecar/random.ts';
import { opened } from '../../support/editor.ts';

const file = resolve('extension/sample/add-two-languages.milore.yaml');
const sample = readFileSync(file, 'utf8');

const cursor = (marked: string) => {
  const found = cursorAt(marked.replace('|', ''), marked.indexOf('|'));
  return found && `${found.at} ${found.path.join('.')} "${found.word}"${found.flow ? ' flow' : ''}${found.quote}`;
};

describe('the place of a cursor', () => {
  it.each([
    ['|', 'value  ""'],
    ['ba|', 'value  "ba"'],
    ['name: x\nba|', 'key  "ba"'],
    ['adapter:\n  rank: 8\n  |\n', 'key adapter ""'],
    ['adapter:\n  |\n  rank: 8\n', 'value adapter ""'],
    ['adapter:\n  router:\n    k: |2\n', 'value adapter.router.k ""'],
    ['adapter:\n  targets:\n  - fc1\n  - f|\n', 'value adapter.targets.1 "f"'],
    ['languages:\n  yor: { data: "spe|ech", role: new }\n', 'value languages.yor.data "spe" flow"'],
    ["base:\n  model: 'a b|\n", 'value base.model "a b"\''],
    ['base: { model: x }\nlanguages: { eng: { da|', 'key languages.eng "da" flow'],
    ['base: [1, 2\nname: |x', 'value name ""'],
    ['\tname: |', 'value name ""'],
    ['name: x # c|', undefined],
    ['name: |-\n  x|\n'.replace('|-', '>-'), undefined],
  ])('%j', (text, expected) => expect(cursor(text)).toBe(expected));

  it('knows what stands beside a word that would swallow the next line', () => {
    const text = 'a:\n  b: 1\n  c\n  d: 2\n';
    const found = cursorAt(text, text.indexOf('c') + 1)!;
    expect([...siblingsOf(text, found, ['a'])]).toEqual(['b', 'd']);
  });
});

it('no prefix of the sample and no cursor in it throws, and none is told another place than its line allows', async () => {
  const { grammar, workspace, t } = opened(file, '', resolve('extension/sample'));
  for (let end = 0; end <= sample.length; end++) {
    const prefix = sample.slice(0, end);
    const { document } = opened(file, prefix, '');
    const tree = new Tree(prefix);
    const position = document.positionAt(end);
    const { items } = await complete(document, position, grammar, workspace, t);
    for (const item of items) expect(item.label).toBeTypeOf('string');
    await hover(document, tree, position, grammar, workspace, t);
    renameable(document, tree, position, grammar);
    symbols(document, tree, grammar);
    for (const problem of await problemsOf(prefix, file, grammar)) {
      const { range } = toDiagnostic(problem, document, tree);
      expect(document.offsetAt(range.end)).toBeGreaterThanOrEqual(document.offsetAt(range.start));
      expect(range.start.line).toBeLessThan(document.lineCount);
    }
  }
}, 120_000);

it('no cursor anywhere in the whole sample throws', () => {
  for (let offset = 0; offset <= sample.length; offset++) {
    const found = cursorAt(sample, offset);
    if (found) siblingsOf(sample, found, found.path);
  }
});

it('no damage to the sample throws: cut, doubled, and strewn with YAML’s own signs', async () => {
  const random = keyedRandom('language', 'fuzz');
  const below = (most: number) => Math.floor(random() * most);
  const signs = [
    '{',
    '}',
    '[',
    ']',
    ':',
    '- ',
    '? ',
    '#',
    '"',
    "'",
    '|',
    '>',
    '&a ',
    '*a',
    '!!x ',
    '\t',
    '\n',
    '---\n',
    '%',
    '@',
    '\u0000',
    '\ue000',
    '😀',
  ];
  const { grammar, workspace, t } = opened(file, '', resolve('extension/sample'));
  for (let round = 0; round < 400; round++) {
    let text = sample;
    for (let i = 0; i <= below(6); i++) {
      const at = below(text.length);
      const cut = below(3) === 0 ? below(60) : 0;
      text = text.slice(0, at) + signs[below(signs.length)] + text.slice(at + cut);
    }
    const { document } = opened(file, '', '');
    const offset = below(text.length);
    const damaged = (await import('vscode-languageserver-textdocument')).TextDocument.create(document.uri, '', 1, text);
    const tree = new Tree(text);
    await complete(damaged, damaged.positionAt(offset), grammar, workspace, t);
    await hover(damaged, tree, damaged.positionAt(offset), grammar, workspace, t);
    symbols(damaged, tree, grammar);
    renameIn(text, grammar, { kind: 'dataset', name: 'fin-udhr' }, 'x');
    for (const problem of await problemsOf(text, file, grammar)) toDiagnostic(problem, damaged, tree);
  }
}, 120_000);

it('a text too large or too deep is left alone at once', () => {
  const begin = performance.now();
  for (const text of ['['.repeat(900_000), `a: ${'x'.repeat(1_100_000)}`, '- '.repeat(400_000)]) {
    expect(cursorAt(text, text.length)).toBeUndefined();
    expect(new Tree(text).entries).toEqual([]);
  }
  expect(performance.now() - begin).toBeLessThan(2000);
});
