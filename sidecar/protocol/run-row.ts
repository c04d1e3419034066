/** @file A run as a row of a table: its settings, and every measure of every language, the last and the best. Pure. */
import type { Scalar } from './settings.ts';

/** `loss`: held out, nats. `gain`: control minus adapted. `accuracy`: share. `forgetting`: own head now minus base. */
export const rowMeasures = ['loss', 'gain', 'accuracy', 'forgetting'] as const;
export type RowMeasure = (typeof rowMeasures)[number];

/** Whether more is better. */
export const isBetterHigher: Readonly<Record<RowMeasure, boolean>> = {
  loss: false,
  gain: true,
  accuracy: true,
  forgetting: false,
};

export interface RowResult {
  language: string;
  measure: RowMeasure;
  last: number;
  lastStep: number;
  best: number;
  bestStep: number;
}

export interface RunRow {
  id: string;
  settings: Readonly<Record<string, Scalar>>;
  /** Seconds of training, every leg counted; absent while it has not ended. */
  seconds?: number;
  results: RowResult[];
}

/** Gathers the evaluations of a run in the order of its log, taking back what a resumption took back. */
export class RowResults {
  readonly #points = new Map<string, { language: string; measure: RowMeasure; steps: number[]; values: number[] }>();

  add(language: string, measure: RowMeasure, step: number, value: number): void {
    if (!Number.isFinite(value)) return;
    const key = `${measure} ${language}`;
    let found = this.#points.get(key);
    if (!found) this.#points.set(key, (found = { language, measure, steps: [], values: [] }));
    found.steps.push(step);
    found.values.push(value);
  }

  takeBack(step: number): void {
    for (const { steps, values } of this.#points.values())
      while (steps.length > 0 && steps[steps.length - 1] > step) {
        steps.pop();
        values.pop();
      }
  }

  /** Of values that are the same the first is the best: it took least. */
  all(): RowResult[] {
    return [...this.#points.values()].flatMap(({ language, measure, steps, values }): RowResult[] => {
      if (steps.length === 0) return [];
      const sign = isBetterHigher[measure] ? 1 : -1;
      let best = 0;
      for (let i = 1; i < values.length; i++) if (sign * values[i] > sign * values[best]) best = i;
      const last = values.length - 1;
      return [
        { language, measure, last: values[last], lastStep: steps[last], best: values[best], bestStep: steps[best] },
      ];
    });
  }
}
