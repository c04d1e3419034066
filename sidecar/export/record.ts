/** @file What a run's own files say of it, for the card of what is taken along: who was heard, and what was measured. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Experiment } from '../config/experiment.ts';
import { isLanguageCode } from '../config/iso639.ts';
import { UserError } from '../errors.ts';
import { readJsonObject } from '../model/checkpoint/tensor-file.ts';
import { type Measurement, measurementsOf } from '../protocol/measurement.ts';
import { english } from '../protocol/reason.ts';
import type { SaidResult } from '../protocol/result-words.ts';
import { readLog, readPoints } from '../runs/log.ts';
import { readResult } from '../runs/result.ts';
import { runFiles } from '../runs/run.ts';
import { LEDGER } from '../training/stage-end.ts';
import { experimentOfRun, type RunAdapter } from './source.ts';

export interface HeardLanguage {
  /** ISO 639-3. */
  code: string;
  role: 'existing' | 'new';
  /** Heard in training; measured alone otherwise. */
  trained: boolean;
  hours?: number;
  speakers?: number;
  /** Of each of its data, where somebody noted one. */
  licences?: readonly { licence?: string }[];
}

export interface RunRecord {
  /** Absent where an older version wrote it in another way. */
  experiment?: Experiment;
  languages: HeardLanguage[];
  /** The first evaluation, and the last one of what is taken. */
  before: Measurement[];
  after: Measurement[];
  /** Steps of the run until then. */
  steps?: number;
  /** Of the whole run: absent where an earlier stage is taken, or nothing was measured. */
  result?: SaidResult;
}

const count = z.number().min(0).max(1e12);
const licences = z.array(z.object({ licence: z.string().max(300).optional() })).max(1000);
const ledgerSchema = z.object({
  stages: z.array(
    z.object({
      stage: z.number().int(),
      steps: z.object({ last: count }),
      languages: z.record(
        z.string(),
        z.object({
          role: z.enum(['existing', 'new']),
          hours: count,
          speakers: count,
          licences: licences.optional(),
        }),
      ),
    }),
  ),
});
type Stage = z.output<typeof ledgerSchema>['stages'][number];

export async function recordOf({ run, stage }: RunAdapter): Promise<RunRecord> {
  const experiment = quietly(() => experimentOfRun(run));
  const stages = stagesIn(join(run.path, LEDGER)).filter((one) => one.stage <= (stage ?? Number.POSITIVE_INFINITY));
  const last = stages.at(-1)?.steps.last ?? Number.POSITIVE_INFINITY;
  const log = join(run.path, runFiles.log);
  const onProblem = () => {};
  let before: Measurement[] | undefined;
  let after: Measurement[] = [];
  let steps: number | undefined;
  for await (const event of readPoints(log, { onProblem })) {
    if (event.step > last) break;
    steps = event.step;
    if (event.type !== 'evaluation') continue;
    after = measurementsOf(event);
    before ??= after;
  }
  const languages = stages.length > 0 ? ofStages(stages) : await ofCorpus(log, experiment);
  const isWhole = stage === undefined || stage === stagesIn(join(run.path, LEDGER)).at(-1)?.stage;
  const result = isWhole ? await readResult(run, english) : undefined;
  return { experiment, languages, before: before ?? [], after, steps, ...(result ? { result } : {}) };
}

/** Of a language that several stages heard, what the last of them heard. */
function ofStages(stages: readonly Stage[]): HeardLanguage[] {
  const languages = new Map<string, HeardLanguage>();
  for (const stage of stages)
    for (const [code, { role, ...heard }] of Object.entries(stage.languages)) {
      const isNew = role === 'new' || languages.get(code)?.role === 'new';
      languages.set(code, { code, role: isNew ? 'new' : 'existing', trained: true, ...heard });
    }
  return [...languages.values()];
}

async function ofCorpus(log: string, experiment: Experiment | undefined): Promise<HeardLanguage[]> {
  const { fraction = 0, languages: replayed = [] } = experiment?.replay ?? {};
  const isTrained = (code: string, role: HeardLanguage['role']) =>
    role === 'new' || (fraction > 0 && replayed.includes(code));
  const languages = new Map<string, HeardLanguage>(
    Object.entries(experiment?.languages ?? {}).map(([code, { role }]) => [
      code,
      { code, role, trained: isTrained(code, role) },
    ]),
  );
  for await (const event of readLog(log, 1, { onProblem: () => {} })) {
    if (event.type !== 'corpus') continue;
    const { language: code, role, trainSeconds, speakers } = event;
    const noted = licences.safeParse(event.licences).data;
    if (typeof code !== 'string' || (role !== 'new' && role !== 'existing')) continue;
    languages.set(code, {
      code,
      role,
      trained: isTrained(code, role),
      ...(typeof trainSeconds === 'number' ? { hours: trainSeconds / 3600 } : {}),
      ...(typeof speakers === 'number' ? { speakers } : {}),
      ...(noted ? { licences: noted } : {}),
    });
  }
  return [...languages.values()].filter(({ code }) => isLanguageCode(code));
}

/** None where the run has no stages, or its ledger cannot be read: the card then says less, and the export goes on. */
function stagesIn(file: string): Stage[] {
  if (!existsSync(file)) return [];
  return quietly(() => ledgerSchema.safeParse(readJsonObject(file)).data?.stages) ?? [];
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
