/**
 * @file ML-SUPERB before and after an adapter: one recogniser a task on the frozen states of the base and of the adapted
 * model, trained alike, scored on the same utterances.
 */
import type { ScannedUtterance } from '../corpus/index.ts';
import type { BaseModel } from '../model/checkpoint/base.ts';
import { ML_SUPERB } from '../recognition/config.ts';
import { DECODINGS, type Decoding } from '../recognition/decode.ts';
import type { RecipeProgress } from '../recognition/recipe.ts';
import type { SymbolKind } from '../recognition/tokens.ts';
import type { WeightFile } from '../weights/file.ts';
import type { Adapted } from './frozen-states.ts';
import { bootstrap, type Difference, type Interval, pairedDifference, type Undefined } from './interval.ts';
import {
  type RecognitionOptions,
  type RecognitionTask,
  recognitionOf,
  SIDES,
  type TaskResult,
  type TaskUtterance,
  type Work,
} from './recognition-task.ts';
import { roomFor, StateStore } from './state-store.ts';
import { errorsIn } from './superb-measures.ts';
import type { Transcribed, TranscribedSides } from './transcribed.ts';

export const ML_SUPERB_SIZE: RecognitionOptions['size'] = ML_SUPERB;

/** The models that are compared: the base first. */
export interface Compared {
  base: BaseModel;
  file: WeightFile;
  arms: readonly { name: string; adapted: Adapted }[];
}

export interface SuperbWatcher {
  note?(text: string): void;
  progress?(arm: string, task: string, progress: RecipeProgress): void;
  states?(arm: string, done: number, total: number): void;
  resumed?(arm: string, task: string, update: number): void;
}

/** Where states and trainings are kept. */
export interface Keeping {
  /** Of hidden states; they stay in memory without one. */
  cache?: string;
  /** An arm's states are removed once its tasks are done, so that those of one arm lie there at a time. */
  removeStates?: boolean;
  /** @param key of the frozen model */
  workOf?(arm: string, key: string, task: RecognitionTask): Work;
  onDamage?(path: string): void;
}

/** What every arm has heard in every task: `[task][arm]`. What has ended before is not done again. */
export async function heardByArms(
  { base, file, arms }: Compared,
  tasks: readonly RecognitionTask[],
  options: RecognitionOptions,
  { cache, removeStates = false, workOf, onDamage }: Keeping = {},
  watcher: SuperbWatcher = {},
): Promise<TaskResult[][]> {
  const own = arms.map(({ name, adapted }) => {
    const store = new StateStore({ base, file, adapted }, options.session, cache, onDamage);
    const works = tasks.map((task) => workOf?.(name, store.key, task));
    const open = tasks.filter((_, i) => !works[i]?.result());
    return { name, store, works, utterances: onceByHash(open) };
  });
  const results: TaskResult[][] = tasks.map(() => []);
  try {
    const computing = own.filter(({ utterances }) => utterances.length > 0);
    if (computing.length > 0) {
      const stores = computing.map(({ store }) => store);
      const longest = computing.reduce((a, b) => (b.utterances.length > a.utterances.length ? b : a)).utterances;
      watcher.note?.(roomFor(stores, longest, { cache, together: !removeStates }));
    }
    for (const { name, store, works, utterances } of own) {
      await store.ensure(utterances, (done, total) => watcher.states?.(name, done, total));
      for (const [i, task] of tasks.entries())
        results[i].push(
          await recognitionOf(task, store, options, works[i], {
            progress: (progress) => watcher.progress?.(name, task.name, progress),
            resumed: (update) => watcher.resumed?.(name, task.name, update),
          }),
        );
      await store.end({ remove: removeStates });
    }
  } finally {
    for (const { store } of own) await store.end();
  }
  return results;
}

function onceByHash(tasks: readonly RecognitionTask[]): TaskUtterance[] {
  const all = new Map<string, TaskUtterance>();
  for (const { sides } of tasks) for (const side of SIDES) for (const one of sides[side]) all.set(one.hash, one);
  return [...all.values()];
}

