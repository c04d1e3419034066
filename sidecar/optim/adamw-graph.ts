/**
 * @file What a learner on a device needs besides its step, as graphs: the AdamW update of adamw.ts with clipping, the
 * sum of gradients, and the way to the device and back. They know shapes alone, no model.
 */
import { Graph } from '../engine/graph.ts';
import { add, div, mul, sqrt, sub } from '../engine/ops/elementwise.ts';
import { concat, reshape } from '../engine/ops/layout.ts';
import { max, sum } from '../engine/ops/reduce.ts';
import type { Feed } from '../engine/session.ts';
import type { Value } from '../engine/value.ts';
import type { AdamWOptions } from './adamw.ts';

/** One trainable tensor. */
export interface TensorSlot {
  name: string;
  shape: readonly number[];
  /** Parameters of a group share a learning rate. */
  group: string;
}

const UNCLIPPED = 1e30; // inside the range in which WGSL's division is exact to 2.5 ulp

/**
 * Inputs `parameter:`, `first:`, `second:` and `gradient:<name>` and the scalars of `updateFeeds`; outputs the first three
 * after the update under the same names with `new-` before, and `norm` [1] of all gradients before clipping.
 */
export function updateGraph(slots: readonly TensorSlot[]): Record<string, Value> {
  const graph = new Graph();
  const { gradients, norm } = gradientNorm(graph, slots);
  const limit = graph.input('clipNorm', [1]);
  // min(1, limit / (norm + 1e-6))
  const clip = div(limit, max(concat(add(norm, graph.scalar(1e-6)), limit)));
  const [root, epsilon] = [graph.input('root', [1]), graph.input('epsilon', [1])];
  const groups = new Map(
    [...new Set(slots.map(({ group }) => group))].map((group) => [group, rates(graph, group, clip)]),
  );
  const outputs: Record<string, Value> = { norm };
  slots.forEach(({ name, shape, group }, i) => {
    const [keepFirst, keepSecond, takeFirst, takeSecond, decay, rate] = groups.get(group)!;
    const [p, m, v] = ['parameter', 'first', 'second'].map((part) => graph.input(`${part}:${name}`, shape));
    const g = gradients[i];
    const first = add(mul(m, keepFirst), mul(g, takeFirst));
    const second = add(mul(v, keepSecond), mul(mul(g, g), takeSecond));
    const step = div(mul(first, rate), add(mul(sqrt(second), root), epsilon));
    outputs[`new-parameter:${name}`] = sub(mul(p, decay), step);
    outputs[`new-first:${name}`] = first;
    outputs[`new-second:${name}`] = second;
  });
  return outputs;
}

/** Inputs `gradient:<name>`, output `norm` [1]: what is asked before an update, so that all arms make it or none. */
export function normGraph(slots: readonly TensorSlot[]): Record<string, Value> {
  return { norm: gradientNorm(new Graph(), slots).norm };
}

function gradientNorm(graph: Graph, slots: readonly TensorSlot[]): { gradients: Value[]; norm: Value } {
  const gradients = slots.map(({ name, shape }) => graph.input(`gradient:${name}`, shape));
  return { gradients, norm: sqrt(gradients.map(squared).reduce(add)) };
}

/** Σ x² as [1]: row by row first, so that a device has rows to work on side by side and sums stay short. */
function squared(x: Value): Value {
  const last = x.shape.length - 1;
  const rows = sum(mul(x, x), [last]);
  return reshape(last === 0 ? rows : sum(rows, [...Array(last).keys()]), [1]);
}

/** The clipping is folded into what is taken of the gradient, which spares a pass over it. */
function rates(graph: Graph, group: string, clip: Value): Value[] {
  const scalar = (part: string) => graph.input(`${group}.${part}`, [1]);
  return [
    scalar('keepFirst'),
    scalar('keepSecond'),
    mul(scalar('takeFirst'), clip),
    mul(scalar('takeSecond'), mul(clip, clip)),
    scalar('decay'),
    scalar('rate'),
  ];
}

/** The scalars of update number `updates` (from 1). A group of rate 0 keeps parameters and moments as they are. */
export function updateFeeds(
  ratesByGroup: Readonly<Record<string, number>>,
  { betas: [b1, b2], epsilon, weightDecay, clipNorm }: AdamWOptions,
  updates: number,
): Record<string, Feed> {
  const values: Record<string, number> = {
    clipNorm: clipNorm > 0 ? clipNorm : UNCLIPPED,
    epsilon,
    root: 1 / Math.sqrt(1 - b2 ** updates),
  };
  for (const [group, rate] of Object.entries(ratesByGroup)) {
    const still = rate === 0;
    values[`${group}.keepFirst`] = still ? 1 : b1;
    values[`${group}.keepSecond`] = still ? 1 : b2;
    values[`${group}.takeFirst`] = still ? 0 : 1 - b1;
    values[`${group}.takeSecond`] = still ? 0 : 1 - b2;
    values[`${group}.decay`] = 1 - rate * weightDecay;
    values[`${group}.rate`] = rate / (1 - b1 ** updates);
  }
  return Object.fromEntries(Object.entries(values).map(([name, x]) => [name, one(x)]));
}

export const one = (x: number): Feed => ({ data: Float32Array.of(x), shape: [1] });

/** `sum:<name>` = `gradient:<name>` + `weight` · `grad:<name>`. */
export function accumulateGraph(slots: readonly TensorSlot[]): Record<string, Value> {
  const graph = new Graph();
  const weight = graph.input('weight', [1]);
  return Object.fromEntries(
    slots.map(({ name, shape }) => {
      const sofar = graph.input(`gradient:${name}`, shape);
      return [`sum:${name}`, add(sofar, mul(graph.input(`grad:${name}`, shape), weight))];
    }),
  );
}

/** `sum:<name>` = `gradient:<name>` + `weight:<name>` · (`parameter:<name>` − `start:<name>`). */
export function pullGraph(slots: readonly TensorSlot[]): Record<string, Value> {
  const graph = new Graph();
  return Object.fromEntries(
    slots.map(({ name, shape }) => {
      const [sofar, now, start, weight] = ['gradient', 'parameter', 'start', 'weight'].map((part) =>
        graph.input(`${part}:${name}`, shape),
      );
      return [`sum:${name}`, add(sofar, mul(weight, sub(now, start)))];
    }),
  );
}

/** `copy:<name>` is `<name>`: where the copy lies is the session's choice. */
export function copyGraph(slots: readonly TensorSlot[]): Record<string, Value> {
  const graph = new Graph();
  return Object.fromEntries(slots.map(({ name, shape }) => [`copy:${name}`, graph.input(name, shape)]));
}
