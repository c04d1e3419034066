/** @file The reference's five whole training steps (fixtures/mixture_variants), walked with a learner of either kind. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { npy, worstDifference } from './npy.ts';
import {
  applyMask,
  type Batch,
  encode,
  type Feed,
  featureInput,
  floats,
  Graph,
  type LearnableConfig,
  type Learner,
  lossOf,
  maskInput,
  mixtureHook,
  parameterSpecs,
  project,
  type SessionOptions,
  type Value,
  WeightFile,
} from './product.ts';
import { fixtures, forward, loadBase, scratch } from './reference.ts';

interface Index {
  mixture: Extract<LearnableConfig['adapter'], { kind: 'lora-mixture' }>['mixture'] | null;
  head: LearnableConfig['head'];
  lr: number;
  hlr: number;
  wd: number;
  eps: number;
  betas: [number, number];
  clip: number;
  /** Masked loss and penalty, mean of both batches, and the norm before clipping, at three updates. */
  losses: number[];
  norms: number[];
  /** Of each batch before the first update. */
  penalty: number[];
  nll: number[];
  names: string[];
  shapes: number[][];
}

type Base = ReturnType<typeof loadBase>;
type LearnerKind<T extends Learner> = {
  open(config: LearnableConfig, base: Base, file: WeightFile, seed: number, options: SessionOptions): Promise<T>;
};