export interface ScoredUtterance {
  id: string;
  speaker?: string;
  reference: string;
  heard: Record<Decoding, string>;
  /** Edits of `length` characters, the space among them; or of phones. */
  errors: Record<Decoding, number>;
  length: number;
}

export interface MonolingualArm {
  name: string;
  /** Pooled CER with its interval, by decoding. */
  rates: Record<Decoding, Interval | Undefined>;
  /** Best validation loss, nats a clip. */
  validationLoss?: number;
  utterances: ScoredUtterance[];
}

export interface MonolingualReport {
  /** Of phones where these are what the transcripts hold. */
  measure: 'CER' | 'PER';
  clips: Record<'train' | 'validation' | 'scored', number>;
  tokens: number;
  notes: string[];
  arms: MonolingualArm[];
  /** The second arm minus the first, where there are two. */
  differences?: Record<Decoding, Difference | Undefined>;
}

const byDecoding = <T>(make: (how: Decoding) => T) =>
  Object.fromEntries(DECODINGS.map((how) => [how, make(how)])) as Record<Decoding, T>;

/**
 * One data set with transcripts. Every arm has the same first parameters, the same order and the same draws.
 * Throws a `UserError` where no training text fits its audio.
 */
export async function monolingualRecognition(
  compared: Compared,
  sides: TranscribedSides,
  options: RecognitionOptions,
  keeping: Keeping = {},
  watcher: SuperbWatcher = {},
  symbols: SymbolKind = 'characters',
): Promise<MonolingualReport> {
  const of = (side: readonly Transcribed[]) => side.map(({ text, ...one }) => ({ ...one, target: text, set: '' }));
  const task: RecognitionTask = {
    name: 'mono',
    symbols,
    sides: { train: of(sides.train), validation: of(sides.validation), scored: of(sides.scored) },
    notes: [],
  };
  const notes = [...sides.notes, ...aboutSpeakers(sides.scored)];
  for (const note of notes) watcher.note?.(note);
  const [results] = await heardByArms(compared, [task], options, keeping, watcher);
  for (const note of results[0].notes) watcher.note?.(note);
  const { seed } = options.recipe;
  const counted = results.map(({ utterances }) =>
    byDecoding((how) => utterances.map((one) => errorsIn(one, how, symbols === 'phones'))),
  );
  const [before, after] = counted;
  return {
    measure: symbols === 'phones' ? 'PER' : 'CER',
    clips: { train: sides.train.length, validation: sides.validation.length, scored: sides.scored.length },
    tokens: results[0].tokens,
    notes: [...notes, ...results[0].notes],
    arms: results.map(({ utterances, validationLoss }, arm) => ({
      name: compared.arms[arm].name,
      rates: byDecoding((how) => bootstrap(counted[arm][how], { seed })),
      validationLoss,
      utterances: utterances.map(({ set: _, language: __, ...one }, i) => ({
        ...one,
        errors: byDecoding((how) => counted[arm][how][i].count),
        length: counted[arm].prefix[i].of,
      })),
    })),
    ...(after
      ? { differences: byDecoding((how) => pairedDifference(before[how], after[how], 'lower', { seed })) }
      : {}),
  };
}

/** Fewer than these, and a percentile interval over speakers holds the truth less often than it says. */
const FEW_SPEAKERS = 8;

/** How far an interval over these can be trusted. */
export function aboutSpeakers(utterances: readonly Pick<ScannedUtterance, 'speaker'>[]): string[] {
  if (!utterances.every(({ speaker }) => speaker !== undefined))
    return ['The speakers are not known: intervals are over utterances, and too narrow where few spoke them.'];
  const speakers = new Set(utterances.map(({ speaker }) => speaker)).size;
  if (speakers >= FEW_SPEAKERS) return [];
  return [
    `${speakers === 1 ? 'One speaker is' : `${speakers} speakers are`} scored: an interval over so few says little of others, and is rather too narrow.`,
  ];
}
