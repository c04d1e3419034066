/** @file The pages that people read, and the parts of them that are written by what they describe. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';

export const root = resolve(import.meta.dirname, '../..');

/** Paths from the root. */
export const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
].filter((name) => name.endsWith('.md'));

export const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');

/** The part between `<!-- name … -->` and `<!-- /name -->` says what is told here; `npm run docs` writes it. */
export function expectPart(page: string, name: string, told: string): void {
  const text = textOf(page);
  const part = new RegExp(`(<!-- ${name}:[^>]*-->\n)([\\s\\S]*?)(<!-- /${name} -->)`);
  expect(text, page).toMatch(part);
  if (process.env.MILORE_DOCS === 'write')
    writeFileSync(
      join(root, page),
      text.replace(part, (_, begin, _old, end) => `${begin}${told.trim()}\n${end}`),
    );
  else expect(part.exec(text)![2].trim(), `${page}: "npm run docs" writes it anew`).toBe(told.trim());
}
