/**
 * @file From what a workspace has and what a person chose to an experiment: every value proposed with its reason, how
 * much speech it keeps and how long it takes. Pure: it must not know files, YAML or VS Code.
 */
import type { BaseConfig } from '../../architecture/config.ts';
import { expectRun } from '../expect.ts';
import { expectWhole, type Speech } from '../expect-whole.ts';
import type { Experiment } from '../experiment.ts';
import { languageName } from '../iso639.ts';
import { type Paces, paceOf } from '../pace.ts';
import { parseExperiment } from '../parse.ts';
import { basesOf, type GuideModel, headOf, shapeIn } from './bases.ts';
import { type Counted, joins, kept, minimums, suggestJoin, suggestMinimum } from './kept.ts';
import { type Length, lengths, suggestBatch, suggestEvery, suggestSteps } from './steps.ts';
import type {
  GuideBase,
  GuideChoice,
  GuideKept,
  GuideLanguage,
  GuideMissing,
  GuideRole,
  GuideTime,
  GuideView,
} from './view.ts';

export interface GuideDataset {
  name: string;
  language: string;
  /** What an inspection counted; absent until there was one. */
  counted?: Counted;
  busy?: number;
}

export interface GuideInput {
  /** Whether a folder is open, and trusted. */
  open: boolean;
  trusted: boolean;
  datasets: readonly GuideDataset[];
  models: readonly GuideModel[];
  /** Names that experiments have already. */
  taken: readonly string[];
  paces: Paces;
  threads: number;
  busy?: { what: string; share?: number };
}

/** What is written. */
export interface GuidePlan {
  name: string;
  base: { key: string; head?: string };
  languages: GuideLanguage[];
  joinSeconds: number;
  minSeconds: number;
  replay?: number;
  steps: number;
  batchSeconds: number;
  every: number;
}

const REPLAY = 0.125;
const replays = [0.05, REPLAY, 0.25, 0.5];

/** Of a corpus that every base of the catalogue has heard. */
const KNOWN_TO_ALL = 'eng';

export function composeGuide(input: GuideInput, choice: GuideChoice): { view: GuideView; plan: GuidePlan } {
  const bases = basesOf(input.models, choice);
  const base = bases.find(({ key }) => key === choice.base) ?? bases.find(({ here, fault }) => here && !fault);
  // One that has a fault is chosen by nobody but a person.
  const chosen = base ?? bases.find(({ here }) => !here) ?? bases[0];
  const languages = languagesIn(input.datasets, choice.roles);
  const used = languages.filter(({ role }) => role !== 'off');
  const counted = input.datasets.flatMap((one) =>
    one.counted && used.some(({ code }) => code === one.language) ? [one.counted] : [],
  );

  const join = suggestJoin(counted);
  const joinSeconds = choice.joinSeconds ?? join.joinSeconds ?? 0;
  const proposedMinimum = suggestMinimum(counted, joinSeconds || undefined);
  const minSeconds = choice.minSeconds ?? proposedMinimum;
  const existing = used.some(({ role }) => role === 'existing');
  const replay = existing ? (choice.replay ?? REPLAY) : undefined;
  const newSeconds = used.reduce((sum, one) => sum + (one.role === 'new' ? (one.seconds ?? 0) : 0), 0);
  const batchSeconds = suggestBatch(newSeconds);
  const length = choice.length ?? 'usual';

  const name = choice.name ?? freeName(input.taken);
  const draft: GuidePlan = {
    name,
    base: { key: chosen?.key ?? '', ...headOf(chosen) },
    languages: used,
    joinSeconds,
    minSeconds,
    ...(replay === undefined ? {} : { replay }),
    steps: 100,
    batchSeconds,
    every: 100,
  };
  const shape = chosen && shapeIn(input.models, chosen.key);
  const { times, steps, ...expected } = timesOf(draft, shape, input, newSeconds, length);
  const keptBy = (minimum: number, join: number, proposed: boolean, value: number): GuideKept => ({
    value,
    ...kept(counted, minimum, join || undefined),
    proposed,
  });
  const view: GuideView = {
    name,
    languages,
    bases,
    ...(chosen ? { base: chosen.key } : {}),
    joins: joins.map((value) => keptBy(minSeconds, value, value === (join.joinSeconds ?? 0), value)),
    joinSeconds,
    joinReason: join.reason,
    minimums: minimums.map((value) => keptBy(value, joinSeconds, value === proposedMinimum, value)),
    minSeconds,
    ...(replay === undefined ? {} : { replay }),
    replays,
    times,
    length,
    ...expected,
    missing: missingOf(input, languages, chosen, name),
    ...(input.busy ? { busy: input.busy } : {}),
  };
  return { view, plan: { ...draft, steps, every: suggestEvery(steps) } };
}

