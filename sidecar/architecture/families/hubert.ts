/** @file HuBERT (Hsu et al. 2021) and wav2vec 2.0 (Baevski et al. 2020): the encoder as it is shared by all. */
import type { HubertConfig } from '../config.ts';
import type { ConfigReader } from '../reader.ts';
import { addBlocks, addFrontEnd, addPosition } from '../shapes.ts';
import type { Family } from './family.ts';

/** Of the one positional convolution. */
export const readPosKernel = (reader: ConfigReader) => reader.whole('num_conv_pos_embeddings', 128, 1, 4096);

export const hubert: Family<HubertConfig> = {
  name: 'hubert',
  modelTypes: ['hubert', 'wav2vec2'],
  read: (reader, shared, modelType) => ({
    family: 'hubert',
    ...shared,
    posKernel: readPosKernel(reader),
    projectionNorm: modelType === 'wav2vec2' || reader.flag('feat_proj_layer_norm', true),
  }),
  write: ({ projectionNorm }) => ({
    architectures: ['HubertModel'],
    model_type: 'hubert',
    feat_proj_layer_norm: projectionNorm,
  }),
  shapes(config) {
    const shapes = new Map<string, number[]>();
    addFrontEnd(shapes, config);
    addPosition(shapes, config);
    addBlocks(shapes, config);
    return shapes;
  },
  blockMultiplyAdds: () => 0,
};
