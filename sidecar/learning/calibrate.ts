/**
 * @file Which frozen products may be computed in 8 bits: each is tried on what real speech gives it, in the kernel of this
 * machine, both ways; then the whole step is. What is not close enough is smoothed, taken in blocks, or left in float32.
 */
import { Graph } from '../engine/graph.ts';
import { type FrozenKind, timesFrozen } from '../engine/ops/frozen.ts';
import { gemm } from '../engine/ops/linear.ts';
import { type Feed, floats, type Session } from '../engine/session.ts';
import type { Value } from '../engine/value.ts';
import type { LearnableConfig } from '../model/config.ts';
import { Parameters } from '../model/parameters.ts';
import { parameterSpecs, probeGraph, stepGraph } from '../objectives/learnable.ts';
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
import { type Closeness, closeness, largestOf, smoothingShifts } from './closeness.ts';
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

/** Projections looked at in one run of the opened step: those of a block. */
const AT_A_TIME = 6;

interface Trial extends Closeness {
  recipe: DirectionRecipe;
}

/**
 * Tries every frozen product of the step on `batch`, and the step.
 * @param seed of the parameters that it is tried with: as a run begins, but with experts that are at work
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
  const bindings = batchBindings(batch);
  const { outputs, projections } = probeGraph(config, file, specs);
  const frames = batch.clips * batch.frames;
  if (projections.length === 0)
    return { frames, products: [], step: { cosine: 1, lossNats: 0 }, passes: true, recipe: {} };
  const products: Judged[] = [];
  const recipe: Record<string, ProjectionRecipe> = {};
  const probe = await file.open(outputs, { device: 'cpu', prepack: false });
  try {
    let seen: Awaited<ReturnType<Session['run']>> = {};
    for (const [i, { name, backward }] of projections.entries()) {
      // Some at a time: all of a base's activations would not fit beside it.
      if (i % AT_A_TIME === 0) {
        const wanted = projections
          .slice(i, i + AT_A_TIME)
          .flatMap((one) => [`in:${one.name}`, ...(one.backward ? [`out:${one.name}`] : [])]);
        seen = await probe.run(feeds, bindings, wanted);
      }
      const judged = async (direction: Direction): Promise<DirectionRecipe> => {
        const left = floats(seen[direction === 'forward' ? `in:${name}` : `out:${name}`]);
        const { chosen, plain } = await judge(file, name, direction, left);
        const { cosine, relativeError } = chosen;
        const smoothed = chosen.recipe.shifts !== undefined;
        products.push({
          projection: name,
          direction,
          kind: chosen.recipe.kind,
          smoothed,
          cosine,
          relativeError,
          plain,
        });
        return chosen.recipe;
      };
      const forward = await judged('forward');
      recipe[name] = { forward, backward: backward ? await judged('backward') : { kind: 'float32' } };
      onProgress(i + 1, projections.length);
    }
  } finally {
    await probe.release();
  }
  const step = await compareSteps(config, file, recipe, feeds, bindings);
  const passes = step.cosine >= STEP_BOUND.cosine && step.lossNats <= STEP_BOUND.lossNats;
  return { frames, products, step, passes, recipe };
}

/** As they are drawn, but nothing is zero: an expert that does nothing would have half of its gradients zero. */
function workingParameters(specs: ReturnType<typeof parameterSpecs>, seed: number): Parameters {
  const parameters = new Parameters(specs, seed);
  for (const name of parameters.namesOf('expert')) {
    const view = parameters.view(name);
    if (view.some((x) => x !== 0)) continue;
    const drawn = normals(view.length, seed, 'calibrate', name);
    for (let i = 0; i < view.length; i++) view[i] = 0.02 * drawn[i];
  }
  return parameters;
}

const feedsOf = (parameters: Parameters) =>
  Object.fromEntries(
    parameters.names.map((name) => [name, { data: parameters.view(name), shape: parameters.shape(name) }]),
  );

/** From the fastest way to the closest; the first that is close enough, else float32. */
async function judge(file: WeightFile, name: string, direction: Direction, left: Float32Array) {
  const { shape, data } = file.weights.get(`${name}.weight`)!;
  const inner = direction === 'forward' ? shape[1] : shape[0];
  const bound = PRODUCT_BOUND[direction];
  const [exact, plain] = await multiply(file, name, direction, left, inner, [{ kind: 'float32' }, { kind: 'int8' }]);
  const first: Trial = { recipe: { kind: 'int8' }, ...closeness(plain, exact) };
  const result = (chosen: Trial) => {
    return { chosen, plain: { cosine: first.cosine, relativeError: first.relativeError } };
  };
  if (first.relativeError <= bound) return result(first);
  const others: DirectionRecipe[] = [
    { kind: 'int8', shifts: smoothingShifts(left, largestOf(data, shape, direction)) },
  ];
  if (canBe('blocks', inner)) others.push({ kind: 'blocks' });
  const tried = await multiply(file, name, direction, left, inner, others);
  const trials = others.map((recipe, i): Trial => ({ recipe, ...closeness(tried[i], exact) }));
  const close = trials.find(({ relativeError }) => relativeError <= bound);
  return result(close ?? { recipe: { kind: 'float32' }, cosine: 1, relativeError: 0 });
}

/** What each way gives of the same left side. */
async function multiply(
  file: WeightFile,
  name: string,
  direction: Direction,
  left: Float32Array,
  inner: number,
  ways: readonly DirectionRecipe[],
): Promise<Float32Array[]> {
  const graph = new Graph();
  const x = graph.input('x', ['N', inner]);
  const exact = () => gemm(x, file.source(graph)(`${name}.weight`), undefined, { transB: direction === 'forward' });
  const outputs: Record<string, Value> = {};
  for (const [i, way] of ways.entries())
    outputs[`y${i}`] =
      way.kind === 'float32' ? exact() : timesFrozen(x, quantisedMatrix(graph, file, name, direction, way));
  const session = await file.open(outputs, { device: 'cpu' });
  try {
    const rows = left.length / inner;
    const out = await session.run({ x: { data: left, shape: [rows, inner] } }, { N: rows });
    return ways.map((_, i) => floats(out[`y${i}`]));
  } finally {
    await session.release();
  }
}

async function compareSteps(
  config: LearnableConfig,
  file: WeightFile,
  recipe: Calibration['recipe'],
  feeds: Readonly<Record<string, Feed>>,
  bindings: ReturnType<typeof batchBindings>,
) {
  const specs = parameterSpecs(config, file.weights);
  const run = async (session: Session) => {
    try {
      const out = await session.run(feeds, bindings);
      const gradient = specs.map(({ name }) => floats(out[`grad:${name}`]));
      return { loss: floats(out.loss)[0], gradient: concatenate(gradient) };
    } finally {
      await session.release();
    }
  };
  const exact = await run(await file.open(stepGraph(config, file, specs), { device: 'cpu', prepack: false }));
  const products = quantise(file, recipe);
  const ours = await run(await file.open(stepGraph(config, file, specs, products), { device: 'cpu' }));
  const { cosine } = closeness(ours.gradient, exact.gradient);
  return { cosine, lossNats: Math.abs(ours.loss - exact.loss) };
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
