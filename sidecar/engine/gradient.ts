/** @file The reverse sweep: from a scalar loss to the gradient by each parameter, as more nodes of the same graph. */
import { reachable } from './graph.ts';
import { accumulate } from './ops/linear.ts';
import { table } from './ops/table.ts';
import type { Value } from './value.ts';

/**
 * The gradient of `loss` (a scalar or a tensor of one element) by each of `parameters`, in their order and shapes.
 * Values that do not depend on a parameter get no gradient, so no frozen weight's is ever emitted.
 * Throws when a parameter does not reach the loss.
 */
export function gradients(loss: Value, parameters: readonly Value[]): Value[] {
  const order = reachable([loss]);
  const live = new Set<Value>(parameters);
  for (const node of order)
    if (table[node.op].gradient && node.inputs.some((input) => input && live.has(input)))
      for (const output of node.outputs) live.add(output);

  const byValue = new Map<Value, Value>();
  const give = (value: Value, gradient: Value) => {
    const sofar = byValue.get(value);
    byValue.set(value, sofar ? accumulate(sofar, gradient) : gradient);
  };
  give(loss, onesLike(loss));
  for (const node of order.reverse()) {
    const d = node.outputs.map((output) => byValue.get(output));
    if (d.every((gradient) => gradient === undefined)) continue;
    const needs = (i: number) => node.inputs[i] !== undefined && live.has(node.inputs[i]);
    const rule = table[node.op].gradient;
    if (!rule || !node.inputs.some((_, i) => needs(i))) continue;
    rule({ ...node, inputs: node.inputs.map(again) }, d, needs).forEach((gradient, i) => {
      if (gradient && needs(i)) give(node.inputs[i]!, gradient);
    });
  }
  return parameters.map((parameter, i) => {
    const gradient = byValue.get(parameter);
    if (!gradient) throw new Error(`internal: parameter ${i} does not reach the loss`);
    return gradient;
  });
}

/** What a rule reads: values that cost less to compute again than to keep are made where they are read. */
const again = (value: Value | undefined) => (value?.node && table[value.node.op].again?.(value.node)) ?? value;

const onesLike = (loss: Value) => {
  if (loss.shape.some((dim) => dim !== 1)) throw new Error(`internal: a loss of shape [${loss.shape}] is no scalar`);
  return loss.graph.constant(
    Float32Array.of(1),
    loss.shape.map(() => 1),
  );
};
