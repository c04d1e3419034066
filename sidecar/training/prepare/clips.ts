/** @file Every language's clips: which train, which are held out, which are replayed, and how they are drawn. */
import { join } from 'node:path';
import { framesOf } from '../../architecture/time.ts';
import type { Experiment } from '../../config/experiment.ts';
import {
  type Clip,
  clipSamples,
  createSampler,
  replayPool,
  type Sampler,
  type ScannedUtterance,
  type SplitUtterance,
} from '../../corpus/index.ts';
import { UserError } from '../../errors.ts';
import { limitHeldOut } from '../../evaluation/heldout.ts';
import type { CorpusSummary, RunEvent } from '../../protocol/events.ts';
import type { TrainingClip } from '../draw.ts';
import type { FrozenBaseModel } from './base.ts';
import { makeLanguage } from './language.ts';

export interface Clips {
  /** The training side of every language: what the units are fitted on, and what stages draw from. */
  heard: TrainingClip[];
  heldOut: TrainingClip[];
  summaries: CorpusSummary[];
  /** A language's utterances as its data set has them, on their sides; without those that a side's end cuts in two. */
  spoken(language: string): Record<'train' | 'heldOut', readonly ScannedUtterance[]>;
  /** Who spoke a clip, and where its sound lies unless it is joined of several. */
  origin(clip: { hash: string }): { speaker?: string; path?: string; startSeconds?: number };
  /** How long a clip is, at 16 kHz. */
  samplesIn(clip: { hash: string }): number;
  /** 16 kHz, normalised if the base wants it. */
  samples(clip: { hash: string }): Promise<Float32Array>;
}

interface Around {
  cache: string;
  emit(event: RunEvent): void;
  onDamage?(path: string): void;
  signal: AbortSignal;
}

export async function collectClips(
  experiment: Experiment,
  { base, framesPerSecond }: FrozenBaseModel,
  { cache, emit, onDamage, signal }: Around,
): Promise<Clips> {
  const scanned: Clip[] = [];
  const summaries: CorpusSummary[] = [];
  const spoken = new Map<string, ReturnType<Clips['spoken']>>();
  const codes = Object.entries(experiment.languages);
  for (const [i, [code, spec]] of codes.entries()) {
    emit({ type: 'stage', name: 'scan', done: i, total: codes.length, detail: code });
    const onProgress = (done: number, total: number) =>
      emit({ type: 'stage', name: 'scan', done, total, detail: code });
    const { clips, utterances, summary } = await makeLanguage(code, spec, experiment, {
      cacheDir: join(cache, 'corpus'),
      onDamage,
      signal,
      onProgress,
    });
    summaries.push(summary);
    emit({ type: 'corpus', ...summary });
    scanned.push(...clips);
    spoken.set(code, sidesOf(utterances));
    signal.throwIfAborted();
  }
  emit({ type: 'stage', name: 'scan', done: codes.length, total: codes.length });

  const byHash = new Map(scanned.map((clip) => [clip.hash, clip]));
  const side = (split: Clip['split']): TrainingClip[] =>
    scanned
      .filter((clip) => clip.split === split)
      .map(({ id, hash, language, samples }) => ({ id, hash, language, frames: framesOf(base.config, samples) }));
  const heard = side('train');
  if (heard.length === 0) throw nothingToTrainOn();
  return {
    heard,
    heldOut: limitHeldOut(side('dev'), experiment.evaluation.secondsPerLanguage * framesPerSecond),
    summaries,
    spoken: (language) => spoken.get(language) ?? { train: [], heldOut: [] },
    origin: ({ hash }) => {
      const { speaker, parts } = byHash.get(hash)!;
      if (parts.length > 1) return { speaker };
      const [{ utterance, startSample }] = parts;
      return { speaker, path: utterance.path, startSeconds: (utterance.startSample + startSample) / 16_000 };
    },
    samplesIn: ({ hash }) => byHash.get(hash)!.samples,
    samples: ({ hash }) => clipSamples(byHash.get(hash)!, { normalise: base.normalise }),
  };
}

function sidesOf(utterances: readonly SplitUtterance[]): ReturnType<Clips['spoken']> {
  // The parts of one that is cut are named after it and their side (splits.ts).
  const nameOf = ({ id }: SplitUtterance) => id.replace(/@(train|dev)$/, '');
  const times = new Map<string, number>();
  for (const one of utterances) times.set(nameOf(one), (times.get(nameOf(one)) ?? 0) + 1);
  const whole = utterances.filter((one) => times.get(nameOf(one)) === 1);
  const on = (side: SplitUtterance['split']) => whole.filter(({ split }) => split === side);
  return { train: on('train'), heldOut: on('dev') };
}

/** What trains in a stage: its new languages, and of the replayed ones the pool; the others are measured alone. */
export function trainedClips(
  experiment: Experiment,
  { heard }: Pick<Clips, 'heard'>,
  framesPerSecond: number,
): TrainingClip[] {
  const { languages, replay, sampling } = experiment;
  const own = heard.filter(({ language }) => languages[language]?.role === 'new');
  const old = heard.filter(({ language }) => replay.languages.includes(language));
  if (replay.hours === undefined) return [...own, ...old];
  const has: Record<string, number> = {};
  for (const { language, frames } of old) has[language] = (has[language] ?? 0) + frames;
  const total = Object.values(has).reduce((sum, frames) => sum + frames, 0);
  const weights = Object.fromEntries(
    Object.entries(has).map(([code, frames]) => [code, languages[code].weight * (frames / total) ** sampling.exponent]),
  );
  return [...own, ...replayPool(old, replay.hours * 3600 * framesPerSecond, weights)];
}

/** Draws what trains, with the replayed share. */
export function trainingSampler(
  experiment: Experiment,
  clips: readonly TrainingClip[],
  framesPerSecond: number,
): Sampler {
  const codes = new Set(clips.map(({ language }) => language));
  return createSampler({
    clips,
    languages: Object.entries(experiment.languages)
      .filter(([code]) => codes.has(code))
      .map(([code, { role, weight }]) => ({ code, role, weight })),
    replayFraction: experiment.replay.fraction,
    ...drawing(experiment, framesPerSecond),
  });
}

/**
 * Draws every language of the first stage for the shared starting head, whatever is replayed: a head that has never heard a language would
 * look as if the encoder had forgotten it.
 */
export function headSampler(experiment: Experiment, clips: readonly TrainingClip[], framesPerSecond: number): Sampler {
  return createSampler({
    clips,
    languages: Object.entries(experiment.languages).map(([code, { weight }]) => ({ code, role: 'new', weight })),
    replayFraction: 0,
    ...drawing(experiment, framesPerSecond),
  });
}

const drawing = ({ sampling, training, seed }: Experiment, framesPerSecond: number) => ({
  samplingExponent: sampling.exponent,
  batchFrames: Math.max(1, Math.round(training.batchSeconds * framesPerSecond)),
  seed,
});

const nothingToTrainOn = () =>
  new UserError({
    code: 'corpus.nothing-to-train-on',
    tried: 'collect the training clips',
    why: 'every clip was skipped or held out.',
    cure: 'Look at the skipped files, lower audio.minSeconds or a language’s heldOut, or add audio.',
  });
