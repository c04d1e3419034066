/**
 * @file How much speech an experiment keeps by `audio.minSeconds` and `audio.joinSeconds`, from what inspections counted,
 * and which of them to propose. Pure arithmetic.
 */
import { DEFAULT_MIN_SECONDS, JOIN_SECONDS, LOSS_SHARE } from './rules.ts';

/** Of clips below a length, in a table of such lengths, rising. */
export interface Short {
  belowSeconds: number;
  clips: number;
  seconds: number;
}

/** What an inspection counted in a dataset. */
export interface Counted {
  seconds: number;
  clips: number;
  /** 0 where nobody is named: all count as one then. */
  speakers: number;
  short: readonly Short[];
}

export interface Kept {
  seconds: number;
  /** Of all the speech. */
  share: number;
  /** False: at least so much. What is left over when a speaker's clips are joined depends on their order. */
  exact: boolean;
}

/** Values that can be told exactly: inspections count at these lengths. */
export const minimums = [0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2] as const;
/** 0: never. */
export const joins = [0, 5, 10, 15] as const;

/** Held out and trained are joined apart. */
const SIDES = 2;

/** @param minSeconds one of `minimums` @param joinSeconds undefined: clips stay as they are */
export function kept(datasets: readonly Counted[], minSeconds: number, joinSeconds?: number): Kept {
  let all = 0;
  let seconds = 0;
  for (const one of datasets) {
    all += one.seconds;
    // The last chunk of a speaker is shorter than the others, and is left out where it is below the minimum.
    const lost =
      joinSeconds === undefined
        ? lostBelow(one, minSeconds).seconds
        : Math.min(one.seconds, SIDES * Math.max(1, one.speakers) * Math.min(minSeconds, joinSeconds));
    seconds += one.seconds - lost;
  }
  return { seconds, share: all > 0 ? seconds / all : 1, exact: joinSeconds === undefined };
}

/** Clips below the highest counted length that is not above `minSeconds`. */
export function lostBelow({ short }: Pick<Counted, 'short'>, minSeconds: number): Pick<Short, 'clips' | 'seconds'> {
  return short.filter(({ belowSeconds }) => belowSeconds <= minSeconds).at(-1) ?? { clips: 0, seconds: 0 };
}

const clipsOf = (datasets: readonly Counted[]) => datasets.reduce((sum, { clips }) => sum + clips, 0);

const lostClips = (datasets: readonly Counted[], below: number) =>
  datasets.reduce((sum, one) => sum + lostBelow(one, below).clips, 0);

/** Why joining is proposed, or that it is not. */
export type JoinReason = 'many-too-short' | 'half-below-two-seconds' | 'long-enough';

/**
 * Joins where a twentieth of the clips would be left out as too short, or half are below two seconds, too little for
 * masked prediction to see around its spans.
 */
export function suggestJoin(datasets: readonly Counted[]): { joinSeconds?: number; reason: JoinReason } {
  const clips = clipsOf(datasets);
  if (lostClips(datasets, DEFAULT_MIN_SECONDS) > LOSS_SHARE * clips)
    return { joinSeconds: JOIN_SECONDS, reason: 'many-too-short' };
  if (clips > 0 && 2 * lostClips(datasets, 2) > clips)
    return { joinSeconds: JOIN_SECONDS, reason: 'half-below-two-seconds' };
  return { reason: 'long-enough' };
}

/** The usual minimum, or the longest below it that leaves out at most a twentieth of the clips. */
export function suggestMinimum(datasets: readonly Counted[], joinSeconds?: number): number {
  if (joinSeconds !== undefined) return DEFAULT_MIN_SECONDS;
  const fits = minimums.filter(
    (value) =>
      value <= DEFAULT_MIN_SECONDS && lostClips(datasets, value) <= LOSS_SHARE * Math.max(1, clipsOf(datasets)),
  );
  return fits.at(-1) ?? minimums[0];
}
