/** @file Which utterances train and which are held out; no speaker on both sides where speakers are known. */
import { modelRateHz } from '../audio/index.ts';
import { keyedOrder } from '../random.ts';
import type { ScannedUtterance } from './types.ts';

export interface SplitOptions {
  /** Fraction of the seconds, 0 to 1. */
  heldOut?: number;
  seed: number;
}

export interface SplitAssignment {
  /** Utterance id to side; an id that is not in it is not used. */
  sides: Map<string, 'train' | 'dev'>;
  /** `given`: the data set's own splits. */
  method: 'given' | 'speakers' | 'utterances';
  /** In words, for people. */
  reason: string;
}

export type SplitUtterance = ScannedUtterance & { split: 'train' | 'dev' };

export interface SplitReport {
  method: SplitAssignment['method'];
  reason: string;
  /** Whether a speaker is known to be, or where speakers are unknown may be, on both sides. */
  straddles: boolean;
  straddlingSpeakers: string[];
  train: SideReport;
  dev: SideReport;
  unusedUtterances: number;
}

export interface SideReport {
  utterances: number;
  seconds: number;
  /** Known speakers. */
  speakers: number;
}

const fewestSpeakers = 3;
/** A speaker who would take the held-out part beyond half of the audio is not held out. */
const largestHeldOut = 0.5;

/** Own splits are kept: `test` stays unused, unless there is no `dev`. Without a held-out split one is drawn from the rest. */
export function assignSplits(
  utterances: readonly ScannedUtterance[],
  { heldOut = 0.15, seed }: SplitOptions,
): SplitAssignment {
  const held = (['dev', 'test'] as const).find((split) => utterances.some((utterance) => utterance.split === split));
  if (held && utterances.some(({ split }) => split === undefined || split === 'train')) {
    const sides = new Map<string, 'train' | 'dev'>();
    for (const { id, split } of utterances) {
      if (split === held) sides.set(id, 'dev');
      else if (split !== 'test') sides.set(id, 'train');
    }
    return { sides, method: 'given', reason: `the data set's own splits are kept; "${held}" is held out.` };
  }
  const speakers = new Map<string, ScannedUtterance[]>();
  for (const utterance of utterances) {
    if (utterance.speaker === undefined) continue;
    const own = speakers.get(utterance.speaker);
    if (own) own.push(utterance);
    else speakers.set(utterance.speaker, [utterance]);
  }
  const goal = heldOut * samplesOf(utterances);
  if (speakers.size >= fewestSpeakers) {
    const dev = takeUntil(
      [...speakers],
      ([speaker]) => speaker,
      ([, own]) => samplesOf(own),
      goal,
      utterances,
      seed,
    );
    if (dev.length) {
      const names = dev.map(([speaker]) => speaker);
      const sides = sidesOf(utterances, new Set(dev.flatMap(([, own]) => own)));
      const reason = `${names.length} of ${speakers.size} speakers are held out whole.`;
      return { sides, method: 'speakers', reason };
    }
  }
  const dev = takeUntil(
    [...utterances],
    ({ id }) => id,
    ({ samples }) => samples,
    goal,
    utterances,
    seed,
  );
  const why =
    speakers.size >= fewestSpeakers
      ? 'one speaker has more than half of the audio'
      : speakers.size
        ? `only ${speakers.size} of the ${fewestSpeakers} speakers that are needed to hold out whole ones ${speakers.size === 1 ? 'is' : 'are'} known`
        : 'the speakers are not known';
  const reason = `utterances are held out one by one, since ${why}: a speaker may be on both sides.`;
  return { sides: sidesOf(utterances, new Set(dev)), method: 'utterances', reason };
}

/** The utterances that are used, each with its side as `split`. */
export function applySplits(utterances: readonly ScannedUtterance[], { sides }: SplitAssignment): SplitUtterance[] {
  return utterances.flatMap((utterance) => {
    const split = sides.get(utterance.id);
    return split ? [{ ...utterance, split }] : [];
  });
}

export function splitReport(utterances: readonly ScannedUtterance[], assignment: SplitAssignment): SplitReport {
  const used = applySplits(utterances, assignment);
  const side = (name: 'train' | 'dev') => used.filter(({ split }) => split === name);
  const [train, dev] = [side('train'), side('dev')];
  const heard = speakersOf(train);
  const straddlingSpeakers = [...speakersOf(dev)].filter((speaker) => heard.has(speaker)).sort();
  const unknown = used.some(({ speaker }) => speaker === undefined) && assignment.method === 'utterances';
  const report = (list: SplitUtterance[]): SideReport => {
    return { utterances: list.length, seconds: samplesOf(list) / modelRateHz, speakers: speakersOf(list).size };
  };
  const given = assignment.method === 'given' && straddlingSpeakers.length > 0;
  return {
    method: assignment.method,
    reason: given ? `${assignment.reason} ${straddlingSpeakers.length} speakers are on both sides.` : assignment.reason,
    straddles: straddlingSpeakers.length > 0 || unknown,
    straddlingSpeakers,
    train: report(train),
    dev: report(dev),
    unusedUtterances: utterances.length - used.length,
  };
}

/** Items in keyed order until the goal is reached: at least one if any fits, never more than half of the audio. */
function takeUntil<T>(
  items: T[],
  name: (item: T) => string,
  samples: (item: T) => number,
  goal: number,
  all: readonly ScannedUtterance[],
  seed: number,
): T[] {
  if (items.length < 2 || goal <= 0) return [];
  const most = Math.max(goal, largestHeldOut * samplesOf(all));
  const taken: T[] = [];
  let total = 0;
  for (const item of keyedOrder(items, name, 'split', seed)) {
    if (total >= goal || taken.length === items.length - 1) break;
    if (total + samples(item) > most) continue;
    taken.push(item);
    total += samples(item);
  }
  return taken;
}

function sidesOf(utterances: readonly ScannedUtterance[], dev: Set<ScannedUtterance>): Map<string, 'train' | 'dev'> {
  return new Map(utterances.map((utterance) => [utterance.id, dev.has(utterance) ? 'dev' : 'train']));
}

function samplesOf(utterances: readonly ScannedUtterance[]): number {
  return utterances.reduce((sum, { samples }) => sum + samples, 0);
}

function speakersOf(utterances: readonly ScannedUtterance[]): Set<string> {
  return new Set(utterances.flatMap(({ speaker }) => speaker ?? []));
}
