/**
 * @file Makes `extension/sample/base`: a small HuBERT pre-trained by this project's own engine on the sample's three
 * existing languages, as HuBERT was (Hsu et al. 2021): iteration 1 on MFCC units, iteration 2 on units of its own
 * layer, and the second iteration's head beside it. About twenty minutes on two cores. Run: node sidecar/sample/run.mjs sidecar/sample/pretrain-sample-base.ts
 */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BaseConfig } from '../architecture/config.ts';
import { framesOf, samplesOf, timeBindings } from '../architecture/time.ts';
import { loadAudio16k, normalise } from '../audio/index.ts';
import { assemble } from '../learning/batch.ts';
import type { Batch, Learner } from '../learning/learner.ts';
import { spanMask } from '../learning/mask.ts';
import { openLearner } from '../learning/open-learner.ts';
import { saveBase } from '../model/checkpoint/save.ts';
import type { LearnableConfig } from '../model/config.ts';
import { newWeights } from '../model/new-base.ts';
import { rateFactor } from '../optim/schedule.ts';
import { permutation } from '../random.ts';
import { openFeatures } from '../units/features.ts';
import { prepareUnits } from '../units/fit.ts';
import { Assigner, fitKMeans } from '../units/kmeans.ts';
import { WeightFile } from '../weights/file.ts';
import { mfcc39, standardise } from './spectra.ts';

const SPEECH = 'extension/sample/speech';
const OUT = 'extension/sample/base';
const LANGUAGES = ['eng', 'deu', 'spa'];
const UNITS = 100;
const FRAMES = 249;
const SEED = 7;
const [STEPS_1, STEPS_2] = (process.env.STEPS ?? '500,900').split(',').map(Number);
const CLIPS_A_BATCH = 4;

const config: BaseConfig = {
  family: 'hubert',
  hidden: 144,
  layers: 4,
  heads: 4,
  feedForward: 576,
  convDim: [32, 48, 64, 96, 96, 96, 96],
  convKernel: [10, 3, 3, 3, 3, 2, 2],
  convStride: [5, 2, 2, 2, 2, 2, 2],
  convBias: false,
  extractorNorm: 'group',
  stableLayerNorm: false,
  projectionNorm: true,
  posKernel: 64,
  posGroups: 16,
  eps: 1e-5,
};

/** A speaker's utterances joined and cut into chunks of 249 frames; the last two voices of each language are held out. */
async function chunks(language: string) {
  const length = samplesOf(config, FRAMES);
  const made: { hash: string; language: string; frames: number; wave: Float32Array; held: boolean }[] = [];
  const speakers = readdirSync(join(SPEECH, language)).sort();
  for (const [s, speaker] of speakers.entries()) {
    const folder = join(SPEECH, language, speaker);
    const waves: Float32Array[] = [];
    for (const name of readdirSync(folder).sort()) waves.push(normalise(await loadAudio16k(join(folder, name))));
    const all = new Float32Array(waves.reduce((n, w) => n + w.length, 0));
    let at = 0;
    for (const wave of waves) {
      all.set(wave, at);
      at += wave.length;
    }
    for (let i = 0; (i + 1) * length <= all.length; i++)
      made.push({
        hash: `${language}-${speaker}-${i}`,
        language,
        frames: FRAMES,
        wave: all.slice(i * length, (i + 1) * length),
        held: s >= speakers.length - 2,
      });
  }
  return made;
}

const adam = { betas: [0.9, 0.98] as const, epsilon: 1e-6, weightDecay: 0.01, clipNorm: 5 };
const masks = { probability: 0.8, length: 10, minSpans: 2 };
const learnable = (kind: 'scratch' | 'full'): LearnableConfig => ({
  base: config,
  adapter: { kind },
  head: { projection: 96, units: UNITS, temperature: 0.1 },
  trainMask: true,
});

const all = (await Promise.all(LANGUAGES.map(chunks))).flat();
const train = all.filter(({ held }) => !held);
const held = all.filter(({ held }) => held);
console.log(`${train.length} chunks of 5 s to train on, ${held.length} held out`);
const cache = mkdtempSync(join(tmpdir(), 'milore-pretrain-'));

async function loop(
  name: string,
  learner: Learner,
  steps: number,
  rate: number,
  make: (clips: typeof all, key: (string | number)[]) => Batch,
) {
  const began = performance.now();
  let loss = 0;
  for (let step = 1; step <= steps; step++) {
    const at = (step - 1) * CLIPS_A_BATCH;
    const chosen = Array.from({ length: CLIPS_A_BATCH }, (_, b) => {
      const epoch = Math.floor((at + b) / train.length);
      return train[permutation(train.length, SEED, name, epoch)[(at + b) % train.length]];
    });
    loss += (await learner.accumulate(make(chosen, [name, step]))).loss;
    const factor = rateFactor(step, { steps, warmupFraction: 0.08, finalFraction: 0.02 });
    await learner.update({ adapter: rate * factor, head: rate * factor }, adam);
    if (step % 25 === 0) {
      let [nll, right, count] = [0, 0, 0];
      for (let i = 0; step % 100 === 0 && i < held.length; i += 8) {
        const { perFrame } = await learner.evaluate(make(held.slice(i, i + 8), ['held']));
        nll += perFrame.loss.reduce((a, b) => a + b, 0);
        right += perFrame.accuracy.reduce((a, b) => a + b, 0);
        count += perFrame.loss.length;
      }
      const measured =
        count > 0 ? `  held out ${(nll / count).toFixed(3)} nats, ${((100 * right) / count).toFixed(1)} %` : '';
      console.log(
        `${name} ${step}/${steps}  loss ${(loss / 25).toFixed(3)}${measured}  ${Math.round((performance.now() - began) / 1000)} s`,
      );
      loss = 0;
    }
  }
  await learner.pull();
}

