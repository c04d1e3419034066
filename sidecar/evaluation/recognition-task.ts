/**
 * @file One task of recognition and one model: a recogniser is trained on its frozen states, and what it hears in the
 * scored speech is written down. In evaluation mode, unlike the published wrapper. It knows neither tracks nor scores.
 */
import type { ScannedUtterance } from '../corpus/index.ts';
import type { SessionOptions } from '../engine/session.ts';
import { UserError } from '../errors.ts';
import { fits } from '../recognition/batch.ts';
import { type Confidence, calibrate, type Heard, sayConfidence } from '../recognition/confidence.ts';
import { type DownstreamConfig, logitFrames } from '../recognition/config.ts';
import { DECODINGS, type Decoding } from '../recognition/decode.ts';
import {
  type Recipe,
  type RecipeProgress,
  type RecipeState,
  readEach,
  recognise,
  type SpokenClip,
  trainRecogniser,
} from '../recognition/recipe.ts';
import { restoreState, stateFiles } from '../recognition/recipe-state.ts';
import { Recogniser } from '../recognition/recogniser.ts';
import type { SpecAugment } from '../recognition/spec-augment.ts';
import { decode, encode, type SymbolKind, type Tokens, tokensOf } from '../recognition/tokens.ts';
import type { StateStore } from './state-store.ts';

export interface TaskUtterance extends ScannedUtterance {
  /** What is learned and should be heard, its tag and all. */
  target: string;
  /** Of a benchmark's part; empty where there is but one. */
  set: string;
}

export type Side = 'train' | 'validation' | 'scored';
export const SIDES: readonly Side[] = ['train', 'validation', 'scored'];

export interface RecognitionTask {
  /** `multi`, or `mono/mls/eng`. */
  name: string;
  symbols: SymbolKind;
  sides: Record<Side, readonly TaskUtterance[]>;
  notes: readonly string[];
  /** Where it is not the recipe's number. */
  updates?: number;
}

/** The recipe as a task has it. */
export const recipeOf = ({ updates }: RecognitionTask, { recipe }: RecognitionOptions): Recipe =>
  updates === undefined ? recipe : { ...recipe, updates };

export interface RecognitionOptions {
  recipe: Recipe;
  /** Of the downstream model; what the frozen model and the texts do not give. */
  size: Pick<DownstreamConfig, 'pre' | 'model' | 'heads' | 'feedForward' | 'blocks' | 'dropout'>;
  augment?: SpecAugment;
  session: SessionOptions;
}

export interface HeardUtterance {
  id: string;
  set: string;
  language: string;
  speaker?: string;
  reference: string;
  heard: Record<Decoding, string>;
}

export interface TaskResult {
  /** Best validation loss, nats a clip; absent where no clip that chooses can be spelled. */
  validationLoss?: number;
  tokens: number;
  notes: string[];
  utterances: HeardUtterance[];
}

/** A recogniser as it is after its training, with all that reading with it takes. */
export interface Trained {
  config: DownstreamConfig;
  tokens: Tokens;
  parameters: Recogniser['parameters'];
  confidence?: Confidence;
}

/** What is kept of a task while it is trained and after: where a kill cannot reach it. */
export interface Work {
  /** Of a training that has ended. */
  result(): TaskResult | undefined;
  /** The newest files that were saved. */
  newest(): Record<string, Uint8Array> | undefined;
  /** Whether the state is due to be saved after an update. */
  due(update: number): boolean;
  save(update: number, files: Record<string, Uint8Array>): void;
  /** Whether the recogniser is kept to be used: how sure it may be of a word is then found out. */
  keeps: boolean;
  finish(result: TaskResult, trained: Trained): void;
  /** Lets others at it, whether it was finished or not. */
  release(): void;
}

export interface TaskWatcher {
  progress?(progress: RecipeProgress): void;
  resumed?(update: number): void;
}

const byDecoding = <T>(make: (how: Decoding) => T) =>
  Object.fromEntries(DECODINGS.map((how) => [how, make(how)])) as Record<Decoding, T>;

