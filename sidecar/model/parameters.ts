/** @file The trainable numbers: one flat vector with named views, so that optimiser, checkpoint and norm see one array. */
import { normals } from '../random.ts';

/** What a parameter belongs to: rates of learning and counts go by it. */
export type ParameterGroup = 'expert' | 'router' | 'base' | 'head';

export interface ParameterSpec {
  name: string;
  group: ParameterGroup;
  shape: readonly number[];
  /** Zeros, a normal of this standard deviation, or the given values. */
  init: 'zeros' | { deviation: number } | { values: Float32Array };
}

interface Range {
  start: number;
  end: number;
  shape: readonly number[];
  group: ParameterGroup;
}

export class Parameters {
  readonly data: Float32Array;
  private readonly ranges = new Map<string, Range>();

  /** Random initial values are keyed by (seed, name): adding a parameter changes no other. */
  constructor(specs: readonly ParameterSpec[], seed: number) {
    let start = 0;
    for (const { name, shape, group } of specs) {
      if (this.ranges.has(name)) throw new Error(`internal: parameter ${name} twice`);
      const end = start + shape.reduce((a, b) => a * b, 1);
      this.ranges.set(name, { start, end, shape, group });
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
  group(name: string): ParameterGroup {
    return this.range(name).group;
  }
  /** The names of one group, in their order. */
  namesOf(group: ParameterGroup): string[] {
    return this.names.filter((name) => this.group(name) === group);
  }
  range(name: string): Range {
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
