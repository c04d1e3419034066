/** @file Every language's clips: which train, which are held out, which are replayed, and how they are drawn. */
import { join } from 'node:path';
import { framesOf } from '../../architecture/time.ts';
import type { Experiment } from '../../config/experiment.ts';
import {
  type Clip,
  ClipReader,
  createSampler,
  joined,
  type Rows,
  replayPool,
  rowsBy,
  type Sampler,
  type ScannedUtterance,
  type SplitUtterance,
  TextIndex,
} from '../../corpus/index.ts';
import { UserError } from '../../errors.ts';
import { limitHeldOut } from '../../evaluation/heldout.ts';
import type { CorpusSummary, RunEvent } from '../../protocol/events.ts';
import type { TrainingClip } from '../draw.ts';
import type { FrozenBaseModel } from './base.ts';
import { makeLanguage } from './language.ts';

export interface Clips {
  /** The training side of every language: what the units are fitted on, and what stages draw from. */
  heard: Rows<TrainingClip>;
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
  /** How many clips are worth asking for before the first is needed. */
  readonly ahead: number;
  /** Ends the threads that decode, until a clip is asked for again. */
  rest(): Promise<void>;
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
  const scanned: Record<'train' | 'dev', Rows<Clip>[]> = { train: [], dev: [] };
  const sides: Record<'train' | 'dev', Rows<TrainingClip>[]> = { train: [], dev: [] };
  const summaries: CorpusSummary[] = [];
  const spoken = new Map<string, Rows<SplitUtterance>>();
  const codes = Object.entries(experiment.languages);
  for (const [code, spec] of codes) {
    emit({ type: 'stage', name: 'scan', done: 0, total: 1, detail: code });
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
    for (const side of ['train', 'dev'] as const) {
      scanned[side].push(clips[side]);
      sides[side].push(toTrain(clips[side], (samples) => framesOf(base.config, samples)));
    }
    spoken.set(code, utterances);
    signal.throwIfAborted();
  }
  emit({ type: 'stage', name: 'scan', done: codes.length, total: codes.length });

  const all = joined([...scanned.train, ...scanned.dev]);
  const byHash = new TextIndex((place) => all.at(place)!.hash);
  for (let place = 0; place < all.length; place++) byHash.add(all.at(place)!.hash, place);
  const reader = new ClipReader(base.normalise);
  const clipOf = (hash: string) => all.at(byHash.find(hash))!;
  const heard = joined(sides.train);
  if (heard.length === 0) throw nothingToTrainOn();
  return {
    heard,
    heldOut: limitHeldOut(joined(sides.dev), experiment.evaluation.secondsPerLanguage * framesPerSecond).map(
      ({ id, hash, language, frames }) => ({ id, hash, language, frames }),
    ),
    summaries,
    spoken: (language) => sidesOf([...(spoken.get(language) ?? [])]),
    origin: ({ hash }) => {
      const { speaker, parts } = clipOf(hash);
      if (parts.length > 1) return { speaker };
      const [{ utterance, startSample }] = parts;
      return { speaker, path: utterance.path, startSeconds: (utterance.startSample + startSample) / 16_000 };
    },
    samplesIn: ({ hash }) => clipOf(hash).samples,
    samples: ({ hash }) => reader.samples(clipOf(hash)),
    get ahead() {
      return reader.ahead;
    },
    rest: () => reader.rest(),
  };
}

/** A clip as it trains: by its length and language alone until it is drawn. */
function toTrain(clips: Rows<Clip>, framesOf: (samples: number) => number): Rows<TrainingClip> {
  // `Uint32Array.from` would hold every clip at once.
  const frames = new Uint32Array(clips.length);
  let at = 0;
  for (const { samples } of clips) frames[at++] = framesOf(samples);
  const language = clips.at(0)?.language ?? '';
  return rowsBy(clips.length, (i) => new HeardClip(language, frames[i], clips, i));
}

class HeardClip implements TrainingClip {
  constructor(
    readonly language: string,
    readonly frames: number,
    private readonly clips: Rows<Clip>,
    private readonly place: number,
  ) {}

  get id(): string {
    return this.clips.at(this.place)!.id;
  }

  get hash(): string {
    return this.clips.at(this.place)!.hash;
  }
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
): Rows<TrainingClip> {
  const { languages, replay, sampling } = experiment;
  const own = heard.filter(({ language }) => languages[language]?.role === 'new');
  const old = heard.filter(({ language }) => replay.languages.includes(language));
  if (replay.hours === undefined) return joined([own, old]);
  const has: Record<string, number> = {};
  for (const { language, frames } of old) has[language] = (has[language] ?? 0) + frames;
  const total = Object.values(has).reduce((sum, frames) => sum + frames, 0);
  const weights = Object.fromEntries(
    Object.entries(has).map(([code, frames]) => [code, languages[code].weight * (frames / total) ** sampling.exponent]),
  );
  return joined([own, replayPool(old, replay.hours * 3600 * framesPerSecond, weights)]);
}

/** Draws what trains, with the replayed share. */
export function trainingSampler(experiment: Experiment, clips: Rows<TrainingClip>, framesPerSecond: number): Sampler {
  const codes = new Set<string>();
  for (const { language } of clips) codes.add(language);
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
export function headSampler(experiment: Experiment, clips: Rows<TrainingClip>, framesPerSecond: number): Sampler {
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
