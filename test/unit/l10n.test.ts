import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clustersKeys } from '../../sidecar/config/clusters.ts';
import { datasetsKeys } from '../../sidecar/config/datasets.ts';
import { describeKeys } from '../../sidecar/config/describe.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8')) as Record<string, string>;

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'sample' ? [] : sources(path);
    return path.endsWith('.ts') ? [path] : [];
  });
}

/** The first argument of every `l10n.t(…)` and `t(…)`: a literal, or several joined by `+`. */
function wordsOf(source: string): string[] {
  const literal = /\s*('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\$]|\\.)*`)/y;
  const found: string[] = [];
  for (const call of source.matchAll(/(?<![\w.])(?:vscode\.)?(?:l10n\.)?t\(/g)) {
    let at = call.index + call[0].length;
    let text = '';
    for (;;) {
      literal.lastIndex = at;
      const match = literal.exec(source);
      if (!match) break;
      text += unquote(match[1]);
      at = literal.lastIndex;
      const plus = /\s*\+/y;
      plus.lastIndex = at;
      if (!plus.test(source)) break;
      at = plus.lastIndex;
    }
    if (text) found.push(text);
  }
  return found;
}

const unquote = (quoted: string) =>
  quoted
    .slice(1, -1)
    .replace(/\\(u[\da-f]{4}|.)/gi, (_, escaped: string) =>
      escaped.length > 1
        ? String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
        : escaped === 'n'
          ? '\n'
          : escaped,
    );

const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

const words = [
  ...new Set(
    ['extension', 'webview', 'sidecar/protocol']
      .flatMap(sources)
      .flatMap((file) => wordsOf(readFileSync(join(root, file), 'utf8'))),
  ),
];

/** What the schema says of each key: shown on hover, so it is translated too. */
const meanings = [...describeKeys(), ...datasetsKeys.rows(), ...clustersKeys.rows()].flatMap(
  ({ meaning, type, unit, default: otherwise }) => [meaning, type, unit, otherwise].filter(Boolean),
);
const spoken = new Set([...words, ...meanings]);

describe('German', () => {
  const german = read('extension/l10n/bundle.l10n.de.json');

  it('has every word of the extension and the dashboard, and none that is gone', () => {
    expect(words.length).toBeGreaterThan(200);
    expect(words.filter((word) => !german[word])).toEqual([]);
    expect(Object.keys(german).filter((word) => !spoken.has(word))).toEqual([]);
    const rows = [...describeKeys(), ...datasetsKeys.rows(), ...clustersKeys.rows()];
    expect(rows.filter(({ meaning }) => meaning && !german[meaning])).toEqual([]);
  });

  it('keeps every placeholder', () => {
    const wrong = Object.entries(german).filter(([from, to]) => placeholders(from).join() !== placeholders(to).join());
    expect(wrong).toEqual([]);
  });

  it('has every word of the manifest', () => {
    const manifest = readFileSync(join(root, 'package.json'), 'utf8');
    const used = [...new Set([...manifest.matchAll(/"%([\w.]+)%"/g)].map(([, key]) => key))].sort();
    expect(Object.keys(read('package.nls.json')).sort()).toEqual(used);
    expect(Object.keys(read('package.nls.de.json')).sort()).toEqual(used);
  });
});

it('words are found in every form of call', () => {
  const source = `vscode.l10n.t('one'); t("two {0}", x); t(\n  'three ' + 'four',\n); l10n.t(\`five\`); split('six'); let('it\\'s');t('it\\'s')`;
  expect(wordsOf(source)).toEqual(['one', 'two {0}', 'three four', 'five', "it's"]);
});
