import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { describeKeys } from '../../../sidecar/config/describe.ts';
import {
  FORGETTING_KEYS,
  HELD_OUT_KEY,
  LEARNING_KEYS,
  LOSS_KEYS,
  ROUTING_KEYS,
} from '../../../sidecar/protocol/alarm-rules.ts';

const root = resolve(import.meta.dirname, '../../..');
const known = new Set(describeKeys().map(({ path }) => path));
const sections = [...known].filter((path) => !path.includes('.'));

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : sources(path);
    return path.endsWith('.ts') ? [path] : [];
  });
}

it('advice names keys that exist', () => {
  for (const key of [...ROUTING_KEYS, ...FORGETTING_KEYS, ...LOSS_KEYS, ...LEARNING_KEYS, HELD_OUT_KEY])
    expect(known).toContain(key);
});

it('no sentence names a key of a section that has no such key', () => {
  // In sentences alone: within quotes, beside a space, and no property access (which needs no space).
  const inWords = new RegExp(`[\\s(](${sections.join('|')})\\.([a-z][A-Za-z.]*[A-Za-z])(?=[\\s,.;:)]|$)`, 'g');
  const wrong = ['sidecar', 'extension', 'webview'].flatMap(sources).flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    // Between two quotes there can be code too: a sentence has a word, a space and a word.
    // What lies between two quotes can be code too; a sentence begins with a word.
    const sentences = [...text.matchAll(/'((?:[^'\\\n]|\\.)* (?:[^'\\\n]|\\.)*)'/g)]
      .map(([, sentence]) => sentence)
      .filter((sentence) => /^[\w{]/.test(sentence));
    return sentences.flatMap((sentence) =>
      [...sentence.matchAll(inWords)]
        .map(([, section, rest]) => `${section}.${rest}`)
        .filter((key) => !known.has(key) && !/\.(yaml|json|safetensors)$/.test(key))
        .map((key) => `${file}: ${key}`),
    );
  });
  expect(wrong).toEqual([]);
});
