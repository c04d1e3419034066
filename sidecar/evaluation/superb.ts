/**
 * @file ML-SUPERB's monolingual recognition before and after an adapter: one recogniser each on the frozen states of the base
 * and of the adapted model, trained alike, scored on the same utterances. In evaluation mode, unlike the published wrapper.
 */
import { normalise } from '../audio/index.ts';
import { utteranceSamples } from '../corpus/index.ts';
import type { SessionOptions } from '../engine/session.ts';
import { UserError } from '../errors.ts';
import type { BaseModel } from '../model/checkpoint/base.ts';
import { fits } from '../recognition/batch.ts';
import { type DownstreamConfig, logitFrames, ML_SUPERB } from '../recognition/config.ts';
import { DECODINGS, type Decoding } from '../recognition/decode.ts';
import {
  type Recipe,
  type RecipeProgress,
  recognise,
  type SpokenClip,
  trainRecogniser,
} from '../recognition/recipe.ts';
import { Recogniser } from '../recognition/recogniser.ts';
import type { SpecAugment } from '../recognition/spec-augment.ts';
import { decode, encode, type Tokens, tokensOf } from '../recognition/tokens.ts';
import type { WeightFile } from '../weights/file.ts';
import { characters, errorsOf } from './error-rate.ts';
import { type Adapted, FrozenStates } from './frozen-states.ts';
import {
  bootstrap,
  type Counted,
  type Difference,
  type Interval,
  pairedDifference,
  type Undefined,
} from './interval.ts';
import type { Transcribed, TranscribedSides } from './transcribed.ts';

export interface SuperbOptions {
  recipe: Recipe;
  /** Of the downstream model; what the frozen model and the texts do not give. */
  size: Pick<DownstreamConfig, 'pre' | 'model' | 'heads' | 'feedForward' | 'blocks' | 'dropout'>;
  augment?: SpecAugment;
  session: SessionOptions;
}

export const ML_SUPERB_SIZE: SuperbOptions['size'] = ML_SUPERB;

export interface ScoredUtterance {
  id: string;
  speaker?: string;
  reference: string;
  heard: Record<Decoding, string>;
  /** Edits of `length` characters, the space among them. */
  errors: Record<Decoding, number>;
  length: number;
}

export interface SuperbArm {
  name: string;
  /** Pooled CER with its interval, by decoding. */
  rates: Record<Decoding, Interval | Undefined>;
  /** Best validation loss, nats a clip. */
  validationLoss: number;
  utterances: ScoredUtterance[];
}

export interface SuperbReport {
  clips: Record<'train' | 'validation' | 'scored', number>;
  tokens: number;
  notes: string[];
  arms: SuperbArm[];
  /** The second arm minus the first, where there are two. */
  differences?: Record<Decoding, Difference | Undefined>;
}

export interface SuperbWatcher {
  note?(text: string): void;
  progress?(arm: string, progress: RecipeProgress): void;
}

/** The models that are compared: the base first. */
export interface Compared {
  base: BaseModel;
  file: WeightFile;
  arms: readonly { name: string; adapted: Adapted }[];
}

const byDecoding = <T>(make: (how: Decoding) => T) =>
  Object.fromEntries(DECODINGS.map((how) => [how, make(how)])) as Record<Decoding, T>;

/**
 * Trains and scores one recogniser an arm, with the same first parameters, the same order and the same draws.
 * Throws a `UserError` where no training text fits its audio.
 */
export async function monolingualRecognition(
  { base, file, arms }: Compared,
  sides: TranscribedSides,
  { recipe, size, augment, session }: SuperbOptions,
  watcher: SuperbWatcher = {},
): Promise<SuperbReport> {
  const tokens = tokensOf(sides.train.map(({ text }) => text));
  const { layers, hidden } = base.config;
  const config: DownstreamConfig = { ...size, layers: layers + 1, width: hidden, vocabulary: tokens.symbols.length };
  const notes: string[] = [];
  const note = (text: string) => {
    notes.push(text);
    watcher.note?.(text);
  };
  sides.notes.forEach(note);
  const report: SuperbReport = {
    clips: { train: sides.train.length, validation: sides.validation.length, scored: sides.scored.length },
    tokens: tokens.symbols.length,
    notes,
    arms: [],
  };
  for (const { name, adapted } of arms) {
    const states = await FrozenStates.open(adapted, file, session);
    const clips = await spoken(sides, states, tokens, base.normalise, config);
    await states.release();
    if (report.arms.length === 0) told(clips, sides).forEach(note);
    const readable = (side: readonly SpokenClip[]) => side.filter(({ frames }) => logitFrames(frames) > 0);
    const train = readable(clips.train).filter(fits);
    if (train.length === 0) throw nothingFits(sides);
    const recogniser = await Recogniser.open(config, { augment }, recipe.seed, session);
    const { best } = await trainRecogniser(recogniser, train, readable(clips.validation), recipe, (progress) =>
      watcher.progress?.(name, progress),
    );
    const heard = await recognise(recogniser, readable(clips.scored), DECODINGS, recipe.batch);
    await recogniser.release();
    const utterances = sides.scored.map((one) => scored(one, tokens, heard.get(one.id)));
    const rates = byDecoding((how) => bootstrap(counted(utterances, how), { seed: recipe.seed }));
    report.arms.push({ name, rates, utterances, validationLoss: best[0]?.loss ?? Number.NaN });
  }
  const [before, after] = report.arms;
  if (after)
    report.differences = byDecoding((how) =>
      pairedDifference(counted(before.utterances, how), counted(after.utterances, how), 'lower', { seed: recipe.seed }),
    );
  return report;
}

