/** @file Samples in growable typed columns, outside the state: every point stays, none is copied to be drawn. */

export class Column {
  private data = new Float64Array(64);
  length = 0;

  push(value: number): void {
    if (this.length === this.data.length) this.reserve(this.length + 1);
    this.data[this.length++] = value;
  }

  /** Room for more values, to be written by the caller. */
  extend(count: number): Float64Array {
    this.reserve(this.length + count);
    this.length += count;
    return this.data.subarray(this.length - count, this.length);
  }

  private reserve(length: number): void {
    if (length <= this.data.length) return;
    const larger = new Float64Array(Math.max(length, this.data.length * 2));
    larger.set(this.data.subarray(0, this.length));
    this.data = larger;
  }

  truncate(length: number): void {
    this.length = Math.min(this.length, length);
  }

  /** A view without a copy; valid until the next push. */
  values(): Float64Array {
    return this.data.subarray(0, this.length);
  }

  at(index: number): number {
    return index < 0 || index >= this.length ? Number.NaN : this.data[index];
  }
}

/** One value over steps; steps never go back. */
export class Series {
  readonly steps = new Column();
  readonly values = new Column();
  /** Raised whenever an already seen point went away: what was derived from it must be computed anew. */
  rewrites = 0;

  get length(): number {
    return this.steps.length;
  }

  push(step: number, value: number): void {
    if (!Number.isFinite(step)) return;
    if (this.length > 0 && step <= this.steps.at(this.length - 1)) this.truncate(lowerBound(this.steps.values(), step));
    this.steps.push(step);
    this.values.push(value);
  }

  /** Forgets every point behind `step`: a resumed run does those steps again. */
  takeBack(step: number): void {
    this.truncate(upperBound(this.steps.values(), step));
  }

  last(): number {
    return this.values.at(this.length - 1);
  }

  first(): number {
    return this.values.at(0);
  }

  /** The newest value at or before a step. */
  at(step: number): number {
    return this.values.at(upperBound(this.steps.values(), step) - 1);
  }

  private truncate(length: number): void {
    if (length >= this.length) return;
    this.steps.truncate(length);
    this.values.truncate(length);
    this.rewrites++;
  }
}

/** First index whose value is not below `x`. */
export function lowerBound(sorted: ArrayLike<number>, x: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** First index whose value is above `x`. */
export function upperBound(sorted: ArrayLike<number>, x: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Exponential moving average without the bias of its start (as TensorBoard smooths): each point weighs `weight` of what
 * came before. Grows with its series; a value that is not finite leaves the average as it was.
 */
export class Smoothed {
  readonly values = new Column();
  private weight = Number.NaN;
  private rewrites = 0;
  private sum = 0;
  private mass = 0;

  constructor(readonly source: Series) {}

  /** A view, valid until the next update. */
  update(weight: number): Float64Array {
    if (this.weight !== weight || this.rewrites !== this.source.rewrites) {
      this.weight = weight;
      this.rewrites = this.source.rewrites;
      this.values.truncate(0);
      this.sum = 0;
      this.mass = 0;
    }
    const raw = this.source.values.values();
    const from = this.values.length;
    const out = this.values.extend(raw.length - from);
    // In locals: someone drags a slider over millions of points.
    let { sum, mass } = this;
    const news = 1 - weight;
    for (let i = 0; i < out.length; i++) {
      const value = raw[from + i];
      if (Number.isFinite(value)) {
        sum = sum * weight + value * news;
        mass = mass * weight + news;
        out[i] = sum / mass;
      } else out[i] = Number.NaN;
    }
    this.sum = sum;
    this.mass = mass;
    return this.values.values();
  }
}