const freeName = (taken: readonly string[]): string => {
  for (let number = 1; ; number++) {
    const name = number === 1 ? 'experiment' : `experiment-${number}`;
    if (!taken.includes(name)) return name;
  }
};

export const isName = (name: string): boolean => /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,99}$/u.test(name);

/** Datasets of one language are one: known to the base where every base knows it, else new. */
function languagesIn(datasets: readonly GuideDataset[], roles: GuideChoice['roles']): GuideLanguage[] {
  const byCode = new Map<string, GuideDataset[]>();
  for (const one of datasets) byCode.set(one.language, [...(byCode.get(one.language) ?? []), one]);
  return [...byCode].map(([code, all]): GuideLanguage => {
    const proposed: GuideRole = code === KNOWN_TO_ALL && byCode.size > 1 ? 'existing' : 'new';
    const counted = all.flatMap((one) => one.counted ?? []);
    const sum = (key: 'seconds' | 'clips' | 'speakers') => counted.reduce((total, one) => total + one[key], 0);
    const busy = all.find((one) => one.busy !== undefined)?.busy;
    return {
      code,
      name: languageName(code) ?? code,
      datasets: all.map(({ name }) => name),
      role: roles[code] ?? proposed,
      ...(counted.length === all.length
        ? { seconds: sum('seconds'), clips: sum('clips'), speakers: sum('speakers') }
        : {}),
      ...(busy === undefined ? {} : { busy }),
    };
  });
}

/** As it will be read; paths and comments do not matter to how long it takes. */
export function experimentOf(plan: GuidePlan, steps = plan.steps): Experiment | undefined {
  const { languages, joinSeconds, minSeconds, replay, batchSeconds, name } = plan;
  const every = suggestEvery(steps);
  const raw = {
    name,
    base: { model: 'base' },
    languages: Object.fromEntries(languages.map(({ code, role }) => [code, { role, data: 'data' }])),
    audio: { ...(joinSeconds ? { joinSeconds } : {}), minSeconds },
    ...(replay === undefined ? {} : { replay: { fraction: replay } }),
    training: { steps, batchSeconds },
    evaluation: { every },
    checkpoint: { every },
  };
  return parseExperiment(JSON.stringify(raw), 'guide').experiment;
}

const nothing = { times: [] as GuideTime[], steps: 100, preparationSeconds: 0, peakBytes: 0, measured: false };

/** The three lengths, each with its steps and its time here. */
function timesOf(
  draft: GuidePlan,
  shape: BaseConfig | undefined,
  { paces, threads }: GuideInput,
  newSeconds: number,
  length: Length,
) {
  const one = shape && draft.languages.length > 0 ? experimentOf(draft) : undefined;
  if (!one || !shape) return nothing;
  const speech: Speech = Object.fromEntries(draft.languages.map(({ code, seconds = 0 }) => [code, seconds]));
  const pace = paceOf(paces, 'auto', shape);
  const stepSeconds = expectRun(one, shape, threads).wholeStepSeconds * (pace?.steps ?? 1);
  const { batchSeconds, replay = 0 } = draft;
  const steps = suggestSteps({ newSeconds, batchSeconds, replayFraction: replay, stepSeconds });
  const wholes = lengths.map((each) => ({
    length: each,
    steps: steps[each],
    ...expectWhole(experimentOf(draft, steps[each]) ?? one, shape, threads, speech, pace),
  }));
  const { preparationSeconds, peakBytes, measured } = wholes[0];
  const times = wholes.map(({ length, steps, firstCurveSeconds, totalSeconds }) => {
    return { length, steps, firstCurveSeconds, totalSeconds };
  });
  return { times, steps: steps[length], preparationSeconds, peakBytes, measured };
}

function missingOf(
  { open, trusted, datasets, taken }: GuideInput,
  languages: readonly GuideLanguage[],
  base: GuideBase | undefined,
  name: string,
): GuideMissing[] {
  if (!open) return ['workspace'];
  if (!trusted) return ['trust'];
  if (datasets.length === 0) return ['data'];
  const used = languages.filter(({ role }) => role !== 'off');
  const missing: GuideMissing[] = [];
  if (!used.some(({ role }) => role === 'new')) missing.push('new-language');
  if (used.some(({ seconds }) => seconds === undefined)) missing.push('unread');
  if (!base) missing.push('base');
  else if (!base.here) missing.push('base-not-here');
  else if (base.fault) missing.push('base-fault');
  if (!isName(name)) missing.push('name');
  else if (taken.includes(name.trim().replace(/\s+/g, '-'))) missing.push('name-taken');
  return missing;
}
