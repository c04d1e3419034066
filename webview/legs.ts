/** @file How long a run was at work, leg by leg: what lay between a stop and the next start does not count. */
export class Legs {
  /** Of legs that have ended, in milliseconds. */
  private before = 0;
  private began: number | undefined;
  private last = 0;
  private lastType: unknown;

  /** @param atMs when the event was logged, in milliseconds since 1970; NaN where its line does not say */
  add(type: unknown, atMs: number): void {
    if (!Number.isFinite(atMs)) return;
    // A run that goes on says both, one after the other.
    if (type === 'resumed' || (type === 'started' && this.lastType !== 'resumed')) {
      if (this.began !== undefined) this.before += Math.max(0, this.last - this.began);
      this.began = atMs;
    }
    this.last = atMs;
    this.lastType = type;
  }

  /** With the last leg's own seconds, which it has counted since before its first line. */
  secondsWith(last: number): number {
    return this.before / 1000 + last;
  }
}
