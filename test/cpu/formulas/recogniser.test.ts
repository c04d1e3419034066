import { afterAll, describe, expect, it } from 'vitest';
import { normals } from '../../../sidecar/random.ts';
import { batchOf } from '../../../sidecar/recognition/batch.ts';
import { type DownstreamConfig, logitFrames } from '../../../sidecar/recognition/config.ts';
import {
  averageOf,
  batchesByLength,
  ML_SUPERB_RECIPE,
  type Recipe,
  type RecipeState,
  recognise,
  type SpokenClip,
  trainRecogniser,
} from '../../../sidecar/recognition/recipe.ts';
import { Recogniser } from '../../../sidecar/recognition/recogniser.ts';
import { ML_SUPERB_AUGMENT } from '../../../sidecar/recognition/spec-augment.ts';
import { worstDifference } from '../../support/npy.ts';

const config: DownstreamConfig = {
  layers: 2,
  width: 8,
  pre: 12,
  model: 16,
  heads: 2,
  feedForward: 32,
  blocks: 1,
  vocabulary: 5,
  dropout: 0.1,
};
const recipe: Recipe = {
  ...ML_SUPERB_RECIPE,
  updates: 120,
  batch: 4,
  accumulate: 2,
  rate: 5e-3,
  validations: 12,
  averaged: 3,
};
const augment = { ...ML_SUPERB_AUGMENT, widthMost: 1, timeMasks: 1 };

/** Speech made up: each of three letters is a direction in the second layer's states, held for twelve frames, with noise. */
function clipsOf(count: number, key: string): SpokenClip[] {
  const letters = [0, 1, 2].map((letter) => normals(config.width, 'letter', letter));
  return Array.from({ length: count }, (_, n) => {
    const length = 3 + (n % 3);
    const drawn = normals(length, key, n);
    const target = [...drawn].map((x) => 1 + (Math.floor(Math.abs(x) * 100) % 3));
    const frames = 12 * length + 6;
    const hidden = normals(config.layers * frames * config.width, key, 'noise', n).map((x) => 0.3 * x);
    target.forEach((token, i) => {
      for (let t = 0; t < 9; t++)
        for (let d = 0; d < config.width; d++)
          hidden[(frames + 3 + 12 * i + t) * config.width + d] += 2 * letters[token - 1][d];
    });
    return { id: `${key} ${n}`, frames, hidden: () => hidden, target };
  });
}

describe('a recogniser', () => {
  const opened: Recogniser[] = [];
  const open = async (seed = 1) => {
    const recogniser = await Recogniser.open(config, { augment }, seed, { device: 'cpu' });
    opened.push(recogniser);
    return recogniser;
  };
  afterAll(async () => {
    for (const recogniser of opened) await recogniser.release();
  });
  const [train, validation, test] = [clipsOf(24, 'train'), clipsOf(6, 'validation'), clipsOf(12, 'test')];

  it('learns to read what it has not heard, which it could not before', async () => {
    const recogniser = await open();
    const right = async () => {
      const heard = await recognise(recogniser, test, ['frames', 'prefix'], 4);
      return test.filter(({ id, target }) => String(heard.get(id)!.prefix) === String(target)).length;
    };
    expect(await right()).toBe(0);
    await trainRecogniser(recogniser, train, validation, recipe);
    expect(await right()).toBeGreaterThanOrEqual(10);
  }, 60_000);

  it('goes on from any update to the bit, SpecAugment and dropout at work', async () => {
    const short = { ...recipe, updates: 12, validations: 4 };
    const whole = await open();
    let middle: { parameters: Float32Array; optimiser: Recogniser['optimiser']; state: RecipeState } | undefined;
    await trainRecogniser(whole, train, validation, short, (_, state) => {
      if (state.update !== 7) return;
      const { first, second, updates } = whole.optimiser;
      const optimiser = { first: first.slice(), second: second.slice(), updates };
      middle = { parameters: whole.parameters.data.slice(), optimiser, state: { ...state, best: [...state.best] } };
    });
    const resumed = await open(2);
    resumed.parameters.data.set(middle!.parameters);
    resumed.optimiser = middle!.optimiser;
    await trainRecogniser(resumed, train, validation, short, undefined, middle!.state);
    expect(worstDifference(resumed.parameters.data, whole.parameters.data)).toBe(0);
  });

  it('ends as the mean of the snapshots that were best by validation loss', async () => {
    const recogniser = await open();
    const seen: { update: number; loss: number; parameters: Float32Array }[] = [];
    const short = { ...recipe, updates: 12, validations: 6, averaged: 2 };
    const { best } = await trainRecogniser(recogniser, train, validation, short, ({ update, validationLoss }) => {
      if (validationLoss !== undefined)
        seen.push({ update, loss: validationLoss, parameters: recogniser.parameters.data.slice() });
    });
    expect(seen.map(({ update }) => update)).toEqual([2, 4, 6, 8, 10, 12]);
    const expected = [...seen].sort((a, b) => a.loss - b.loss).slice(0, 2);
    expect(best.map(({ update }) => update)).toEqual(expected.map(({ update }) => update));
    const [a, b] = expected.map(({ parameters }) => parameters);
    expect(worstDifference(averageOf(best), recogniser.parameters.data)).toBe(0);
    expect(
      worstDifference(
        recogniser.parameters.data,
        a.map((x, i) => (x + b[i]) / 2),
      ),
    ).toBeLessThan(1e-7);
  });

  it('hears clips of about one length together, each once', () => {
    const groups = batchesByLength(train, 5);
    expect(groups.map((group) => group.length)).toEqual([5, 5, 5, 5, 4]);
    expect(groups.flat().map(({ frames }) => frames)).toEqual(train.map(({ frames }) => frames).sort((a, b) => a - b));
    expect(new Set(groups.flat()).size).toBe(train.length);
  });

  it('refuses a clip without a frame of logits', () => {
    expect(logitFrames(6)).toBe(0);
    expect(logitFrames(7)).toBe(1);
    const hidden = new Float32Array(config.layers * 6 * config.width);
    expect(() => batchOf([{ id: 'short', frames: 6, hidden }], config)).toThrow('short has 6 frames');
  });
});