type Clips = Record<'train' | 'validation' | 'scored', SpokenClip[]>;

/** Frozen states of every clip, computed once and held in memory. */
async function spoken(
  sides: TranscribedSides,
  states: FrozenStates,
  tokens: Tokens,
  normalised: boolean,
  { layers, width }: DownstreamConfig,
): Promise<Clips> {
  const all = [...sides.train, ...sides.validation, ...sides.scored];
  const bytes = all.reduce((sum, { samples }) => sum + 4 * layers * width * states.frames(samples), 0);
  if (bytes > MOST_BYTES) throw tooLarge(bytes);
  const clip = async (one: Transcribed): Promise<SpokenClip> => {
    const raw = await utteranceSamples(one);
    const hidden = await states.of(normalised ? normalise(raw) : raw);
    return { id: one.id, frames: states.frames(one.samples), hidden: () => hidden, target: encode(tokens, one.text) };
  };
  const clips: Clips = { train: [], validation: [], scored: [] };
  for (const side of ['train', 'validation', 'scored'] as const)
    for (const one of sides[side]) clips[side].push(await clip(one));
  return clips;
}

/** What cannot be learned from or read, in words. */
function told({ train, scored: own }: Clips, { scored: utterances }: TranscribedSides): string[] {
  const notes: string[] = [];
  const [first, ...others] = train.filter((clip) => !fits(clip));
  if (first)
    notes.push(
      `${others.length + 1} of ${train.length} training clips are too short for their transcript and weigh nothing, such as "${first.id}": ${first.target?.length} characters in ${logitFrames(first.frames)} frames of logits.`,
    );
  const short = own.filter(({ frames }) => logitFrames(frames) < 1).length;
  if (short > 0)
    notes.push(`${short} scored clips are too short to be heard at all: every character counts as missed.`);
  const speakers = new Set(utterances.map(({ speaker }) => speaker)).size;
  const known = utterances.every(({ speaker }) => speaker !== undefined);
  if (!known)
    notes.push('The speakers are not known: intervals are over utterances, and too narrow where few spoke them.');
  else if (speakers < FEW_SPEAKERS)
    notes.push(
      `${speakers === 1 ? 'One speaker is' : `${speakers} speakers are`} scored: an interval over so few says little of others, and is rather too narrow.`,
    );
  return notes;
}

function scored(
  { id, speaker, text }: Transcribed,
  tokens: Tokens,
  found?: Record<Decoding, number[]>,
): ScoredUtterance {
  const heard = byDecoding((how) => decode(tokens, found?.[how] ?? []));
  const reference = characters(text);
  const errors = byDecoding((how) => errorsOf(reference, characters(heard[how])).errors);
  return { id, speaker, reference: text, heard, errors, length: reference.length };
}

const counted = (utterances: readonly ScoredUtterance[], how: Decoding): Counted[] =>
  utterances.map(({ id, speaker, errors, length }) => ({ id, speaker, count: errors[how], of: length }));

/** Fewer than these, and a percentile interval over speakers holds the truth less often than it says. */
const FEW_SPEAKERS = 8;

/** Of hidden states in memory at once. */
const MOST_BYTES = 4e9;

const tooLarge = (bytes: number) =>
  new UserError({
    code: 'superb.too-large',
    tried: 'keep the hidden states of every clip',
    why: `they would take ${(bytes / 1e9).toFixed(1)} GB of memory, and ${MOST_BYTES / 1e9} GB are allowed.`,
    cure: 'Give less audio: ten minutes or an hour of a language are what ML-SUPERB uses.',
  });

const nothingFits = ({ train }: TranscribedSides) =>
  new UserError({
    code: 'superb.nothing-fits',
    tried: 'train a recogniser',
    why: `none of ${train.length} transcripts fits into the frames of its audio (one frame of logits every 40 ms, one a character at least).`,
    cure: 'Look whether transcripts and recordings belong together.',
  });
