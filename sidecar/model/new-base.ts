/** @file First weights of a HuBERT that is pre-trained from scratch, as Hugging Face's HubertModel draws them. */
import type { BaseConfig } from '../architecture/config.ts';
import { shapesOf } from '../architecture/registry.ts';
import { normals } from '../random.ts';

/** Linear N(0, 0.02), convolutions He normal, positional convolution N(0, 4/(K·C)), norms 1 and 0, the mask embedding in (0, 1). */
export function newWeights(config: BaseConfig, seed: number): Map<string, { shape: number[]; data: Float32Array }> {
  const weights = new Map<string, { shape: number[]; data: Float32Array }>();
  for (const [name, shape] of shapesOf(config)) {
    const draws = normals(
      shape.reduce((a, b) => a * b, 1),
      seed,
      'base',
      name,
    );
    const fan = shape.slice(1).reduce((a, b) => a * b, 1);
    const deviation = name.includes('pos_conv')
      ? 2 * (config.posKernel * config.hidden) ** -0.5
      : name.includes('conv_layers')
        ? Math.sqrt(2 / fan)
        : 0.02;
    const norm = name.includes('layer_norm');
    const value = (draw: number) => {
      if (name === 'masked_spec_embed') return 0.5 + 0.25 * draw;
      if (name.endsWith('.bias')) return 0;
      return norm ? 1 : deviation * draw;
    };
    weights.set(name, { shape, data: draws.map(value) });
  }
  return weights;
}
