import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { markdownTable } from '../../sidecar/config/describe.ts';

const root = resolve(import.meta.dirname, '../..');
const readme = readFileSync(resolve(root, 'README.md'), 'utf8');

describe('the README', () => {
  it('has the table of keys that the schema makes', () => {
    const table = /<!-- keys[^>]*-->\n([\s\S]*?)\n<!-- \/keys -->/.exec(readme)?.[1];
    expect(table?.trim()).toBe(markdownTable().trim());
  });

  it('names a test for every promise, and pictures and files that are there', () => {
    const promises = readme.split('## Promises')[1].split('## ')[0];
    const tests = [...promises.matchAll(/\| `(test\/[^`]+)` \|/g)].map(([, path]) => path);
    expect(tests.length).toBe(promises.split('\n').filter((line) => line.startsWith('| ')).length - 2);
    const pictures = [...readme.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map(([, path]) => path);
    for (const path of [...tests, ...pictures]) expect(existsSync(resolve(root, path)), path).toBe(true);
  });

  it('says what every dependency is for', () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8'));
    const told = readme.split('### What each dependency is for')[1].split('## ')[0];
    for (const name of Object.keys({ ...dependencies, ...devDependencies }))
      if (!name.startsWith('@types/')) expect(told, name).toContain(name);
  });
});
