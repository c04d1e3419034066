/** @file How long a stage will take still, by how it went so far. */
import type { RunEvent } from '../protocol/events.ts';

type Told = Pick<RunEvent & { type: 'stage' }, 'name' | 'done' | 'total' | 'detail'>;

/** Before that nobody can tell. */
const AFTER_SECONDS = 2;
/** Weight of the newest pace: recordings of a corpus are of all lengths. */
const NEWEST = 0.2;

export class Remaining {
  private stage = '';
  private began = 0;
  private last = { at: 0, done: 0 };
  /** Seconds a piece; undefined before any is known. */
  private pace?: number;

  /** Undefined where it cannot be told yet, or nothing is left. @param nowSeconds by any clock */
  of({ name, done, total, detail = '' }: Told, nowSeconds: number): number | undefined {
    const stage = `${name} ${detail} ${total}`;
    if (stage !== this.stage || done < this.last.done) {
      this.stage = stage;
      this.began = nowSeconds;
      this.last = { at: nowSeconds, done };
      this.pace = undefined;
      return undefined;
    }
    const pieces = done - this.last.done;
    if (pieces > 0) {
      const now = (nowSeconds - this.last.at) / pieces;
      const weight = 1 - (1 - NEWEST) ** pieces;
      this.pace = this.pace === undefined ? now : this.pace + weight * (now - this.pace);
      this.last = { at: nowSeconds, done };
    }
    if (this.pace === undefined || nowSeconds - this.began < AFTER_SECONDS || done >= total) return undefined;
    return this.pace * (total - done);
  }
}
