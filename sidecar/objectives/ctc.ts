/**
 * @file Connectionist temporal classification (Graves et al. 2006): the loss of a labelling whose alignment nobody knows.
 * Lays out the lattice that the engine sums over: blanks between, before and after the labels.
 */
import { NEVER, pathSum } from '../engine/ops/alignment.ts';
import { add, equals, sub } from '../engine/ops/elementwise.ts';
import { reshape } from '../engine/ops/layout.ts';
import { matmul } from '../engine/ops/linear.ts';
import { logSumExp } from '../engine/ops/reduce.ts';
import type { Feed } from '../engine/session.ts';
import type { Dim } from '../engine/shape.ts';
import type { Value } from '../engine/value.ts';

/** A batch's labellings. */
export interface Labelled {
  /** Of each item, without blanks. */
  targets: readonly (readonly number[])[];
  /** Each item's own frames; what lies beyond is padding and changes nothing. */
  lengths: readonly number[];
  blank: number;
}

export interface LaidOut {
  feeds: Record<string, Feed>;
  /** States of the lattice, the symbol `S`. */
  states: number;
}

/** The least frames that a labelling needs: one a label, and a blank between two that are alike. */
export const framesNeeded = (target: readonly number[]): number =>
  target.length + target.filter((label, i) => i > 0 && label === target[i - 1]).length;

/**
 * −log p(labelling | logits) in nats of every item [B, 1], from logits [B·T, V] before the softmax. An item that is too
 * short for its labelling has one of 10³⁰ or so: give it the weight 0 (`framesNeeded`), which leaves its gradient at 0
 * too; PyTorch calls that zero_infinity. Fed by `layOut`; `time` names T.
 */
export function labellingCost(logits: Value, time: Dim, prefix = 'ctc.'): Value {
  const { graph } = logits;
  const vocabulary = logits.shape[1] as number;
  const input = (name: string, ...shape: Dim[]) => graph.input(`${prefix}${name}`, shape);
  const byItem = reshape(sub(logits, logSumExp(logits)), ['B', time, vocabulary]);
  const labels = graph.constant(
    Float32Array.from({ length: vocabulary }, (_, label) => label),
    [1, vocabulary, 1],
  );
  const ofState = equals(input('labels', 'B', 1, 'S'), labels);
  return pathSum({
    scores: add(matmul(byItem, ofState), input('outside', 'B', 1, 'S')),
    start: input('start', 'B', 'S'),
    skip: input('skip', 'B', 'S'),
    end: input('end', 'B', 'S'),
    active: input('active', time, 'B', 1),
  });
}

/**
 * The feeds of `labellingCost` for logits of `frames` frames. State 2u + 1 is label u, the others are blanks (Graves et
 * al. 2006, section 4.1); two labels may follow each other without a blank unless they are alike (eq. 6).
 */
export function layOut({ targets, lengths, blank }: Labelled, frames: number, prefix = 'ctc.'): LaidOut {
  const items = targets.length;
  const states = Math.max(3, 2 * Math.max(0, ...targets.map(({ length }) => length)) + 1);
  const table = (fill: number) => new Float32Array(items * states).fill(fill);
  const [labels, outside, start, skip, end] = [table(-1), table(NEVER), table(NEVER), table(NEVER), table(NEVER)];
  const active = new Float32Array(frames * items);
  targets.forEach((target, item) => {
    if (target.includes(blank)) throw new Error(`internal: labelling ${item} has a blank in it`);
    if (lengths[item] > frames) throw new Error(`internal: item ${item} has ${lengths[item]} of ${frames} frames`);
    const at = item * states;
    start[at] = 0;
    for (let state = 0; state <= 2 * target.length; state++) {
      const label = state % 2 === 1 ? target[(state - 1) / 2] : blank;
      labels[at + state] = label;
      outside[at + state] = 0;
      if (state >= 3 && label !== blank && label !== target[(state - 3) / 2]) skip[at + state] = 0;
      if (state >= 2 * target.length - 1) end[at + state] = 0;
    }
    for (let frame = 0; frame < lengths[item]; frame++) active[frame * items + item] = 1;
  });
  const byState = [items, states];
  const feeds: Record<string, Feed> = {
    [`${prefix}labels`]: { data: labels, shape: [items, 1, states] },
    [`${prefix}outside`]: { data: outside, shape: [items, 1, states] },
    [`${prefix}start`]: { data: start, shape: byState },
    [`${prefix}skip`]: { data: skip, shape: byState },
    [`${prefix}end`]: { data: end, shape: byState },
    [`${prefix}active`]: { data: active, shape: [frames, items, 1] },
  };
  return { feeds, states };
}