/** @throws UserError where no training text fits its audio */
export async function recognitionOf(
  task: RecognitionTask,
  states: StateStore,
  options: RecognitionOptions,
  work?: Work,
  watcher: TaskWatcher = {},
): Promise<TaskResult> {
  const known = work?.result();
  if (known) return known;
  const { size, augment, session } = options;
  const recipe = recipeOf(task, options);
  const { sides } = task;
  const tokens = tokensOf(
    sides.train.map(({ target }) => target),
    task.symbols,
  );
  const { layers, width } = states;
  const config: DownstreamConfig = { ...size, layers, width, vocabulary: tokens.symbols.length };
  const clip = (one: TaskUtterance): SpokenClip => ({
    id: one.id,
    frames: states.frames(one.samples),
    hidden: () => states.of(one),
    target: encode(tokens, one.target),
  });
  const clips = {
    train: sides.train.map(clip),
    validation: sides.validation.map(clip),
    scored: sides.scored.map(clip),
  };
  const readable = (side: readonly SpokenClip[]) => side.filter(({ frames }) => logitFrames(frames) > 0);
  const train = readable(clips.train).filter(fits);
  if (train.length === 0) throw nothingFits(task);
  const recogniser = await Recogniser.open(config, { augment }, recipe.seed, session);
  try {
    const saved = work?.newest();
    let state: RecipeState = { update: 0, best: [] };
    if (saved) {
      state = restoreState(saved, recogniser);
      watcher.resumed?.(state.update);
    }
    const onProgress = (progress: RecipeProgress, now: RecipeState) => {
      if (work?.due(now.update) && now.update < recipe.updates) work.save(now.update, stateFiles(recogniser, now));
      watcher.progress?.(progress);
    };
    const { best } = await trainRecogniser(recogniser, train, readable(clips.validation), recipe, onProgress, state);
    const heard = await recognise(recogniser, readable(clips.scored), DECODINGS, recipe.batch);
    const confidence = work?.keeps
      ? await confidenceOf(recogniser, [readable(clips.validation), readable(clips.scored)], task, tokens, recipe.batch)
      : undefined;
    const loss = best[0]?.loss;
    const result: TaskResult = {
      ...(Number.isFinite(loss) ? { validationLoss: loss } : {}),
      tokens: tokens.symbols.length,
      notes: [...task.notes, ...told(clips), ...(confidence ? [sayConfidence(confidence)] : [])],
      utterances: sides.scored.map(({ id, set, language, speaker, target }) => ({
        id,
        set,
        language,
        ...(speaker === undefined ? {} : { speaker }),
        reference: target,
        heard: byDecoding((how) => decode(tokens, heard.get(id)?.[how] ?? [])),
      })),
    };
    work?.finish(result, { config, tokens, parameters: recogniser.parameters, confidence });
    return result;
  } finally {
    await recogniser.release();
    work?.release();
  }
}

/** Of each side, as many clips as tell enough: their logits are held in memory. */
const MOST_CLIPS = 400;

async function confidenceOf(
  recogniser: Recogniser,
  sides: readonly (readonly SpokenClip[])[],
  { sides: { validation, scored } }: RecognitionTask,
  tokens: Tokens,
  size: number,
): Promise<Confidence> {
  const references = new Map([...validation, ...scored].map(({ id, target }) => [id, target]));
  const [fit, test]: Heard[][] = [[], []];
  for (const [i, into] of [fit, test].entries())
    await readEach(recogniser, sides[i].slice(0, MOST_CLIPS), size, (id, logits) => {
      into.push({ logits: logits.slice(), reference: references.get(id) ?? '' });
    });
  return calibrate(fit, test, tokens);
}

/** What cannot be learned from or read, in words. */
function told({ train, scored }: Record<Side, readonly SpokenClip[]>): string[] {
  const notes: string[] = [];
  const [first, ...others] = train.filter((clip) => !fits(clip));
  if (first)
    notes.push(
      `${others.length + 1} of ${train.length} training clips are too short for their transcript and weigh nothing, such as "${first.id}": ${first.target?.length} symbols in ${logitFrames(first.frames)} frames of logits.`,
    );
  const short = scored.filter(({ frames }) => logitFrames(frames) < 1).length;
  if (short > 0)
    notes.push(`${short} scored clips are too short to be heard at all: everything in them counts as missed.`);
  const tight = scored.filter((clip) => logitFrames(clip.frames) > 0 && !fits(clip)).length;
  if (tight > 0)
    notes.push(`${tight} scored transcripts are longer than their audio can spell: they are scored as they are.`);
  return notes;
}

const nothingFits = ({ sides: { train } }: RecognitionTask) =>
  new UserError({
    code: 'superb.nothing-fits',
    tried: 'train a recogniser',
    why: `none of ${train.length} transcripts fits into the frames of its audio (one frame of logits every 40 ms, one a symbol at least).`,
    cure: 'Look whether transcripts and recordings belong together.',
  });
