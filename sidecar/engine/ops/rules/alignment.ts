/**
 * @file The rule of the sum over a lattice's paths: two recursions over time, forward and back, as Scans. onnxruntime 1.30
 * has a Scan for the CPU, not for WebGPU: there these two nodes alone stay on the CPU (13 ms for 4 × 250 × 201 states), so a
 * session with this op is not opened as strict.
 */
import { NEVER } from '../alignment.ts';
import { mul, scale } from '../elementwise.ts';
import { reshape } from '../layout.ts';
import { type Emitter, named, type Op, outputs } from '../op.ts';

/** log(eᵃ + eᵇ + eᶜ), the largest taken out first. */
function logAdd(e: Emitter, ...terms: string[]): string {
  const top = e.node('Max', terms);
  const powers = terms.map((term) => e.node('Exp', [e.node('Sub', [term, top])]));
  return e.node('Add', [e.node('Log', [powers.reduce((a, b) => e.node('Add', [a, b]))]), top]);
}

/** States moved up by `by` (down where negative), nothing coming in. */
const shift = (e: Emitter, x: string, by: number) =>
  e.node('Pad', [x, e.ints([0, by, 0, -by]), e.scalar(NEVER)], { mode: 'constant' });

const chosen = (e: Emitter, active: string, then: string, otherwise: string) =>
  e.node('Where', [e.node('Greater', [active, e.scalar(0.5)]), then, otherwise]);

/** Subtracts each item's largest: [the rest, the largest]. */
function levelled(e: Emitter, x: string): [string, string] {
  const top = e.node('ReduceMax', [x, e.ints([1])], { keepdims: 1 });
  return [e.node('Sub', [x, top]), top];
}

/**
 * αₜ(s) = log Σ over the ways into s, plus the frame's score; levelled at every frame, so that float32 suffices however
 * long the clip is. Gives the last state [B, S], all states [T, B, S], and what levelling took, [T, B, 1].
 */
function forward(e: Emitter, of: string, [scores, start, skip, , active]: readonly string[]): [string, string, string] {
  const [before, score, on] = ['before', 'score', 'on'].map((name) => `${name}:${of}:forward`);
  const body = e.body([before, score, on], () => {
    const ways = logAdd(e, before, shift(e, before, 1), e.node('Add', [shift(e, before, 2), skip]));
    const [after, taken] = levelled(e, chosen(e, on, e.node('Add', [ways, score]), before));
    return [after, e.node('Identity', [after]), taken];
  });
  const outs = ['last', 'states', 'taken'].map((name) => `${name}:${of}:forward`);
  e.node('Scan', [start, scores, active], { body, num_scan_inputs: 2 }, outs);
  return outs as [string, string, string];
}

/** βₜ(s) = log Σ over the ways on from s, levelled, [T, B, S]; without the score of frame t itself. */
function backward(e: Emitter, of: string, [scores, , skip, end, active]: readonly string[]): string {
  const [after, score, on] = ['after', 'score', 'on'].map((name) => `${name}:${of}:backward`);
  const body = e.body([after, score, on], () => {
    const here = e.node('Add', [after, score]);
    const ways = logAdd(e, here, shift(e, here, -1), shift(e, e.node('Add', [here, skip]), -2));
    const [before] = levelled(e, chosen(e, on, ways, after));
    return [before, e.node('Identity', [after])];
  });
  const outs = ['first', 'states'].map((name) => `${name}:${of}:backward`);
  const turned = { scan_input_directions: [1, 1], scan_output_directions: [1] };
  e.node('Scan', [end, scores, active], { body, num_scan_inputs: 2, ...turned }, outs);
  return outs[1];
}

export const alignment: Record<string, Op> = {
  /**
   * d(−log P)/d score(t, s) = −γₜ(s), the share of the paths that are in s at t: softmax over s of αₜ + βₜ, since their
   * product sums to P at every frame (Graves et al. 2006, eq. 14). γ is a second output [B, T, S], 0 beyond an item's frames.
   */
  pathSum: {
    infer: ([scores]) => [{ shape: [scores.shape[0], 1] }, { shape: scores.shape }],
    emit(e, node) {
      const [scores, start, skip, end, active] = named(e, node);
      const [cost, shares] = outputs(e, node);
      const byTime = e.node('Transpose', [scores], { perm: [1, 0, 2] });
      const lattice = [byTime, start, skip, end, active];
      const [last, states, taken] = forward(e, cost, lattice);
      const ending = e.node('Add', [last, end]);
      const top = e.node('ReduceMax', [ending, e.ints([1])], { keepdims: 1 });
      const total = e.node('ReduceSum', [e.node('Exp', [e.node('Sub', [ending, top])]), e.ints([1])], { keepdims: 1 });
      const scaled = e.node('ReduceSum', [taken, e.ints([0])], { keepdims: 0 });
      e.node('Neg', [e.node('Add', [e.node('Add', [e.node('Log', [total]), top]), scaled])], {}, [cost]);
      if (!e.used(node.outputs[1])) return;
      const joint = e.node('Add', [states, backward(e, cost, lattice)]);
      const share = e.node('Mul', [e.node('Softmax', [joint], { axis: 2 }), active]);
      e.node('Transpose', [share], { perm: [1, 0, 2] }, [shares]);
    },
    gradient: ({ inputs: [scores], outputs: [, shares] }, [d]) => [
      scale(mul(shares, reshape(d!, [scores!.shape[0], 1, 1])), -1),
    ],
    examples: [
      {
        shapes: [
          [2, 5, 5],
          [2, 5],
          [2, 5],
          [2, 5],
          [5, 2, 1],
        ],
        // Item 1 is "a b", item 2 "a a" in the first four of its frames: no step from state 1 to state 3.
        fixed: {
          1: Float32Array.of(0, NEVER, NEVER, NEVER, NEVER, 0, NEVER, NEVER, NEVER, NEVER),
          2: Float32Array.of(NEVER, NEVER, NEVER, 0, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER),
          3: Float32Array.of(NEVER, NEVER, NEVER, 0, 0, NEVER, NEVER, NEVER, 0, 0),
          4: Float32Array.of(1, 1, 1, 1, 1, 1, 1, 1, 1, 0),
        },
      },
    ],
  },
};
