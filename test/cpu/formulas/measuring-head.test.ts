import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  assemble,
  HostLearner,
  type LearnableConfig,
  lossOf,
  normals,
  type Sources,
  spanMask,
  WeightFile,
} from '../../support/product.ts';
import { fixtures, loadBase, scratch } from '../../support/reference.ts';

const base = loadBase(fixtures('hubert_tiny_base'));
const width = base.config.convDim.at(-1)!;
const frames = 30;
const mixture = { experts: [2, 2, 2], rank: [2, 2, 2], alpha: 4, targets: ['fc1', 'fc2'], init: 0.05, dropout: 0 };
const plain: LearnableConfig = {
  base: base.config,
  adapter: {
    kind: 'lora-mixture',
    mixture: {
      ...mixture,
      experts: Array(base.config.layers).fill(2),
      rank: Array(base.config.layers).fill(2),
      targets: ['fc1', 'fc2'],
      router: { kind: 'dense', k: 2, share: 'block', balance: 0, zLoss: 0, init: 0.1 },
    },
  },
  head: { projection: 8, units: 12, temperature: 0.1 },
  trainMask: false,
};
const learned = (hash: string) => Uint16Array.from({ length: frames }, (_, t) => (t * t + hash.charCodeAt(0)) % 12);
const measured = (hash: string) => Uint16Array.from({ length: frames }, (_, t) => (5 * t + hash.charCodeAt(0)) % 12);
const features: Sources['features'] = { width, read: (hash) => normals(frames * width, hash).slice() };
const crops = ['a', 'b'].map((hash) => {
  return { hash, start: 0, mask: spanMask(frames, { probability: 0.8, length: 5, minSpans: 1 }, hash) };
});
const HEAD = ['final_proj.weight', 'final_proj.bias', 'label_embs'];

let both: HostLearner;
let alone: HostLearner;
beforeAll(async () => {
  const file = WeightFile.prepare(base, scratch());
  both = await HostLearner.open({ ...plain, measuringHead: true }, base, file, 1, { device: 'cpu' });
  alone = await HostLearner.open(plain, base, file, 1, { device: 'cpu' });
  // B starts at zero, and what adapts would then have no gradient but B's own.
  for (const learner of [both, alone])
    for (const name of learner.parameters.names)
      if (name.endsWith('lora_B'))
        learner.parameters.view(name).set(normals(learner.parameters.view(name).length, name));
});
afterAll(async () => {
  await both.release();
  await alone.release();
});

const gradientOf = ({ parameters, gradient }: HostLearner, name: string) => [...parameters.view(name, gradient)];

it('a head that only measures learns its own labels, and nothing of the encoder learns by it', async () => {
  const batch = assemble(crops, frames, { features, units: learned, measuringUnits: measured });
  const outcome = await both.accumulate(batch);

  // The witness: a learner with one head, once with each head's numbers and labels.
  const byUnits = await alone.accumulate(assemble(crops, frames, { features, units: learned }));
  expect(outcome.loss).toBeCloseTo(byUnits.loss, 5);
  for (const name of alone.parameters.names) {
    const [found, expected] = [gradientOf(both, name), gradientOf(alone, name)];
    found.forEach((value, i) => void expect(value).toBeCloseTo(expected[i], 5));
  }
  alone.discard();
  for (const name of HEAD) alone.parameters.view(name).set(both.parameters.view(`measuring.${name}`));
  const labels = assemble(crops, frames, { features, units: measured });
  const byMeasure = await alone.accumulate(labels);
  for (const name of HEAD) {
    const [found, expected] = [gradientOf(both, `measuring.${name}`), gradientOf(alone, name)];
    expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(1e-4);
    found.forEach((value, i) => void expect(value).toBeCloseTo(expected[i], 5));
  }

  // What is told, frame by frame, is what it measures; the loss that is learned by is not.
  expect(byMeasure.loss).not.toBeCloseTo(byUnits.loss, 3);
  expect([...lossOf(outcome)]).toEqual([...lossOf(byMeasure)].map((value) => expect.closeTo(value, 4)));
  const heldOut = await both.evaluate(batch);
  expect([...lossOf(heldOut)]).toEqual([...lossOf(byMeasure)].map((value) => expect.closeTo(value, 4)));
});
