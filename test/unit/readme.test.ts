import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clustersKeys } from '../../sidecar/config/clusters.ts';
import { markdownTable } from '../../sidecar/config/describe.ts';
import { expectPart, root, textOf } from '../support/docs.ts';

const manifest = JSON.parse(textOf('package.json'));

describe('the README', () => {
  const readme = textOf('README.md');

  it('fits on a screen and a half', () => expect(readme.split('\n').length).toBeLessThanOrEqual(100));

  it('begins with commands that there are', () => {
    for (const name of ['start', 'test']) {
      expect(readme).toContain(`npm ci && npm ${name}`);
      expect(manifest.scripts).toHaveProperty(name);
    }
  });

  it('shows pictures of the editor’s tests alone, which the package takes along', () => {
    const pictures = [...readme.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map(([, path]) => path);
    expect(pictures.length).toBeGreaterThan(0);
    for (const path of pictures) expect(path).toMatch(/^test\/editor\/[\w/-]+\.png$/);
  });
});

it('docs/keys.md has the table of keys that the schema makes', () =>
  expectPart('docs/keys.md', 'keys', markdownTable()));

it('docs/keys.md has every key of a list of clusters', () =>
  expectPart('docs/keys.md', 'clusters', markdownTable(clustersKeys.rows())));

describe('docs/promises.md', () => {
  const rows = textOf('docs/promises.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| promise') && !line.startsWith('| ---'));

  it('names for every promise the tests that hold it, and each is there', () => {
    expect(rows.length).toBeGreaterThan(40);
    for (const row of rows) {
      const tests = [
        ...row
          .split('|')
          .at(-2)!
          .matchAll(/`(test\/[^`]+)`/g),
      ].map(([, path]) => path);
      expect(tests, row).not.toEqual([]);
      for (const path of tests) expect(existsSync(join(root, path)), `${path}: ${row}`).toBe(true);
      for (const path of tests) expect(path, row).toMatch(/\.test\.ts$|\/$/);
    }
  });
});

it('CONTRIBUTING.md says what every dependency is for', () => {
  const told = textOf('CONTRIBUTING.md').split('## What each dependency is for')[1].split('\n## ')[0];
  const named = told.split('\n').flatMap((row) => row.split('|')[1]?.trim().split(', ') ?? []);
  const all = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
  expect(named.filter((name) => name.startsWith('@') || all.includes(name)).sort()).toEqual(
    all.filter((name) => !name.startsWith('@types/')).sort(),
  );
});
