import { describe, expect, it } from 'vitest';
import { Assigner, type Centroids, fitKMeans } from '../../support/product.ts';

const device = { device: 'cpu' } as const;
const centroids = (rows: number[][]): Centroids => ({
  clusters: rows.length,
  width: rows[0].length,
  data: Float32Array.from(rows.flat()),
});

describe('the nearest centroid', () => {
  it('is nearest by distance, not by product: a long centroid does not win by its length', async () => {
    const three = centroids([
      [1, 0],
      [0, 2],
      [10, 10],
    ]);
    const assigner = await Assigner.open(3, 2, device);
    // Squared distances by hand: to (2, 0) 1, 8, 164; to (0, 0.9) 1.81, 1.21, 182.81; to (7, 7) 85, 74, 18; (−5, −5) 61, 74, 450.
    const rows = Float32Array.of(2, 0, 0, 0.9, 7, 7, -5, -5);
    const { units, scores } = await assigner.assign(rows, three);
    expect([...units]).toEqual([0, 1, 2, 0]);
    // x·c − ‖c‖²/2
    expect([...scores].map((s) => +s.toFixed(5))).toEqual([1.5, -0.2, 40, -5.5]);
    await assigner.release();
  });

  it('of two as near is the first', async () => {
    const assigner = await Assigner.open(2, 1, device);
    expect([...(await assigner.assign(Float32Array.of(0), centroids([[-1], [1]]))).units]).toEqual([0]);
    await assigner.release();
  });
});

/** Mean squared distance to the nearest centroid, and who is nearest, by the definition. */
function nearest(rows: number[][], data: ArrayLike<number>) {
  const width = rows[0].length;
  const clusters = data.length / width;
  const units = rows.map((row) => {
    const distances = Array.from({ length: clusters }, (_, k) =>
      row.reduce((sum, x, d) => sum + (x - data[k * width + d]) ** 2, 0),
    );
    const least = Math.min(...distances);
    return { unit: distances.indexOf(least), least };
  });
  return {
    units: units.map(({ unit }) => unit),
    inertia: units.reduce((sum, { least }) => sum + least, 0) / rows.length,
  };
}

describe('a fit', () => {
  const fit = { clusters: 2, restarts: 1, seed: 1 };

  it('of two groups on a line has their means, and the inertia by hand', async () => {
    // Means 1 and 11, squared distances 1, 0, 1, 1, 0, 1 over six.
    const rows = Float32Array.of(0, 1, 2, 10, 11, 12);
    const { data, inertia } = await fitKMeans(rows, 1, { ...fit, iterations: 10 }, device);
    expect([...data].sort((a, b) => a - b).map((x) => +x.toFixed(4))).toEqual([1, 11]);
    expect(inertia).toBeCloseTo(2 / 3, 4);
  });

  // A long cloud, so that rows change hands between passes: a running mean over both passes is no mean of the last.
  const rows = Array.from({ length: 40 }, (_, i) => [5 * Math.sin(i * i), Math.cos(3 * i * i)]);
  const flat = Float32Array.from(rows.flat());
  const started = (iterations: number, seed: number) =>
    fitKMeans(flat, 2, { clusters: 3, restarts: 1, seed, iterations }, device);

  it('begins at rows of the speech, and its inertia is that of the definition', async () => {
    const start = await started(0, 5);
    for (let k = 0; k < 3; k++)
      expect(
        rows.some(([x, y]) => Math.fround(x) === start.data[2 * k] && Math.fround(y) === start.data[2 * k + 1]),
      ).toBe(true);
    expect(start.inertia).toBeCloseTo(nearest(rows, start.data).inertia, 4);
  });

  it.each([1, 2, 3, 4, 6])(
    'moves a centroid to the running mean of all rows it was ever given (Sculley), seed %i',
    async (seed) => {
      const start = await started(0, seed);
      const sums = Array.from({ length: 3 }, () => [0, 0, 0]);
      let data = start.data;
      for (const passes of [1, 2]) {
        nearest(rows, data).units.forEach((unit, i) => {
          rows[i].forEach((x, d) => {
            sums[unit][d] += x;
          });
          sums[unit][2]++;
        });
        const previous = data;
        data = Float32Array.from(sums.flatMap(([x, y, n]) => [x / n, y / n]));
        // The best by inertia is kept; here every pass is better.
        expect(nearest(rows, data).inertia).toBeLessThan(nearest(rows, previous).inertia);
        const got = await started(passes, seed);
        for (const [i, x] of data.entries()) expect(got.data[i]).toBeCloseTo(x, 4);
        expect(got.inertia).toBeCloseTo(nearest(rows, data).inertia, 4);
      }
    },
  );

  it('keeps the best of its starts', async () => {
    const of = async (restarts: number) =>
      (await fitKMeans(flat, 2, { clusters: 5, restarts, seed: 3, iterations: 0 }, device)).inertia;
    const [one, many] = [await of(1), await of(20)];
    expect(many).toBeLessThan(one);
  });

  it.each([7, 22, 33, 53])('moves a centroid that nobody is near onto other speech, seed %i', async (seed) => {
    // Three values, and starts of which two are one: the second of them is given nothing.
    const values = Float32Array.from({ length: 300 }, (_, i) => 10 * (i % 3));
    const of = (iterations: number) =>
      fitKMeans(values, 1, { clusters: 3, restarts: 1, seed, iterations, batchFrames: 6 }, device);
    expect(new Set((await of(0)).data).size).toBeLessThan(3);
    const { data } = await of(300);
    expect([...data].sort((a, b) => a - b).map((x) => Math.round(x / 10))).toEqual([0, 1, 2]);
  });
});
