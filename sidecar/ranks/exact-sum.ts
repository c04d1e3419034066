/**
 * @file Sums of gradients that come out the same in any order and grouping, so that any number of processes trains the same
 * adapter to the bit: fixed point with 44 binary digits behind the point, whole numbers in doubles, exact up to 2⁵³.
 */

/** A float32 gradient of 1e-5 keeps its 24 digits; Adam's epsilon lies far above the last one (2⁻⁴⁴ = 5.7e-14). */
const SCALE = 2 ** 44;
const LARGEST = 2 ** 53;

export class ExactSum {
  readonly values: Float64Array;

  /**
   * @param size of a gradient
   * @param parts how many are summed at most, over all processes: a value beyond 512 / parts is not finite here, as no sum
   *   of such parts would be exact
   */
  constructor(
    size: number,
    private readonly parts: number,
  ) {
    this.values = new Float64Array(size);
  }

  add(gradient: Float32Array): void {
    const { values } = this;
    const largest = LARGEST / this.parts;
    for (let i = 0; i < values.length; i++) {
      const whole = Math.round(gradient[i] * SCALE);
      values[i] += Math.abs(whole) <= largest ? whole : Number.NaN;
    }
  }

  /** Of what was added here and, where `values` was summed over processes, there. */
  total(): Float32Array {
    const total = new Float32Array(this.values.length);
    for (let i = 0; i < total.length; i++) total[i] = this.values[i] / SCALE;
    return total;
  }
}
