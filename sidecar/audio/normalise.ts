/** @file Zero mean and unit variance, as Hugging Face's Wav2Vec2FeatureExtractor does it. */

/** `(x - mean) / sqrt(variance + 1e-7)` with the population's variance, summed in float64. Returns a new array. */
export function normalise(samples: Float32Array): Float32Array {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += samples[i];
  const mean = sum / samples.length;
  let squares = 0;
  for (let i = 0; i < samples.length; i++) squares += (samples[i] - mean) ** 2;
  const scale = 1 / Math.sqrt(squares / samples.length + 1e-7);
  const out = new Float32Array(samples.length);
  for (let i = 0; i < samples.length; i++) out[i] = (samples[i] - mean) * scale;
  return out;
}
