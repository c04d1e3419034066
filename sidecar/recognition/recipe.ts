/**
 * @file How a downstream model is trained: ML-SUPERB's recipe with the number of updates as a key. Everything is drawn by
 * the update's number, so that training goes on from any update as if it had never been interrupted.
 */
import { permutation } from '../random.ts';
import { batchOf, fits, type Spoken, type SpokenBatch } from './batch.ts';
import { type DownstreamConfig, logitFrames } from './config.ts';
import { type Decoding, decodeBy } from './decode.ts';
import type { Recogniser } from './recogniser.ts';

export interface Recipe {
  updates: number;
  /** Clips a batch, of about one length. */
  batch: number;
  /** Batches whose gradients are added up for an update. */
  accumulate: number;
  rate: number;
  weightDecay: number;
  betas: readonly [number, number];
  epsilon: number;
  /** Largest norm of an update's gradient; ESPnet's own 5, which the recipe leaves as it is. */
  clipNorm: number;
  /** How often validation speech is heard on the way; the published 30 epochs. */
  validations: number;
  /** Parameters of so many of these, those best by validation loss, are averaged at the end. */
  averaged: number;
  seed: number;
}

/** The published recipe (ESPnet `conf/tuning/train_asr_s3prl_*.yaml`): updates are 3,750, 75,000 or 150,000 by task and data. */
export const ML_SUPERB_RECIPE: Recipe = {
  updates: 3750,
  batch: 8,
  accumulate: 4,
  rate: 1e-4,
  weightDecay: 1e-6,
  betas: [0.9, 0.999],
  epsilon: 1e-8,
  clipNorm: 5,
  validations: 30,
  averaged: 5,
  seed: 1,
};

/** A clip whose hidden states are read when they are needed. */
export interface SpokenClip extends Omit<Spoken, 'hidden'> {
  hidden(): Promise<Float32Array> | Float32Array;
}

/** Parameters as they were at a validation. */
export interface Snapshot {
  update: number;
  loss: number;
  parameters: Float32Array;
}

/** What goes on from an update, beside the parameters and moments of the recogniser itself. */
export interface RecipeState {
  update: number;
  best: Snapshot[];
}

export interface RecipeProgress {
  update: number;
  updates: number;
  /** Nats a clip. */
  loss: number;
  validationLoss?: number;
}

/** Batches of clips of about one length; the last may be smaller. */
export function batchesByLength<T extends { id: string; frames: number }>(clips: readonly T[], size: number): T[][] {
  const sorted = [...clips].sort((a, b) => a.frames - b.frames || (a.id < b.id ? -1 : 1));
  return Array.from({ length: Math.ceil(sorted.length / size) }, (_, i) => sorted.slice(i * size, (i + 1) * size));
}

async function loaded(clips: readonly SpokenClip[], config: DownstreamConfig): Promise<SpokenBatch> {
  const spoken: Spoken[] = [];
  for (const clip of clips) spoken.push({ ...clip, hidden: await clip.hidden() });
  return batchOf(spoken, config);
}

/**
 * Trains to `recipe.updates` and leaves the mean of the best snapshots in the recogniser. Clips whose text does not fit
 * their frames weigh nothing; without a clip that fits there is nothing to train on, which the caller has said.
 */
export async function trainRecogniser(
  recogniser: Recogniser,
  train: readonly SpokenClip[],
  validation: readonly SpokenClip[],
  recipe: Recipe,
  onProgress?: (progress: RecipeProgress, state: RecipeState) => void | Promise<void>,
  state: RecipeState = { update: 0, best: [] },
): Promise<RecipeState> {
  const batches = batchesByLength(train, recipe.batch);
  const every = Math.max(1, Math.round(recipe.updates / recipe.validations));
  while (state.update < recipe.updates) {
    let loss = 0;
    for (let part = 0; part < recipe.accumulate; part++) {
      const number = state.update * recipe.accumulate + part;
      const epoch = Math.floor(number / batches.length);
      const order = permutation(batches.length, 'recogniser', recipe.seed, epoch);
      const batch = await loaded(batches[order[number % batches.length]], recogniser.config);
      const share = 1 / recipe.accumulate;
      loss += share * (await recogniser.accumulate(batch, share, recipe.seed, number)).loss;
    }
    recogniser.update(recipe.rate, recipe);
    state.update++;
    const progress: RecipeProgress = { update: state.update, updates: recipe.updates, loss };
    if (state.update % every === 0 || state.update === recipe.updates) {
      progress.validationLoss = await meanLoss(recogniser, validation, recipe.batch);
      keep(
        state,
        { update: state.update, loss: progress.validationLoss, parameters: recogniser.parameters.data.slice() },
        recipe,
      );
    }
    await onProgress?.(progress, state);
  }
  if (state.best.length > 0) recogniser.parameters.data.set(averageOf(state.best));
  return state;
}

/** Of equal losses the later one stays. */
function keep(state: RecipeState, snapshot: Snapshot, { averaged }: Recipe): void {
  state.best = [...state.best, snapshot].sort((a, b) => a.loss - b.loss || b.update - a.update).slice(0, averaged);
}

/** The mean of snapshots, number by number. */
export function averageOf(snapshots: readonly Snapshot[]): Float32Array {
  const sum = new Float64Array(snapshots[0].parameters.length);
  for (const { parameters } of snapshots) for (let i = 0; i < sum.length; i++) sum[i] += parameters[i];
  return Float32Array.from(sum, (x) => x / snapshots.length);
}

/** Mean over the clips that fit of −log p in nats; without any, NaN. */
async function meanLoss(recogniser: Recogniser, clips: readonly SpokenClip[], size: number): Promise<number> {
  let [sum, count] = [0, 0];
  for (const group of batchesByLength(clips, size)) {
    const { costs } = await recogniser.read(await loaded(group, recogniser.config));
    group.forEach((clip, b) => {
      if (!fits(clip)) return;
      sum += costs[b];
      count++;
    });
  }
  return sum / count;
}

/** What is heard in each clip, by id, in each of the ways asked for. */
export async function recognise(
  recogniser: Recogniser,
  clips: readonly SpokenClip[],
  how: readonly Decoding[],
  size: number,
): Promise<Map<string, Record<Decoding, number[]>>> {
  const { vocabulary } = recogniser.config;
  const heard = new Map<string, Record<Decoding, number[]>>();
  await readEach(recogniser, clips, size, (id, own) => {
    const decoded = how.map((one) => [one, decodeBy(one, own, vocabulary)] as const);
    heard.set(id, Object.fromEntries(decoded) as Record<Decoding, number[]>);
  });
  return heard;
}

/** Hands over each clip's own logits [frames, vocabulary], which are gone afterwards. */
export async function readEach(
  recogniser: Recogniser,
  clips: readonly SpokenClip[],
  size: number,
  take: (id: string, logits: Float32Array) => void,
): Promise<void> {
  const { vocabulary } = recogniser.config;
  for (const group of batchesByLength(clips, size)) {
    const batch = await loaded(group, recogniser.config);
    const { logits } = await recogniser.read(batch);
    group.forEach(({ id, frames }, b) => {
      const start = b * batch.bindings.L * vocabulary;
      take(id, logits.subarray(start, start + logitFrames(frames) * vocabulary));
    });
  }
}
