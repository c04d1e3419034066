import { describe, expect, it } from 'vitest';
import { compile } from '../../../sidecar/engine/compile.ts';
import { gradients } from '../../../sidecar/engine/gradient.ts';
import { Graph, reachable } from '../../../sidecar/engine/graph.ts';
import { mul } from '../../../sidecar/engine/ops/elementwise.ts';
import { reshape } from '../../../sidecar/engine/ops/layout.ts';
import type { Example } from '../../../sidecar/engine/ops/op.ts';
import { sum } from '../../../sidecar/engine/ops/reduce.ts';
import { table } from '../../../sidecar/engine/ops/table.ts';
import { type Feed, floats, Session } from '../../../sidecar/engine/session.ts';
import type { Value } from '../../../sidecar/engine/value.ts';

const STEP = 1e-2;
const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Deterministic, in (−1, 1), no two alike. */
const noise = (n: number, seed: number) =>
  Float32Array.from(
    { length: n },
    (_, i) => ((Math.sin(12.9898 * (i + 1) + 78.233 * seed) * 43758.5453) % 1) as number,
  );

/** Loss = Σ weights·first output; exact gradients by the rule, and by central differences of the loss in float64 sums. */
async function check(op: string, example: Example, dialect: 'cpu' | 'portable') {
  const graph = new Graph();
  const feeds: Record<string, Feed> = {};
  const differentiated: Value[] = [];
  const names: string[] = [];
  const inputs = example.shapes.map((shape, i) => {
    const fixed = example.fixed?.[i];
    const name = `x${i}`;
    feeds[name] = { data: fixed ?? noise(size(shape), i + 1).map(example.domain ?? ((x) => x)), shape };
    const value = graph.input(name, shape, fixed instanceof BigInt64Array ? 'int64' : 'float32');
    if (!fixed) {
      differentiated.push(value);
      names.push(name);
    }
    return value;
  });
  const outputs = graph.apply(op, inputs, example.attributes);
  // Every output that is a result (not a saved statistic) takes part in the loss.
  const results = op === 'split' ? outputs : outputs.slice(0, 1);
  const weights = results.map((y, i) => noise(size(y.shape as number[]), 50 + i));
  const loss = results
    .map((y, i) =>
      sum(reshape(mul(y, graph.constant(weights[i], y.shape as number[])), [size(y.shape as number[])]), [0]),
    )
    .reduce((a, b) => graph.apply('add', [a, b])[0]);
  const exact = gradients(loss, differentiated);
  const named: Record<string, Value> = {};
  results.forEach((y, i) => {
    named[`y${i}`] = y;
  });
  const forward = compile(named, dialect);
  const backward = compile(Object.fromEntries(exact.map((g, i) => [`d${i}`, g])), dialect);
  const f = await Session.open(forward.bytes, forward, { device: 'cpu' });
  const b = await Session.open(backward.bytes, backward, { device: 'cpu' });
  const rule = await b.run(feeds, {});
  const evaluate = async () => {
    const y = await f.run(feeds, {});
    return results.reduce((total, _, k) => total + floats(y[`y${k}`]).reduce((s, v, i) => s + v * weights[k][i], 0), 0);
  };
  let worst = 0;
  for (const [i, name] of names.entries()) {
    const data = feeds[name].data as Float32Array;
    const g = floats(rule[`d${i}`]);
    expect(g.length).toBe(data.length);
    for (let j = 0; j < data.length; j++) {
      const x = data[j];
      data[j] = x + STEP;
      const up = await evaluate();
      data[j] = x - STEP;
      const down = await evaluate();
      data[j] = x;
      worst = Math.max(worst, Math.abs((up - down) / (2 * STEP) - g[j]) / (1 + Math.abs(g[j])));
    }
  }
  await f.release();
  await b.release();
  return { worst, emitted: reachable(exact).map((node) => node.op) };
}

describe('every op of the table', () => {
  const covered = new Set<string>();
  for (const [op, { examples, gradient }] of Object.entries(table)) {
    for (const [i, example] of examples.entries())
      for (const dialect of ['cpu', 'portable'] as const)
        it(`${op} (example ${i + 1}, ${dialect}) agrees with finite differences`, async () => {
          const { worst, emitted } = await check(op, example, dialect);
          expect(worst).toBeLessThan(2e-3);
          covered.add(op);
          for (const other of emitted) covered.add(other);
        });
    it(`${op} has examples exactly if it has a gradient`, () => {
      expect(examples.length > 0).toBe(gradient !== null);
    });
  }
  it('is reached by an example, as itself or in the backward pass of another; comparisons, maxima, indices and what only graphs that are taken along hold carry none', () => {
    const constant = new Set(['atLeast', 'equals', 'max', 'argMax', 'toFloat', 'relativeRows', 'firstRows']);
    expect(Object.keys(table).filter((op) => !covered.has(op) && !constant.has(op))).toEqual([]);
  });
});
