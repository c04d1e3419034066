/** @file WavLM (Chen et al. 2021, arXiv 2110.13900): HuBERT's encoder with gated relative-position bias in every block. */
import type { WavLmConfig } from '../config.ts';
import { addBlocks, addFrontEnd, addLinear, addPosition } from '../shapes.ts';
import type { Family } from './family.ts';
import { readPosKernel } from './hubert.ts';

/** Names of the gate's tensors in a block. */
export const GATE = {
  /** [heads, 1, 1] behind a leading 1: how far the reset gate opens. */
  constant: 'attention.gru_rel_pos_const',
  /** [8, hidden / heads]: four numbers for each of two gates, summed. */
  linear: 'attention.gru_rel_pos_linear',
} as const;
/** [buckets, heads], of the first block, shared by all. */
export const BUCKET_EMBEDDING = 'encoder.layers.0.attention.rel_attn_embed.weight';

const GATE_WIDTH = 8;

export const wavlm: Family<WavLmConfig> = {
  name: 'wavlm',
  modelTypes: ['wavlm'],
  read(reader, shared) {
    const buckets = reader.whole('num_buckets', 320, 4, 4096);
    const maxDistance = reader.whole('max_bucket_distance', 800, 2, 10_000);
    if (buckets % 4 !== 0) reader.wrong('num_buckets', 'a multiple of 4');
    // From a quarter of the buckets on, distances share buckets by their logarithm, up to the largest distance.
    else if (maxDistance <= buckets / 4) reader.wrong('max_bucket_distance', `more than a quarter of ${buckets}`);
    return { family: 'wavlm', ...shared, posKernel: readPosKernel(reader), buckets, maxDistance };
  },
  write: ({ buckets, maxDistance }) => ({
    architectures: ['WavLMModel'],
    model_type: 'wavlm',
    num_buckets: buckets,
    max_bucket_distance: maxDistance,
  }),
  shapes(config) {
    const shapes = new Map<string, number[]>();
    addFrontEnd(shapes, config);
    addPosition(shapes, config);
    addBlocks(shapes, config, (layer, block) => {
      shapes.set(`${block}.${GATE.constant}`, [1, config.heads, 1, 1]);
      addLinear(shapes, `${block}.${GATE.linear}`, GATE_WIDTH, config.hidden / config.heads);
      if (layer === 0) shapes.set(BUCKET_EMBEDDING, [config.buckets, config.heads]);
    });
    return shapes;
  },
  blockMultiplyAdds: ({ hidden }) => GATE_WIDTH * hidden,
};