// Iteration 1: everything learns, on MFCC units.
const cepstra = new Map(all.map(({ hash, wave }) => [hash, mfcc39(wave)]));
const rows = new Float32Array(train.length * FRAMES * 39);
for (const [i, { hash }] of train.entries()) rows.set(cepstra.get(hash)!, i * FRAMES * 39);
const scale = statistics(rows, 39);
for (const data of [rows, ...cepstra.values()]) scale(data);
const options = { device: 'cpu' } as const;
const first = await fitKMeans(rows, 39, { clusters: UNITS, iterations: 100, restarts: 5, seed: SEED }, options);
const assigner = await Assigner.open(UNITS, 39, options);
const mfccUnits = new Map<string, Uint16Array>();
for (const [hash, data] of cepstra) mfccUnits.set(hash, (await assigner.assign(data, first)).units);
await assigner.release();

const weights = newWeights(config, SEED);
const blank = {
  config,
  normalise: true,
  weights,
  hash: 'f'.repeat(64),
  folder: '',
  notes: [],
  ignored: [],
  source: '',
};
const learner1 = await openLearner(learnable('scratch'), blank, WeightFile.prepare(blank, cache), SEED, options);
await loop('iteration 1', learner1, STEPS_1, 1e-3, (clips, key) => {
  const empty = { width: 1, read: () => new Float32Array(FRAMES) };
  const slots = clips.map(({ hash }) => ({ hash, start: 0, mask: spanMask(FRAMES, masks, SEED, ...key, hash) }));
  const batch = assemble(slots, FRAMES, { features: empty, units: (hash) => mfccUnits.get(hash)! });
  const length = clips[0].wave.length;
  const speech = new Float32Array(clips.length * length);
  clips.forEach(({ wave }, b) => {
    speech.set(wave, b * length);
  });
  return {
    ...(key[1] === undefined ? batch : everyFrame(batch, clips, (hash) => mfccUnits.get(hash)!)),
    speech: { data: speech, shape: [clips.length, 1, length] },
    bindings: timeBindings(config, length),
  };
});
for (const [name, weight] of weights) weights.set(name, { ...weight, data: learner1.parameters.view(name).slice() });
await learner1.release();

// Iteration 2: the front end stays, the transformer learns on units of its own second layer.
const base = { ...blank, hash: 'e'.repeat(64) };
const file = WeightFile.prepare(base, cache);
const features = openFeatures('float32', base, file, cache);
const byHash = new Map(all.map((clip) => [clip.hash, clip]));
await features.ensure(all, { load: async ({ hash }) => byHash.get(hash)!.wave, options });
const from = { base, file, features, options };
const settings = { layer: 2, clusters: UNITS, framesPerLanguage: 20_000, iterations: 100, restarts: 5, seed: SEED };
const units = await prepareUnits(from, settings, train, all, cache);
const learner2 = await openLearner(learnable('full'), base, file, SEED, options);
await loop('iteration 2', learner2, STEPS_2, 1e-3, (clips, key) => {
  const batch = assemble(
    clips.map(({ hash }) => ({ hash, start: 0, mask: spanMask(FRAMES, masks, SEED, ...key, hash) })),
    FRAMES,
    { features, units: (hash) => units.of(hash) },
  );
  return key[1] !== undefined && Number(key[1]) <= STEPS_2 * 0.3
    ? everyFrame(batch, clips, (hash) => units.of(hash))
    : batch;
});
for (const [name, weight] of weights)
  if (learner2.parameters.names.includes(name))
    weights.set(name, { ...weight, data: learner2.parameters.view(name).slice() });
saveBase(OUT, config, weights, true, {
  projection: 96,
  units: UNITS,
  temperature: 0.1,
  projectionWeight: learner2.parameters.view('final_proj.weight').slice(),
  projectionBias: learner2.parameters.view('final_proj.bias').slice(),
  embeddings: learner2.parameters.view('label_embs').slice(),
});
await learner2.release();
await features.close();
rmSync(cache, { recursive: true });
console.log(`written to ${OUT}; ${framesOf(config, 16_000)} frames a second`);

/**
 * The frames that are seen are predicted too (Hsu et al. 2021, eq. 1 with both terms): from random weights, masked
 * frames alone leave the model at the units' frequencies for a long time.
 */
function everyFrame(batch: Batch, clips: typeof all, unitsOf: (hash: string) => Uint16Array): Batch {
  return {
    ...batch,
    masked: BigInt64Array.from({ length: clips.length * FRAMES }, (_, i) => BigInt(i)),
    labels: Float32Array.from(clips.flatMap(({ hash }) => [...unitsOf(hash)])),
  };
}

/** One scaling, from the training rows, for all. */
function statistics(data: Float32Array, width: number): (other: Float32Array) => void {
  const copy = data.slice();
  standardise(copy, width);
  const gains = Array.from({ length: width }, (_, c) => {
    let [i, j] = [0, 1];
    while (data[i * width + c] === data[j * width + c]) j++;
    if (data[i * width + c] > data[j * width + c]) [i, j] = [j, i];
    const gain = (copy[j * width + c] - copy[i * width + c]) / (data[j * width + c] - data[i * width + c]);
    return { gain, shift: copy[i * width + c] - gain * data[i * width + c] };
  });
  return (other) => {
    for (let i = 0; i < other.length; i++) other[i] = other[i] * gains[i % width].gain + gains[i % width].shift;
  };
}
