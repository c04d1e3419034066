/** @file Log-mel energies and MFCC-39 at 50 frames a second: the first iteration's units, and the probe's baseline. */

const RATE_HZ = 16_000;
const WINDOW = 400;
const HOP = 320;
const FFT = 512;

const mel = (hz: number) => 1127 * Math.log(1 + hz / 700);

/** Triangles of equal width on the mel scale (O'Shaughnessy 1987), 20 Hz to 8 kHz. */
function filters(bands: number): Float64Array[] {
  const [low, high] = [mel(20), mel(RATE_HZ / 2)];
  const edge = (i: number) => low + ((high - low) * i) / (bands + 1);
  return Array.from({ length: bands }, (_, b) =>
    Float64Array.from({ length: FFT / 2 + 1 }, (_, k) => {
      const m = mel((k * RATE_HZ) / FFT);
      return Math.max(
        0,
        Math.min((m - edge(b)) / (edge(b + 1) - edge(b)), (edge(b + 2) - m) / (edge(b + 2) - edge(b + 1))),
      );
    }),
  );
}

/** In-place radix-2 FFT. */
function fft(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j], re[i]];
      [im[i], im[j]] = [im[j], im[i]];
    }
  }
  for (let size = 2; size <= n; size *= 2)
    for (let start = 0; start < n; start += size)
      for (let k = 0; k < size / 2; k++) {
        const angle = (-2 * Math.PI * k) / size;
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        const [a, b] = [start + k, start + k + size / 2];
        const [x, y] = [re[b] * c - im[b] * s, re[b] * s + im[b] * c];
        [re[b], im[b]] = [re[a] - x, im[a] - y];
        re[a] += x;
        im[a] += y;
      }
}

/** [frames][bands], one frame for each of HuBERT's. */
export function logMel(samples: Float32Array, bands: number): Float64Array[] {
  const bank = filters(bands);
  const frames = Math.max(0, Math.floor((samples.length - WINDOW) / HOP) + 1);
  const re = new Float64Array(FFT);
  const im = new Float64Array(FFT);
  return Array.from({ length: frames }, (_, t) => {
    re.fill(0);
    im.fill(0);
    for (let i = 0; i < WINDOW; i++) {
      const x = samples[t * HOP + i] - 0.97 * (samples[t * HOP + i - 1] ?? 0);
      re[i] = x * (0.54 - 0.46 * Math.cos((2 * Math.PI * i) / (WINDOW - 1)));
    }
    fft(re, im);
    return Float64Array.from(bank, (filter) => {
      let energy = 1e-6;
      for (let k = 0; k < filter.length; k++) energy += filter[k] * (re[k] ** 2 + im[k] ** 2);
      return Math.log(energy);
    });
  });
}

/** 13 cepstral coefficients and their first and second differences, rows of 39 (HuBERT's first iteration). */
export function mfcc39(samples: Float32Array): Float32Array {
  const cepstra = logMel(samples, 26).map((row) =>
    Float64Array.from({ length: 13 }, (_, c) =>
      row.reduce((sum, x, b) => sum + x * Math.cos((Math.PI * c * (b + 0.5)) / 26), 0),
    ),
  );
  const delta = (rows: Float64Array[]) =>
    rows.map((_, t) =>
      Float64Array.from({ length: 13 }, (_, c) => {
        const at = (i: number) => rows[Math.max(0, Math.min(rows.length - 1, i))][c];
        return (at(t + 1) - at(t - 1) + 2 * (at(t + 2) - at(t - 2))) / 10;
      }),
    );
  const first = delta(cepstra);
  const second = delta(first);
  const out = new Float32Array(cepstra.length * 39);
  cepstra.forEach((row, t) => {
    out.set([...row, ...first[t], ...second[t]], t * 39);
  });
  return out;
}

/** Each column to zero mean and unit variance over all rows. */
export function standardise(rows: Float32Array, width: number): Float32Array {
  const count = rows.length / width;
  for (let c = 0; c < width; c++) {
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < count; i++) {
      sum += rows[i * width + c];
      squares += rows[i * width + c] ** 2;
    }
    const mean = sum / count;
    const deviation = Math.sqrt(Math.max(1e-12, squares / count - mean ** 2));
    for (let i = 0; i < count; i++) rows[i * width + c] = (rows[i * width + c] - mean) / deviation;
  }
  return rows;
}
