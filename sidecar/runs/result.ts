/** @file A run's result in words, from its folder: the sentences of protocol/result-words, for whoever has no history. */
import type { Translate } from '../protocol/reason.ts';
import { type SaidResult, sayResult } from '../protocol/result-words.ts';
import { readFindings } from './findings.ts';
import { readSigns } from './signs.ts';

/** Undefined where no stage was measured, or its findings cannot be used. */
export async function readResult(run: { path: string }, t: Translate): Promise<SaidResult | undefined> {
  const file = await readFindings(run);
  return file.kind === 'found' ? sayResult(file.findings, await readSigns(run), t) : undefined;
}
