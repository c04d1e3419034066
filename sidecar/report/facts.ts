/** @file Everything that a run's folder says of it, read once. Any of its files may be another's, or not there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import type { Findings } from '../protocol/findings.ts';
import type { Signs } from '../protocol/result-words.ts';
import { isRecord, readJson } from '../runs/files.ts';
import { readFindings } from '../runs/findings.ts';
import { readLog } from '../runs/log.ts';
import { openRun, type RunDir, runFiles } from '../runs/run.ts';
import { readSigns } from '../runs/signs.ts';

export interface LanguageData {
  language: string;
  role: string;
  trainSeconds: number;
  heldOutSeconds: number;
  utterances: number;
  speakers: number;
  /** Recordings that could not be read, by reason. */
  skipped: Record<string, number>;
  /** Pieces shorter than audio.minSeconds. */
  dropped: number;
  /** Of each of its data as it is noted; empty where none is. */
  licences: string[];
}

export interface Facts {
  run: RunDir;
  findings: Findings;
  signs: Signs;
  /** As a person wrote it, and with every default. */
  written: string;
  resolved: Record<string, unknown>;
  data: LanguageData[];
  /** Notes and warnings, each once. */
  notes: string[];
  device?: string;
  steps: number;
  seconds?: number;
  state: 'done' | 'not done';
}

/** @throws UserError where the folder is no run, or has nothing to tell yet */
export async function factsOf(path: string): Promise<Facts> {
  const run = openRun(path);
  const file = await readFindings(run);
  if (file.kind !== 'found')
    throw new UserError({
      code: 'report.no-findings',
      tried: `report on the run ${run.path}`,
      why:
        file.kind === 'none'
          ? `it has no ${runFiles.findings}: it has not measured anything yet, or an older MiLorE made it.`
          : `its ${runFiles.findings} cannot be used (${JSON.stringify(file.fault).slice(0, 300)}).`,
      cure: 'Wait until it has measured held-out speech once, go on with it by "milore train --resume", or train anew.',
    });
  const resolved = readJson(join(run.path, runFiles.resolved));
  const facts: Facts = {
    run,
    findings: file.findings,
    signs: await readSigns(run),
    written: readText(join(run.path, runFiles.config)),
    resolved: isRecord(resolved) ? resolved : {},
    data: [],
    notes: [],
    steps: 0,
    state: 'not done',
  };
  const data = new Map<string, LanguageData>();
  for await (const event of readLog(join(run.path, runFiles.log), 1, { onProblem: () => {} })) {
    if (event.type === 'corpus') {
      const one = languageData(event);
      if (one) data.set(one.language, one);
    }
    if (event.type === 'note' && typeof event.text === 'string') facts.notes.push(event.text.slice(0, 1000));
    if (event.type === 'started' && typeof event.device === 'string') facts.device = event.device.slice(0, 100);
    if (typeof event.step === 'number') facts.steps = Math.max(facts.steps, event.step);
    if (event.type === 'done') {
      facts.state = 'done';
      if (typeof event.seconds === 'number') facts.seconds = event.seconds;
    }
  }
  facts.data = [...data.values()];
  facts.notes = [...new Set(facts.notes)].slice(0, MOST_NOTES);
  return facts;
}

const MOST_NOTES = 50;
const MOST_TEXT = 100_000;

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(0, MOST_TEXT);
  } catch {
    return '';
  }
}

const amount = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);
const word = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 100) : '');

function languageData(event: Readonly<Record<string, unknown>>): LanguageData | undefined {
  const language = word(event.language);
  if (!language) return undefined;
  const skipped: Record<string, number> = Object.create(null);
  for (const one of Array.isArray(event.skipped) ? event.skipped : []) {
    const reason = isRecord(one) ? word(one.reasonCode) : '';
    if (reason) skipped[reason] = (skipped[reason] ?? 0) + 1;
  }
  return {
    language,
    role: word(event.role),
    trainSeconds: amount(event.trainSeconds),
    heldOutSeconds: amount(event.heldOutSeconds),
    utterances: amount(event.utterances),
    speakers: amount(event.speakers),
    skipped,
    dropped: isRecord(event.dropped) ? amount(event.dropped.pieces) : 0,
    licences: Array.isArray(event.licences)
      ? [...new Set(event.licences.map((one) => (isRecord(one) ? word(one.licence) : '')))]
      : [],
  };
}
