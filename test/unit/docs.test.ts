import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { clustersKeys } from '../../sidecar/config/clusters.ts';
import { datasetsKeys } from '../../sidecar/config/datasets.ts';
import { describeKeys, type KeyInfo } from '../../sidecar/config/describe.ts';
import { layouts } from '../../sidecar/corpus/types.ts';
import { expectPart, pages, root, textOf } from '../support/docs.ts';
import { importsOf, roomOf, rooms, sources } from '../support/house.ts';

const withoutCode = (text: string) => text.replace(/^ *```[\s\S]*?^ *```$/gm, '');

/** As GitHub and VS Code make them: lower case, no punctuation, spaces to hyphens. */
const anchorsOf = (page: string) =>
  [...withoutCode(textOf(page)).matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );

describe.each(pages)('%s', (page) => {
  const text = textOf(page);

  it('has no link into the void', () => {
    const links = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link);
    const wrong = links.filter((link) => {
      if (/^https?:/.test(link)) return false;
      const [path, anchor] = link.split('#');
      const target = path ? normalize(join(dirname(page), path)) : page;
      if (target.startsWith('..') || !existsSync(join(root, target))) return true;
      return anchor !== undefined && !(target.endsWith('.md') && anchorsOf(target).includes(anchor));
    });
    expect(wrong).toEqual([]);
  });

  it('names no source, script or key that there is not', () => {
    const code = [...text.matchAll(/`([^`\n]+)`/g)].map(([, span]) => span);
    const paths = code.filter((span) => /^(sidecar|extension|webview|docs)\/[\w./-]+$/.test(span));
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    const { scripts } = JSON.parse(textOf('package.json'));
    const run = [...text.matchAll(/npm run (?:--silent )?([a-z][\w:-]*)/g)].map(([, name]) => name);
    expect(run.filter((name) => !(name in scripts))).toEqual([]);
    // History names keys that have gone.
    if (page === 'CHANGELOG.md') return;
    const known = new Set(describeKeys().map(({ path }) => path));
    const sections = [...known].filter((path) => !path.includes('.'));
    const keys = code
      .flatMap((span) => /^[A-Za-z.<>]+(?=$|[:=])/.exec(span)?.[0] ?? [])
      .filter((span) => sections.some((section) => span.startsWith(`${section}.`)))
      .filter((span) => !/\.(jsonl?|safetensors|ts|yaml)$/.test(span))
      .map((span) => span.replace(/^languages\.[a-z]{3}\./, 'languages.<code>.'));
    expect(keys.filter((key) => !known.has(key))).toEqual([]);
  });

  it('shows files of experiments whose every key there is', () => {
    const blocks = [...text.matchAll(/^( *)```yaml\n([\s\S]*?)^ *```$/gm)].map(([, indent, body]) =>
      parse(body.replaceAll(new RegExp(`^${indent}`, 'gm'), '')),
    );
    for (const block of blocks) {
      const rows =
        'places' in block
          ? clustersKeys.rows()
          : 'datasets' in block || 'models' in block
            ? datasetsKeys.rows()
            : describeKeys();
      expect(leavesOf(block).filter((path) => !isKnown(path, rows))).toEqual([]);
    }
  });
});

const leavesOf = (value: unknown, path: string[] = []): string[][] =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, child]) => leavesOf(child, [...path, key]))
    : [path];

/** A person's own key, such as a language's code, stands as `<code>` in the table. */
const isKnown = (path: string[], rows: readonly KeyInfo[]) =>
  rows.some(({ path: known }) => {
    const parts = known.split('.');
    return parts.length === path.length && parts.every((part, i) => part.startsWith('<') || part === path[i]);
  });

it('docs/architecture.md tells who imports whom, and who may', () => {
  const found = new Map<string, Set<string>>();
  for (const file of ['sidecar', 'extension', 'webview'].flatMap((folder) => sources(join(root, folder)))) {
    const name = relative(root, file).split(sep).join('/');
    const into = found.get(roomOf(name)) ?? new Set();
    found.set(roomOf(name), into);
    for (const target of importsOf(readFileSync(file, 'utf8')).filter((target) => target.startsWith('.'))) {
      const path = normalize(join(dirname(name), target))
        .split(sep)
        .join('/');
      // A file beside the rooms is a leaf for all, or an entry point.
      if (path.split('/').length > 2) into.add(roomOf(path));
    }
    into.delete(roomOf(name));
  }
  const list = (names: Iterable<string>) => [...names].sort().join(', ') || '–';
  const rowOf = (room: string) => {
    const imports = found.get(room) ?? new Set<string>();
    const also = (rooms[room] ?? []).filter((other) => !imports.has(other));
    return `| ${room} | ${list(imports)} | ${room in rooms ? list(also) : ''} |`;
  };
  const order = [...Object.keys(rooms).filter((room) => room !== 'sample'), 'extension', 'webview'];
  const table = ['| room | imports | and may import |', '| --- | --- | --- |', ...order.map(rowOf)].join('\n');
  expectPart('docs/architecture.md', 'imports', table);
});

it('docs/data.md has a row for every layout', () => {
  const told = [...textOf('docs/data.md').matchAll(/^\| `([a-z-]+)` \| /gm)].map(([, name]) => name);
  expect(told.filter((name) => (layouts as readonly string[]).includes(name)).sort()).toEqual([...layouts].sort());
});
