import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { unlinked } from '../../extension/text.ts';

const extension = resolve(import.meta.dirname, '../../extension');

/** What VS Code 1.12x takes for a link in a message (`linkedText.ts`). */
const link = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;

it.each([
  '[click](command:workbench.action.quit)',
  '[[a](b)](command:x)',
  '[a](https://example.org "title")',
  '[a](FILE:///etc/passwd)',
])('leaves no link in %s', (text) => {
  expect(unlinked(text)).not.toMatch(link);
  expect(unlinked(text).replaceAll('\u200b', '')).toBe(text);
});

it('is the only way to a notification', () => {
  const files = readdirSync(extension, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  expect(files.length).toBeGreaterThan(50);
  const around = files.filter((file) =>
    /show(Information|Warning|Error)Message\b/.test(readFileSync(join(extension, file), 'utf8')),
  );
  expect(around).toEqual(['say.ts']);
});
