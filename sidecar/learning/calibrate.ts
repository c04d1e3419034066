/**
 * @file Which frozen products may be computed in 8 bits: each is tried on what real speech gives it, in the kernel of this
 * machine, both ways; then the whole step is. What is not close enough is smoothed, taken in blocks, or left in float32.
 */
import { mul, sqrt, sub } from '../engine/ops/elementwise.ts';
import { type FrozenKind, timesFrozen } from '../engine/ops/frozen.ts';
import { concat, transpose } from '../engine/ops/layout.ts';
import { max, sum } from '../engine/ops/reduce.ts';
import { type Feed, floats, type Session } from '../engine/session.ts';
import type { Value } from '../engine/value.ts';
import type { LearnableConfig } from '../model/config.ts';
import { Parameters } from '../model/parameters.ts';
import { type Probed, parameterSpecs, probeGraph, stepGraph } from '../objectives/learnable.ts';
import { normals } from '../random.ts';
import type { WeightFile } from '../weights/file.ts';
import {
  canBe,
  type Direction,
  type DirectionRecipe,
  type ProjectionRecipe,
  quantise,
  quantisedMatrix,
} from '../weights/quantised.ts';
import { type Closeness, closeness, closenessOf, largestOf, smoothingShifts } from './closeness.ts';
import { type Batch, batchBindings, batchFeeds, dropoutFeeds } from './learner.ts';

/**
 * A product whose relative error is larger does not stay as it is. Numbers like a normal's err by 0.013 plainly. What errs
 * on the way forward is heard by all that follows; a gradient is a sum of many anyway, and its tails are heavier.
 */
export const PRODUCT_BOUND = { forward: 0.025, backward: 0.05 };
/** What the whole step in 8 bits must come to: the gradient of all that trains, and the loss. */
export const STEP_BOUND = { cosine: 0.99, lossNats: 0.02 };

/** One frozen product, one way. */
export interface Judged extends Closeness {
  projection: string;
  direction: Direction;
  kind: FrozenKind;
  /** Whether channels were evened out first. */
  smoothed: boolean;
  /** As it would be in 8 bits without any of that. */
  plain: Closeness;
}

export interface Calibration {
  /** Frames of speech that it was tried on. */
  frames: number;
  products: Judged[];
  /** The step with these products against the one in float32, on the same frames. */
  step: { cosine: number; lossNats: number };
  passes: boolean;
  recipe: Record<string, ProjectionRecipe>;
}

/** Of the step, after each of which there is something to tell: in 8 bits plainly, evened, in blocks, and as chosen. */
const RUNS = 4;
const EXACT: Trial = { recipe: { kind: 'float32' }, cosine: 1, relativeError: 0 };

interface Trial extends Closeness {
  recipe: DirectionRecipe;
}

/** Of a product, what a way came to, and the largest size of each channel of what is multiplied. */
interface Looked {
  trial: Trial;
  largest: Float32Array;
}

/** What a step comes to. */
interface Came {
  loss: number;
  gradient: Float32Array;
}

/** The step that is calibrated, and what it is fed. */
interface Tried {
  config: LearnableConfig;
  file: WeightFile;
  specs: ReturnType<typeof parameterSpecs>;
  feeds: Readonly<Record<string, Feed>>;
  bindings: ReturnType<typeof batchBindings>;
}

/**
 * Tries every frozen product of the step on `batch`, and the step. It runs with every product in 8 bits beside itself, again
 * with what did not come close enough tried in another way, and then as chosen; no activation leaves the graph.
 * @param seed of the parameters that it is tried with: as a run begins, but with experts that are at work
 * @param onProgress parts done of how many
 */
