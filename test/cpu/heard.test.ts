/** How far an inspection is, from the sidecar's own count to a person's words. */
import { readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { sayHeard } from '../../extension/datasets/heard.ts';
import { inspectDataset } from '../../sidecar/server/requests/dataset.ts';
import { scratch } from '../support/reference.ts';

const root = scratch();
afterAll(() => rmSync(root, { recursive: true }));
const german: Record<string, string> = JSON.parse(readFileSync('extension/l10n/bundle.l10n.de.json', 'utf8'));
const fill = (text: string, args: unknown[]) => text.replace(/\{(\d)\}/g, (_, i) => String(args[i]));
const english = { t: (text: string, ...args: unknown[]) => fill(text, args) };
const deutsch = { t: (text: string, ...args: unknown[]) => fill(german[text], args) };

it('what is read of recordings is said as speech, not as a time that it takes', () => {
  expect(sayHeard('561 s of speech', english, 'en')).toBe('9 min of speech read');
  expect(sayHeard('561 s of speech', deutsch, 'de')).toBe('9 min Sprache gelesen');
  expect(sayHeard('clipping', deutsch, 'de')).toBe('Übersteuerte Aufnahmen werden gesucht');
  expect(sayHeard('file 3 of 7', english, 'en')).toBe('file 3 of 7');
});

it('of real recordings an inspection counts the speech up to all that there is', async () => {
  const told: string[] = [];
  const report = await inspectDataset(
    { path: resolve('extension/sample/speech/fin'), language: 'fin', layout: 'auto', allowOutside: false },
    {
      workspace: root,
      signal: new AbortController().signal,
      progress: (_done: number, _total: number, detail?: string) => void told.push(detail ?? ''),
    } as Parameters<typeof inspectDataset>[1],
  );
  const counted = told.filter((detail) => detail !== 'clipping');
  expect(counted.length).toBeGreaterThan(0);
  for (const detail of counted) expect(sayHeard(detail, english, 'en')).toMatch(/^\d+(\.\d)? (s|min) of speech read$/);
  expect(counted.at(-1)).toBe(`${Math.round(report.seconds)} s of speech`);
});
