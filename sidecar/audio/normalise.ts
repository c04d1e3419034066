/** @file Zero mean and unit variance, as Wav2Vec2FeatureExtractor makes them. Knows no file. */

export interface Moments {
  mean: number;
  /** What the distance from the mean is multiplied by. */
  scale: number;
}

/** Of samples that come in blocks: all of them once for their sum, then all once more for their squares. */
export class MomentsOf {
  #sum = 0;
  #count = 0;
  #squares = 0;

  sum(block: Float32Array): void {
    let sum = this.#sum;
    for (let i = 0; i < block.length; i++) sum += block[i];
    this.#sum = sum;
    this.#count += block.length;
  }

  squares(block: Float32Array): void {
    const mean = this.#sum / this.#count;
    let squares = this.#squares;
    for (let i = 0; i < block.length; i++) squares += (block[i] - mean) ** 2;
    this.#squares = squares;
  }

  take(): Moments {
    return { mean: this.#sum / this.#count, scale: 1 / Math.sqrt(this.#squares / this.#count + 1e-7) };
  }
}

export function normaliseBy(samples: Float32Array, { mean, scale }: Moments): Float32Array {
  const out = new Float32Array(samples.length);
  for (let i = 0; i < samples.length; i++) out[i] = (samples[i] - mean) * scale;
  return out;
}

/** (x − mean) / √(variance + 1e-7), over all samples. */
export function normalise(samples: Float32Array): Float32Array {
  const run = new MomentsOf();
  run.sum(samples);
  run.squares(samples);
  return normaliseBy(samples, run.take());
}
