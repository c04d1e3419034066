import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../sidecar/engine/compile.ts';
import { gradients } from '../../../sidecar/engine/gradient.ts';
import { Graph } from '../../../sidecar/engine/graph.ts';
import { mul } from '../../../sidecar/engine/ops/elementwise.ts';
import { reshape, transpose } from '../../../sidecar/engine/ops/layout.ts';
import { sum } from '../../../sidecar/engine/ops/reduce.ts';
import { floats, Session } from '../../../sidecar/engine/session.ts';
import { framesNeeded, labellingCost, layOut } from '../../../sidecar/objectives/ctc.ts';
import { npy, worstDifference } from '../../support/npy.ts';
import { fixtures } from '../../support/reference.ts';

interface Case {
  blank: number;
  reduction: 'sum' | 'mean';
  zero_infinity: boolean;
  targets: number[][];
  input_lengths: number[];
  loss: number;
  per_item: number[];
  grad_file: string;
}
const at = (name: string) => fixtures('ctc', name);
const index = JSON.parse(readFileSync(at('index.json'), 'utf8'));
const [frames, items, vocabulary] = index.shape as [number, number, number];

/** Loss, costs and the gradient by logits [T, B, V], as the fixture lays them out. */
async function computed(
  logits: Float32Array,
  targets: number[][],
  lengths: number[],
  blank: number,
  weights: number[],
  time = frames,
) {
  const count = targets.length;
  const graph = new Graph();
  const x = graph.input('logits', ['T', 'B', vocabulary]);
  const rows = reshape(transpose(x, [1, 0, 2]), ['B*T', vocabulary]);
  const costs = labellingCost(rows, 'T');
  const loss = sum(mul(costs, graph.input('weights', ['B', 1])), [0, 1]);
  const [gradient] = gradients(loss, [x]);
  const { bytes, ...compiled } = compile({ loss, costs, gradient }, 'cpu');
  const session = await Session.open(bytes, compiled, { device: 'cpu' });
  const { feeds, states } = layOut({ targets, lengths, blank }, time);
  const all = {
    ...feeds,
    logits: { data: logits, shape: [time, count, vocabulary] },
    weights: { data: Float32Array.from(weights), shape: [count, 1] },
  };
  const out = await session.run(all, { B: count, T: time, S: states });
  await session.release();
  return { loss: floats(out.loss)[0], costs: floats(out.costs), gradient: floats(out.gradient) };
}

/** What zero_infinity does: an item that cannot be weighs nothing. */
const weightsOf = ({ targets, input_lengths, reduction }: Case) =>
  targets.map((target, i) => {
    if (framesNeeded(target) > input_lengths[i]) return 0;
    return reduction === 'sum' ? 1 : 1 / (Math.max(1, target.length) * items);
  });

describe('CTC', () => {
  const logits = npy(at('logits.npy'));

  it('has the fixture whole', () => {
    expect(logits.shape).toEqual([frames, items, vocabulary]);
    expect(Object.keys(index.cases)).toHaveLength(5);
  });

  for (const [name, one] of Object.entries(index.cases as Record<string, Case>))
    it(`has the reference’s losses and gradient: ${name}`, async () => {
      const weights = weightsOf(one);
      const { loss, costs, gradient } = await computed(logits.data, one.targets, one.input_lengths, one.blank, weights);
      const relative = Math.abs(loss / one.loss - 1);
      expect(relative).toBeLessThan(1e-5);
      one.per_item.forEach((expected, i) => {
        const own = weights[i] === 0 ? 0 : costs[i];
        expect(Math.abs(own - expected), `item ${i}`).toBeLessThanOrEqual(1e-5 * Math.abs(expected));
      });
      const worst = worstDifference(gradient, npy(at(one.grad_file)).data);
      console.log(`${name}: loss ${relative.toExponential(1)} relative, gradient ${worst.toExponential(1)}`);
      expect(worst).toBeLessThan(1e-5);
    });

  it('agrees with the sum over all alignments, written out', async () => {
    for (const { item, frames: few, target, blank, brute_force } of index.brute_force_check) {
      const own = new Float32Array(few * vocabulary);
      for (let t = 0; t < few; t++)
        own.set(logits.data.subarray((t * items + item) * vocabulary).subarray(0, vocabulary), t * vocabulary);
      const { costs } = await computed(own, [target], [few], blank, [1], few);
      expect(Math.abs(costs[0] / brute_force - 1)).toBeLessThan(1e-5);
    }
  });

  it('says how many frames a labelling needs at least', () => {
    expect(index.targets.map(framesNeeded)).toEqual([5, 2, 0, 9]);
  });

  it('keeps its digits over a thousand frames', async () => {
    const time = 1000;
    const flat = new Float32Array(time * vocabulary);
    // Of equal logits every path has probability V⁻ᵀ, and those that spell one label are T·(T + 1) / 2.
    const { costs, gradient } = await computed(flat, [[3]], [time], 0, [1], time);
    const exact = time * Math.log(vocabulary) - Math.log((time * (time + 1)) / 2);
    expect(Math.abs(costs[0] / exact - 1)).toBeLessThan(2e-6);
    // A label's share at frame t: (t + 1)·(T − t) of the T·(T + 1) / 2 paths are in it.
    for (const t of [0, 1, 499, 998, 999]) {
      const label = 1 / vocabulary - pathsIn(t, time) / ((time * (time + 1)) / 2);
      expect(Math.abs(gradient[t * vocabulary + 3] - label)).toBeLessThan(1e-5);
    }
  });
});

/** Of the runs of one label among T frames, those that cover frame t. */
const pathsIn = (t: number, time: number) => (t + 1) * (time - t);