export const VARIANTS = readdirSync(fixtures('mixture_variants'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

const at = (variant: string, file: string) => fixtures('mixture_variants', variant, file);
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
const largest = (values: ArrayLike<number>) => Array.from(values).reduce((w, x) => Math.max(w, Math.abs(x)), 0);
const relative = (got: number, expected: number) => Math.abs(got - expected) / Math.max(Math.abs(expected), 1e-12);

/** The fixture's B [E, out, r] as our [out, E·r]; every other tensor lies as ours does. */
function ours(name: string, { shape, data }: ReturnType<typeof npy>): Float32Array {
  if (!name.endsWith('.B')) return data;
  const [experts, out, rank] = shape;
  const turned = new Float32Array(data.length);
  for (let e = 0; e < experts; e++)
    for (let o = 0; o < out; o++)
      for (let r = 0; r < rank; r++) turned[(o * experts + e) * rank + r] = data[(e * out + o) * rank + r];
  return turned;
}

const ourName = (name: string) => name.replace(/\.([AB])$/, '.lora_$1');

function read(variant: string): { index: Index; base: Base; config: LearnableConfig } {
  const index: Index = JSON.parse(readFileSync(at(variant, 'index.json'), 'utf8'));
  const base = loadBase(fixtures('mixture_variants', variant));
  const adapter: LearnableConfig['adapter'] = index.mixture
    ? { kind: 'lora-mixture', mixture: index.mixture }
    : { kind: 'full' };
  return { index, base, config: { base: base.config, adapter, head: index.head, trainMask: false } };
}

/** The reference's tensors at a moment, under our names and in our layout. */
const tensors = (variant: string, { names }: Index, moment: 'init' | 'grad' | 'after') =>
  names.map((name, i) => ({ name: ourName(name), data: ours(name, npy(at(variant, `${moment}_${i}.npy`))) }));

function batchOf(variant: string, i: number): Batch {
  const features = npy(at(variant, `feat${i}.npy`));
  const mask = npy(at(variant, `mk${i}.npy`)).data;
  const units = npy(at(variant, `lab${i}.npy`)).data;
  const [clips, frames, width] = features.shape;
  const masked = [...mask].flatMap((m, row) => (m ? [row] : []));
  return {
    clips,
    frames,
    speech: { data: features.data, shape: [clips * frames, width] },
    mask,
    masked: BigInt64Array.from(masked, BigInt),
    labels: Float32Array.from(masked, (row) => units[row]),
  };
}

/** The front end's largest difference from the reference's features, over both batches. */
export async function featuresFigure(variant: string): Promise<number> {
  const base = loadBase(fixtures('mixture_variants', variant));
  let worst = 0;
  for (const i of [0, 1]) {
    const wave = npy(at(variant, `x${i}.npy`));
    const { features } = await forward(base, wave.data, undefined, wave.shape[0]);
    worst = Math.max(worst, worstDifference(features, npy(at(variant, `feat${i}.npy`)).data));
  }
  return worst;
}

/** The largest difference of any hidden state, masked and adapted as before the first update, over both batches. */
export async function hiddenFigure(variant: string, options: SessionOptions): Promise<number> {
  const { base, config, index } = read(variant);
  const file = WeightFile.prepare(base, scratch());
  const graph = new Graph();
  const frozen = file.source(graph);
  const trained = new Map(tensors(variant, index, 'init').map(({ name, data }) => [name, data]));
  const feeds: Record<string, Feed> = {};
  const tensor = (name: string): Value => {
    const spec = parameterSpecs(config, base.weights).find((one) => one.name === name);
    if (!spec) return frozen(name);
    feeds[name] = { data: trained.get(name)!, shape: spec.shape };
    return graph.input(name, spec.shape);
  };
  const hook = config.adapter.kind === 'lora-mixture' ? mixtureHook(graph, config.adapter.mixture, tensor) : undefined;
  const projected = project(base.config, tensor, featureInput(graph, base.config));
  const states = encode(base.config, tensor, applyMask(tensor, projected, maskInput(graph)), hook?.hook);
  const session = await file.open(Object.fromEntries(states.map((state, i) => [`hidden${i}`, state])), options);
  let worst = 0;
  for (const i of [0, 1]) {
    const { clips, frames, speech, mask } = batchOf(variant, i);
    const out = await session.run(
      { ...feeds, features: speech, mask: { data: mask, shape: [mask.length, 1] } },
      { B: clips, T: frames },
    );
    const expected = npy(at(variant, `hid${i}.npy`)).data;
    const each = expected.length / states.length;
    states.forEach((_, layer) => {
      const own = expected.subarray(layer * each, (layer + 1) * each);
      worst = Math.max(worst, worstDifference(floats(out[`hidden${layer}`]), own));
    });
  }
  await session.release();
  return worst;
}

export interface StepFigures {
  /** Our parameters and the reference's, in words where they differ. */
  names: { ours: string[]; reference: string[] };
  /** Largest relative error over both batches, before the first update. */
  maskedLoss: number;
  /** The same; where the reference has none, ours as it is. */
  penalty: number;
  /** By parameter: largest difference of the first accumulated gradient, as a share of the tensor's largest. */
  gradients: Map<string, { share: number; difference: number; largest: number }>;
  /** Largest entry of any gradient. */
  largestGradient: number;
  /** Relative errors of the loss and of the norm before clipping at each update. */
  losses: number[];
  norms: number[];
  /** By parameter: largest difference after three updates, as a share of the largest move of any parameter of its rate. */
  moves: Map<string, number>;
}

/** Three updates of both batches at weight ½, compared with the reference at every step. */
export async function walk<T extends Learner>(
  variant: string,
  kind: LearnerKind<T>,
  options: SessionOptions,
): Promise<StepFigures> {
  const { index, base, config } = read(variant);
  const learner = await kind.open(config, base, WeightFile.prepare(base, scratch()), 0, options);
  const { parameters } = learner;
  const figures: StepFigures = {
    names: { ours: [...parameters.names].sort(), reference: index.names.map(ourName).sort() },
    maskedLoss: 0,
    penalty: 0,
    gradients: new Map(),
    largestGradient: 0,
    losses: [],
    norms: [],
    moves: new Map(),
  };
  const before = tensors(variant, index, 'init');
  for (const { name, data } of before) parameters.view(name).set(data);
  await learner.push();
  const batches = [0, 1].map((i) => batchOf(variant, i));
  const adam = { betas: index.betas, epsilon: index.eps, weightDecay: index.wd, clipNorm: index.clip };
  for (let update = 0; update < index.losses.length; update++) {
    let loss = 0;
    for (const [i, batch] of batches.entries()) {
      const outcome = await learner.accumulate(batch, 0.5);
      loss += outcome.loss / 2;
      if (update > 0) continue;
      const maskedLoss = mean(lossOf(outcome));
      figures.maskedLoss = Math.max(figures.maskedLoss, relative(maskedLoss, index.nll[i]));
      const penalty = outcome.loss - maskedLoss;
      const wrong = index.penalty[i] === 0 ? Math.abs(penalty) : relative(penalty, index.penalty[i]);
      figures.penalty = Math.max(figures.penalty, wrong);
    }
    figures.losses.push(relative(loss, index.losses[update]));
    if (update === 0) {
      const gradient = await learner.readGradient();
      for (const { name, data } of tensors(variant, index, 'grad')) {
        const difference = worstDifference(parameters.view(name, gradient), data);
        figures.gradients.set(name, { share: difference / largest(data), difference, largest: largest(data) });
        figures.largestGradient = Math.max(figures.largestGradient, largest(data));
      }
    }
    const norm = await learner.update({ adapter: index.lr, head: index.hlr }, adam);
    figures.norms.push(relative(norm, index.norms[update]));
  }
  await learner.pull();
  const isHead = (name: string) => /^(final_proj|label_embs)/.test(name);
  const after = tensors(variant, index, 'after');
  const move = (head: boolean) =>
    Math.max(...after.map(({ name, data }, i) => (isHead(name) === head ? worstDifference(data, before[i].data) : 0)));
  for (const { name, data } of after)
    figures.moves.set(name, worstDifference(parameters.view(name), data) / move(isHead(name)));
  await learner.release();
  return figures;
}

/** The largest figures in one line, for whoever reads the output. */
export function summary({
  maskedLoss,
  penalty,
  gradients,
  largestGradient,
  losses,
  norms,
  moves,
}: StepFigures): string {
  const worst = (values: Iterable<number>) => Math.max(...values).toExponential(1);
  const shares = [...gradients.values()]
    .filter(({ difference }) => difference > 1e-7 * largestGradient)
    .map(({ share }) => share);
  return `masked loss ${worst([maskedLoss])}, penalty ${worst([penalty])}, gradients ${worst([0, ...shares])}, losses ${worst(losses)}, norms ${worst(norms)}, moves ${worst(moves.values())}`;
}

/**
 * The tests of a walk. `later` bounds losses and norms of the three updates, relative: what an update does to noise in a
 * gradient (Adam's quotient) is in all but the first.
 */
export function expectSteps(figures: () => StepFigures, later: number): void {
  it('has the reference’s masked loss and penalty of either batch', () => {
    expect(figures().maskedLoss).toBeLessThan(1e-5);
    expect(figures().penalty).toBeLessThan(1e-5);
  });

  it('has every gradient of two accumulated batches', () => {
    const { gradients, largestGradient } = figures();
    // A bias of k moves no attention weight: its gradient is 0, and what float32 leaves of it has no scale of its own.
    for (const [name, { share, difference }] of gradients)
      expect(Math.min(share / 1e-4, difference / (1e-7 * largestGradient)), name).toBeLessThan(1);
  });

  it('has loss and gradient norm at all three updates', () => {
    for (const error of [...figures().losses, ...figures().norms]) expect(error).toBeLessThan(later);
  });

  it('has every parameter after three updates, within 1 % of the largest move', () => {
    const { moves, gradients, largestGradient } = figures();
    for (const [name, share] of moves) {
      // Where the reference's gradient is 0, float32's noise is divided by Adam's epsilon.
      const still = gradients.get(name)!.largest < 1e-7 * largestGradient;
      expect(share, name).toBeLessThan(still ? 0.1 : 0.01);
    }
  });
}
