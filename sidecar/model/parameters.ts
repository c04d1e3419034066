/** @file The trainable numbers: one flat vector with named views, so that optimiser, checkpoint and norm see one array. */
import { normals } from '../random.ts';

export interface ParameterSpec {
  name: string;
  shape: readonly number[];
  /** Zeros, a normal of this standard deviation, or the given values. */
  init: 'zeros' | { deviation: number } | { values: Float32Array };
}

export class Parameters {
  readonly data: Float32Array;
  private readonly ranges = new Map<string, { start: number; end: number; shape: readonly number[] }>();

  /** Random initial values are keyed by (seed, name): adding a parameter changes no other. */
  constructor(specs: readonly ParameterSpec[], seed: number) {
    let start = 0;
    for (const { name, shape } of specs) {
      if (this.ranges.has(name)) throw new Error(`internal: parameter ${name} twice`);
      const end = start + shape.reduce((a, b) => a * b, 1);
      this.ranges.set(name, { start, end, shape });
      start = end;
    }
    this.data = new Float32Array(start);
    for (const { name, init } of specs) {
      const view = this.view(name);
      if (init === 'zeros') continue;
      if ('values' in init) view.set(init.values);
      else {
        const draws = normals(view.length, seed, 'init', name);
        for (let i = 0; i < view.length; i++) view[i] = init.deviation * draws[i];
      }
    }
  }

  get size(): number {
    return this.data.length;
  }
  get names(): string[] {
    return [...this.ranges.keys()];
  }
  shape(name: string): readonly number[] {
    return this.range(name).shape;
  }
  range(name: string) {
    const range = this.ranges.get(name);
    if (!range) throw new Error(`internal: no parameter ${name}`);
    return range;
  }
  /** A view, not a copy; of `data` unless another vector of the same length is given (gradients, moments). */
  view(name: string, data = this.data): Float32Array {
    const { start, end } = this.range(name);
    return data.subarray(start, end);
  }
}
