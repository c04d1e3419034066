/** @file How loud the stretches of a recording are, measured while it goes by, so that none of it is kept. Knows no file. */
import { loudest, type MonoPiece, modelRateHz } from '../audio/index.ts';

/** From and to, in samples at 16 kHz; `to` may lie behind the recording's end. */
export interface Range {
  from: number;
  to: number;
}

export interface Level {
  lowest: number;
  highest: number;
  /** The largest absolute value of any channel. */
  channelPeak: number;
}

/** The levels of ranges that may overlap, in one pass. */
export class Levels {
  readonly levels: Level[];
  /** Indices by where the ranges start; those that are not past. */
  #open: number[];
  readonly #ranges: readonly Range[];
  /** Where the present rate began, at 16 kHz, and samples at that rate since. */
  #base = 0;
  #since = 0;
  #rateHz = 0;

  constructor(ranges: readonly Range[]) {
    this.#ranges = ranges;
    this.levels = ranges.map(() => {
      return { lowest: Number.POSITIVE_INFINITY, highest: Number.NEGATIVE_INFINITY, channelPeak: 0 };
    });
    this.#open = ranges.map((_, index) => index).sort((a, b) => ranges[a].from - ranges[b].from);
  }

  add({ samples, sampleRateHz, of }: MonoPiece): void {
    if (sampleRateHz !== this.#rateHz) {
      if (this.#rateHz) this.#base += (this.#since * modelRateHz) / this.#rateHz;
      this.#rateHz = sampleRateHz;
      this.#since = 0;
    }
    const scale = sampleRateHz / modelRateHz;
    const local = (at16k: number) => (at16k - this.#base) * scale - this.#since;
    let past = false;
    for (const index of this.#open) {
      const { from, to } = this.#ranges[index];
      const start = Math.max(0, Math.floor(local(from)));
      if (start >= samples.length) break; // As do all behind it.
      const end = Math.min(samples.length, Math.ceil(local(to)));
      if (end < samples.length) past = true;
      const level = this.levels[index];
      for (let i = start; i < end; i++) {
        const value = samples[i];
        if (value < level.lowest) level.lowest = value;
        if (value > level.highest) level.highest = value;
      }
      if (of.channels.length > 1) level.channelPeak = Math.max(level.channelPeak, loudest(of, start, end));
    }
    this.#since += samples.length;
    if (past) this.#open = this.#open.filter((index) => local(this.#ranges[index].to) > 0);
  }
}