export async function calibrate(
  config: LearnableConfig,
  file: WeightFile,
  batch: Batch,
  seed: number,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<Calibration> {
  const specs = parameterSpecs(config, file.weights);
  const feeds = {
    ...feedsOf(workingParameters(specs, seed)),
    ...batchFeeds(batch, config),
    ...dropoutFeeds(batch, config),
  };
  const tried: Tried = { config, file, specs, feeds, bindings: batchBindings(batch) };
  const frames = batch.clips * batch.frames;
  let parts = 0;
  const onWritten = (of: number) => onProgress(++parts, of + RUNS);
  const plainly = await look(tried, () => ({ kind: 'int8' }), { onWritten, withStep: true });
  if (plainly.products.length === 0)
    return { frames, products: [], step: { cosine: 1, lossNats: 0 }, passes: true, recipe: {} };
  const isDone = () => onProgress(++parts, plainly.products.length + RUNS);
  isDone();
  const judged = new Map(plainly.looked);
  for (const other of [evened, inBlocks]) {
    const { looked } = await look(tried, (product) => {
      const { trial, largest } = judged.get(product.key)!;
      return isClose(product, trial) ? undefined : other(file, product, largest);
    });
    for (const [key, one] of looked) judged.set(key, one);
    isDone();
  }

  const products: Judged[] = [];
  const recipe: Record<string, ProjectionRecipe> = {};
  for (const product of plainly.products) {
    const { key, projection, direction } = product;
    const { recipe: _, ...plain } = plainly.looked.get(key)!.trial;
    const { trial } = judged.get(key)!;
    const { recipe: way, ...close } = isClose(product, trial) ? trial : EXACT;
    recipe[projection] ??= { forward: EXACT.recipe, backward: EXACT.recipe };
    recipe[projection][direction] = way;
    products.push({ projection, direction, kind: way.kind, smoothed: way.shifts !== undefined, ...close, plain });
  }
  const ours = await inEightBits(tried, recipe);
  isDone();
  const { cosine } = closeness(ours.gradient, plainly.step!.gradient);
  const step = { cosine, lossNats: Math.abs(ours.loss - plainly.step!.loss) };
  const passes = step.cosine >= STEP_BOUND.cosine && step.lossNats <= STEP_BOUND.lossNats;
  return { frames, products, step, passes, recipe };
}

const isClose = ({ direction }: Probed, { relativeError }: Closeness) => relativeError <= PRODUCT_BOUND[direction];

interface Beside {
  /** Told how many products there are, each time the matrices of one are there. */
  onWritten?(of: number): void;
  /** What the whole step comes to is wanted too. */
  withStep?: boolean;
}

/** Runs the step in float32 and, beside each of its frozen products, that product in the way asked for. */
async function look(
  { config, file, specs, feeds, bindings }: Tried,
  wayOf: (product: Probed & { key: string }) => DirectionRecipe | undefined,
  { onWritten, withStep = false }: Beside = {},
) {
  const { graph, step, products } = probeGraph(config, file, specs);
  const keyed = products.map((one) => ({ ...one, key: `${one.direction}:${one.projection}` }));
  const ways = new Map<string, DirectionRecipe>();
  const seen: Record<string, Value> = {};
  for (const product of keyed) {
    const { key, projection, direction, left, exact } = product;
    const way = wayOf(product);
    if (way) {
      ways.set(key, way);
      const matrix = quantisedMatrix(graph, file, projection, direction, way);
      seen[`apart:${key}`] = squares(timesFrozen(left, matrix), exact);
      seen[`largest:${key}`] = largestOfChannels(left);
    }
    onWritten?.(keyed.length);
  }
  const looked = new Map<string, Looked>();
  if (ways.size === 0) return { products: keyed, looked };
  const outputs = { ...(withStep ? cameOf(step, specs) : {}), ...seen };
  // Without packed copies of its matrix a product in blocks does not round what it multiplies.
  const prepack = [...ways.values()].some(({ kind }) => kind === 'blocks');
  const session = await file.open(outputs, { device: 'cpu', prepack });
  try {
    const out = await session.run(feeds, bindings);
    for (const [key, recipe] of ways) {
      const [ours, theirs, apart] = floats(out[`apart:${key}`]);
      const trial = { recipe, ...closenessOf(ours, theirs, apart) };
      looked.set(key, { trial, largest: floats(out[`largest:${key}`]).slice() });
    }
    return { products: keyed, looked, step: withStep ? came(out, specs) : undefined };
  } finally {
    await session.release();
  }
}

/** As they are drawn, but nothing is zero: an expert that does nothing would have half of its gradients zero. */
export function workingParameters(specs: ReturnType<typeof parameterSpecs>, seed: number): Parameters {
  const parameters = new Parameters(specs, seed);
  for (const name of parameters.namesOf('expert')) {
    const view = parameters.view(name);
    if (view.some((x) => x !== 0)) continue;
    const drawn = normals(view.length, seed, 'calibrate', name);
    for (let i = 0; i < view.length; i++) view[i] = 0.02 * drawn[i];
  }
  return parameters;
}

export const feedsOf = (parameters: Parameters) =>
  Object.fromEntries(
    parameters.names.map((name) => [name, { data: parameters.view(name), shape: parameters.shape(name) }]),
  );

/** In 8 bits, with the channels of both sides evened out. */
function evened(file: WeightFile, { projection, direction }: Probed, largest: Float32Array): DirectionRecipe {
  const { shape, data } = file.weights.get(`${projection}.weight`)!;
  return { kind: 'int8', shifts: smoothingShifts(largest, largestOf(data, shape, direction)) };
}

const inBlocks = (_file: WeightFile, _product: Probed, { length }: Float32Array): DirectionRecipe | undefined =>
  canBe('blocks', length) ? { kind: 'blocks' } : undefined;

/** ‖approximate‖², ‖exact‖² and ‖approximate − exact‖² [1, 3]. By rows first: float32 adds few numbers well. */
function squares(approximate: Value, exact: Value): Value {
  const square = (x: Value) => sum(sum(mul(x, x), [1]), [0]);
  return concat(square(approximate), square(exact), square(sub(approximate, exact)));
}

/** The largest size in each column of x [N, C], [C, 1]. */
const largestOfChannels = (x: Value) => sqrt(max(transpose(mul(x, x), [1, 0])));

/** Of a step's outputs those that `came` reads. */
const cameOf = (outputs: Record<string, Value>, specs: Tried['specs']): Record<string, Value> =>
  Object.fromEntries(['loss', ...specs.map(({ name }) => `grad:${name}`)].map((name) => [name, outputs[name]]));

const came = (out: Awaited<ReturnType<Session['run']>>, specs: Tried['specs']): Came => ({
  loss: floats(out.loss)[0],
  gradient: concatenate(specs.map(({ name }) => floats(out[`grad:${name}`]))),
});

async function inEightBits({ config, file, specs, feeds, bindings }: Tried, recipe: Calibration['recipe']) {
  const step = stepGraph(config, file, specs, quantise(file, recipe));
  const session = await file.open(step, { device: 'cpu' });
  try {
    return came(await session.run(feeds, bindings), specs);
  } finally {
    await session.release();
  }
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
