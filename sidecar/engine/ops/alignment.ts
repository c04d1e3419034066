/**
 * @file The sum over every path through a lattice of frames and states, in log space: what CTC is made of. It knows no
 * label and no blank; objectives/ctc.ts lays the lattice out.
 */
import type { Value } from '../value.ts';

/** Stands for log 0: exp of it is 0, and sums of it stay finite. */
export const NEVER = -1e30;

export interface Lattice {
  /** Log-weight of being in a state at a frame [B, T, S]. */
  scores: Value;
  /** 0 for the states that frame 0 may come from, `NEVER` for the others [B, S]. */
  start: Value;
  /** What it costs to enter state s from s − 2: 0, or `NEVER` where that is not allowed [B, S]. */
  skip: Value;
  /** 0 for the states in which a path may end, `NEVER` for the others [B, S]. */
  end: Value;
  /** 1 for an item's own frames, which come first, 0 beyond them [T, B, 1]. */
  active: Value;
}

/**
 * −log of the sum over all paths of the product of their weights [B, 1], where a path stays, goes one state on, or goes
 * two on where `skip` allows it (Graves et al. 2006, eq. 6 to 8, scaled at every frame as there in section 4.1). Where no
 * path fits the frames it is −`NEVER` or more. Only `scores` gets a gradient. At least three states.
 */
export const pathSum = ({ scores, start, skip, end, active }: Lattice): Value =>
  scores.graph.apply('pathSum', [scores, start, skip, end, active])[0];
