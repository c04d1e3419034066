/**
 * @file One progress from the press to the first step, over all that comes before it; it never runs backwards. Each part
 * has a share of it, by what a first run was seen to spend on it; one that is skipped, since the cache has it, is passed
 * in a moment.
 */
import type { RunEvent, StageName, Whole } from '../protocol/events.ts';

type Told = Pick<RunEvent & { type: 'stage' }, 'name' | 'done' | 'total' | 'detail'>;

/** In the order in which they come, with their shares. */
const PARTS: [name: StageName, share: number][] = [
  ['scan', 0.1],
  ['features', 0.3],
  ['units', 0.25],
  ['calibrate', 0.05],
  ['head', 0.1],
  ['evaluate', 0.2],
];

/** Passes of a part after one another, each from nothing to all: units are fitted, then clips are labelled. */
const UNITS_PASSES = 2;
/** Of a part whose number of passes nobody knows, each takes so much of what is left. */
const OF_THE_REST = 0.3;
/** Before that nobody can tell how long it will take. */
const AFTER_SECONDS = 2;
const LEAST_SHARE = 0.02;

export class Preparation {
  private began?: number;
  private part = -1;
  /** Within the part: passes that ended, and the last that was told. */
  private passes = 0;
  private last = { detail: '', within: 0 };
  private share = 0;
  private over = false;

  /** @param languages each of which is scanned by itself @param stages that fit units of their own */
  constructor(
    private readonly languages: number,
    private readonly stages = 1,
  ) {}

  /** Undefined from the first step on. @param nowSeconds by any clock */
  of({ name, done, total, detail = '' }: Told, nowSeconds: number): Whole | undefined {
    if (name === 'train') this.over = true;
    const part = PARTS.findIndex(([known]) => known === name);
    if (this.over || part < 0) return undefined;
    this.began ??= nowSeconds;
    // An earlier part that comes again, as a later stage's units, is told within what has been reached.
    if (part >= this.part)
      this.share = Math.max(this.share, before(part) + PARTS[part][1] * this.within(part, done, total, detail));
    const elapsed = nowSeconds - this.began;
    if (elapsed < AFTER_SECONDS || this.share < LEAST_SHARE) return { share: this.share };
    return { share: this.share, leftSeconds: (elapsed * (1 - this.share)) / this.share };
  }

  private within(part: number, done: number, total: number, detail: string): number {
    const within = total > 0 ? Math.min(1, done / total) : 0;
    if (part > this.part) {
      this.part = part;
      this.passes = 0;
    } else if (detail !== this.last.detail || within < this.last.within) this.passes++;
    this.last = { detail, within };
    switch (PARTS[part][0]) {
      case 'scan':
        return Math.min(1, (this.passes + within) / Math.max(1, this.languages));
      case 'units':
        return Math.min(1, (this.passes + within) / (UNITS_PASSES * this.stages));
      case 'evaluate':
        return 1 - (1 - OF_THE_REST) ** this.passes * (1 - OF_THE_REST * within);
      default:
        return within;
    }
  }
}

const before = (part: number): number => PARTS.slice(0, part).reduce((sum, [, share]) => sum + share, 0);
