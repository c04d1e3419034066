/**
 * @file Characters got right by a recogniser on a model's frozen states, as a run measures itself: trained on transcribed
 * speech that the run trains on, scored on what it holds out. ML-SUPERB's monolingual recipe, as long as the experiment says.
 */
import { keyedOrder, type ScannedUtterance } from '../corpus/index.ts';
import type { SessionOptions } from '../engine/session.ts';
import { ML_SUPERB } from '../recognition/config.ts';
import { ML_SUPERB_RECIPE } from '../recognition/recipe.ts';
import { ML_SUPERB_AUGMENT } from '../recognition/spec-augment.ts';
import type { Assessed, AssessedClip, Score } from './assessed.ts';
import { normalisations } from './error-rate.ts';
import { type RecognitionOptions, type RecognitionTask, recognitionOf, type Work } from './recognition-task.ts';
import { type FrozenModel, roomFor, StateStore } from './state-store.ts';
import { errorsIn } from './superb-measures.ts';

export interface RecognitionSettings {
  updates: number;
  width: number;
  rate: number;
  accumulate: number;
  seed: number;
}

/** Where it computes, and where hidden states lie meanwhile. */
export interface RecognitionPlace {
  session: SessionOptions;
  cache: string;
  /** What a kill finds of a training: it goes on, and what has ended is not done again. */
  workOf?(modelKey: string, task: RecognitionTask, options: RecognitionOptions): Work;
  onDamage?(path: string): void;
}

/** A language's utterances, on the sides that the run has them on. */
export interface SpokenSides {
  train: readonly ScannedUtterance[];
  heldOut: readonly ScannedUtterance[];
}

export type CharactersRight = Pick<Assessed, 'skipped'> & {
  score?: Score;
  utterances: AssessedClip[];
  notes: string[];
};

/** Of the transcribed speech that trains, what chooses the parameters. */
const VALIDATION_SHARE = 0.1;
/** Fewer on a side are no training and no measurement. */
const LEAST = 5;

export async function charactersRight(
  language: string,
  { train, heldOut }: SpokenSides,
  { session, cache, workOf, onDamage, ...model }: FrozenModel & RecognitionPlace,
  { updates, width, rate, accumulate, seed }: RecognitionSettings,
  progress?: (what: string, done: number, total: number) => void,
): Promise<CharactersRight> {
  const measure = 'cer';
  const of = (side: readonly ScannedUtterance[]) =>
    side.flatMap((one) => {
      const target = normalisations['ml-superb-mono'](one.text ?? '');
      return target === '' ? [] : [{ ...one, target, set: '' }];
    });
  const [spoken, scored] = [of(train), of(heldOut)];
  if (spoken.length < 2 * LEAST || scored.length < LEAST) {
    const reason = `${language} has ${spoken.length} transcribed utterances to train on and ${scored.length} held out.`;
    return { utterances: [], notes: [], skipped: [{ measure, reason }] };
  }
  // What chooses must not depend on the run's seed: models are compared on it.
  const order = keyedOrder(spoken, ({ id }) => id, 'validation');
  const chosen = new Set(order.slice(0, Math.max(1, Math.round(VALIDATION_SHARE * spoken.length))));
  const task: RecognitionTask = {
    name: `mono/${language}`,
    symbols: 'characters',
    sides: { train: spoken.filter((one) => !chosen.has(one)), validation: [...chosen], scored },
    notes: [],
  };
  const all = [...spoken, ...scored];
  const store = new StateStore(model, session, cache, onDamage);
  try {
    const share = width / ML_SUPERB.model;
    const size = { ...ML_SUPERB, model: width, feedForward: Math.round(share * ML_SUPERB.feedForward) };
    const recipe = { ...ML_SUPERB_RECIPE, updates, rate, accumulate, seed };
    const options = { recipe, size, augment: ML_SUPERB_AUGMENT, session };
    const work = workOf?.(store.key, task, options);
    const room = work?.result() ? [] : [roomFor([store], all, { cache, together: false })];
    if (room.length > 0) await store.ensure(all, (done, total) => progress?.('hidden states', done, total));
    const { utterances, notes } = await recognitionOf(task, store, options, work, {
      progress: ({ update }) => progress?.('characters', update, updates),
    });
    const byId = new Map(scored.map((one) => [one.id, one]));
    const counts = utterances.map((one) => {
      const { count, of } = errorsIn(one, 'prefix', false);
      return { hash: byId.get(one.id)!.hash, count, of, reference: one.reference, heard: one.heard.prefix };
    });
    return {
      score: { measure, unit: 'share', better: 'lower', arm: 'adapted', language, counts },
      utterances: scored.map(({ hash, id, speaker, samples, path, startSample }) => {
        return { hash, id, language, speaker, seconds: samples / 16_000, path, startSeconds: startSample / 16_000 };
      }),
      notes: [...room, ...notes].map((note) => `${language}: ${note}`),
      skipped: [],
    };
  } finally {
    // Each row has states of its own; what a kill left is taken up by the same row.
    await store.end({ remove: true });
  }
}
