/** @file Log-mel energies at 50 frames a second, one for each of HuBERT's: what a probe of a model is held against. */

const RATE_HZ = 16_000;
const WINDOW = 400;
const HOP = 320;
const FFT = 512;

const mel = (hz: number) => 1127 * Math.log(1 + hz / 700);

/** A triangle's weights from the first FFT bin that it reaches on. */
interface Filter {
  first: number;
  weights: Float64Array;
}

/** Triangles of equal width on the mel scale (O'Shaughnessy 1987), 20 Hz to 8 kHz. */
function filters(bands: number): Filter[] {
  const [low, high] = [mel(20), mel(RATE_HZ / 2)];
  const edge = (i: number) => low + ((high - low) * i) / (bands + 1);
  return Array.from({ length: bands }, (_, b) => {
    const all = Array.from({ length: FFT / 2 + 1 }, (_, k) => {
      const m = mel((k * RATE_HZ) / FFT);
      return Math.min((m - edge(b)) / (edge(b + 1) - edge(b)), (edge(b + 2) - m) / (edge(b + 2) - edge(b + 1)));
    });
    const first = all.findIndex((weight) => weight > 0);
    const weights = Float64Array.from(all.filter((weight) => weight > 0));
    return { first, weights };
  });
}

/** cos and sin of −2πk/FFT, for half a turn. */
const COS = Float64Array.from({ length: FFT / 2 }, (_, k) => Math.cos((-2 * Math.PI * k) / FFT));
const SIN = Float64Array.from({ length: FFT / 2 }, (_, k) => Math.sin((-2 * Math.PI * k) / FFT));
const HAMMING = Float64Array.from(
  { length: WINDOW },
  (_, i) => 0.54 - 0.46 * Math.cos((2 * Math.PI * i) / (WINDOW - 1)),
);

/** In-place radix-2 FFT of FFT points. */
function fft(re: Float64Array, im: Float64Array): void {
  for (let i = 1, j = 0; i < FFT; i++) {
    let bit = FFT >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    const [x, y] = [re[i], im[i]];
    re[i] = re[j];
    im[i] = im[j];
    re[j] = x;
    im[j] = y;
  }
  for (let half = 1; half < FFT; half *= 2) {
    const stride = FFT / 2 / half;
    for (let start = 0; start < FFT; start += 2 * half)
      for (let k = 0; k < half; k++) {
        const c = COS[k * stride];
        const s = SIN[k * stride];
        const a = start + k;
        const b = a + half;
        const x = re[b] * c - im[b] * s;
        const y = re[b] * s + im[b] * c;
        re[b] = re[a] - x;
        im[b] = im[a] - y;
        re[a] += x;
        im[a] += y;
      }
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
      const at = t * HOP + i;
      re[i] = (samples[at] - (at > 0 ? 0.97 * samples[at - 1] : 0)) * HAMMING[i];
    }
    fft(re, im);
    return Float64Array.from(bank, ({ first, weights }) => {
      let energy = 1e-6;
      for (let k = 0; k < weights.length; k++) {
        const bin = first + k;
        energy += weights[k] * (re[bin] * re[bin] + im[bin] * im[bin]);
      }
      return Math.log(energy);
    });
  });
}
