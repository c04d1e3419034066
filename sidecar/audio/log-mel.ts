/** @file Log-mel energies at 50 frames a second, one for each of HuBERT's: what a probe of a model is held against. */

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

/** cos and sin of −2πk/n, for half a turn. */
const TWIDDLES = Array.from({ length: FFT / 2 }, (_, k): [number, number] => {
  const angle = (-2 * Math.PI * k) / FFT;
  return [Math.cos(angle), Math.sin(angle)];
});

/** In-place radix-2 FFT of FFT points. */
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
        const [c, s] = TWIDDLES[(k * FFT) / size];
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
