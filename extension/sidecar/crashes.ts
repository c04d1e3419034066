/** @file When to stop trying: three crashes in five minutes. It must not know processes or windows. */

const limit = 3;
const windowMs = 5 * 60_000;

export class CrashCount {
  #times: number[] = [];

  add(nowMs = Date.now()): void {
    this.#times = [...this.#times, nowMs].filter((time) => nowMs - time < windowMs);
  }

  /** Whether another start would only crash again. */
  isHopeless(nowMs = Date.now()): boolean {
    return this.#times.filter((time) => nowMs - time < windowMs).length >= limit;
  }

  /** A person has asked for it: begin anew. */
  forgive(): void {
    this.#times = [];
  }
}
