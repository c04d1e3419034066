/** @file data2vec-audio (Baevski et al. 2022, arXiv 2202.03555): wav2vec 2.0's encoder with a stack of positional convolutions. */
import type { Data2VecConfig } from '../config.ts';
import { addBlocks, addFrontEnd } from '../shapes.ts';
import type { Family } from './family.ts';

export const positionalLayer = (i: number) => `encoder.pos_conv_embed.layers.${i}.conv`;

export const data2vec: Family<Data2VecConfig> = {
  name: 'data2vec-audio',
  modelTypes: ['data2vec-audio'],
  read: (reader, shared) => ({
    family: 'data2vec-audio',
    ...shared,
    // Both are so whatever the file says: Hugging Face's model knows no other.
    extractorNorm: 'layer',
    stableLayerNorm: false,
    posKernel: reader.whole('conv_pos_kernel_size', 19, 1, 4096),
    posLayers: reader.whole('num_conv_pos_embeddings', 5, 1, 32),
  }),
  write: ({ posKernel, posLayers }) => ({
    architectures: ['Data2VecAudioModel'],
    model_type: 'data2vec-audio',
    conv_pos_kernel_size: posKernel,
    num_conv_pos_embeddings: posLayers,
  }),
  shapes(config) {
    const { hidden, posGroups, posKernel } = config;
    const shapes = new Map<string, number[]>();
    addFrontEnd(shapes, config);
    for (let i = 0; i < config.posLayers; i++) {
      shapes.set(`${positionalLayer(i)}.weight`, [hidden, hidden / posGroups, posKernel]);
      shapes.set(`${positionalLayer(i)}.bias`, [hidden]);
    }
    addBlocks(shapes, config);
    return shapes;
  },
  blockMultiplyAdds: () => 0,
};
