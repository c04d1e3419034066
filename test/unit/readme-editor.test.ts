import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
// @ts-expect-error: it runs while packing, as plain JavaScript
import { readmeForEditor } from '../../extension/readme.mjs';

const root = resolve(import.meta.dirname, '../..');

describe('the page that the editor shows of the extension', () => {
  const page: string = readmeForEditor(readFileSync(join(root, 'README.md'), 'utf8'), (path: string) =>
    readFileSync(join(root, path)),
  );

  it('has no picture that is not in it, and each of them is a PNG', () => {
    const pictures = [...page.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map(([, target]) => target);
    expect(pictures.length).toBeGreaterThan(0);
    for (const picture of pictures) {
      expect(picture.slice(0, 60)).toMatch(/^data:image\/png;base64,/);
      const bytes = Buffer.from(picture.split(',')[1], 'base64');
      expect(bytes.subarray(1, 4).toString()).toBe('PNG');
    }
    expect(page.length).toBeLessThan(1_500_000);
  });

  it('begins with what a person does in VS Code, not with commands for developers', () => {
    const titles = [...page.matchAll(/^## (.*)/gm)].map(([, title]) => title);
    expect(titles[0]).toBe('In VS Code');
    expect(titles).not.toContain('What npm start shows');
    expect(page.slice(0, page.indexOf('## '))).not.toMatch(/\bnpm\b|```/);
    expect(page.startsWith('# MiLorE\n')).toBe(true);
    for (const kept of ['Your own data', 'Known limits', 'Licence: MIT']) expect(page).toContain(kept);
  });

  it('has no link that leads nowhere', () => {
    const links = [...page.matchAll(/(?<!!)\[[^\]]+\]\(([^)\s]+)\)/g)].map(([, target]) => target);
    expect(links.filter((target) => !/^(https:|#)/.test(target))).toEqual([]);
  });
});
