/** @file HuBERT (Hsu et al. 2021) and wav2vec 2.0 (Baevski et al. 2020): the encoder as it is shared by all. */
import type { HubertConfig } from '../config.ts';
import type { ConfigReader } from '../reader.ts';
import { addBlocks, addFrontEnd, addPosition } from '../shapes.ts';
import type { Family } from './family.ts';

/** A batch norm before the positional convolution, as x·scale + shift. */
export const POSITION_AFFINE = {
  scale: 'encoder.pos_conv_embed.batch_norm.scale',
  shift: 'encoder.pos_conv_embed.batch_norm.shift',
} as const;

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
    ...(modelType === 'hubert' && reader.flag('conv_pos_batch_norm', false) ? { posBatchNorm: true } : {}),
  }),
  write: ({ projectionNorm, posBatchNorm = false }) => ({
    architectures: ['HubertModel'],
    model_type: 'hubert',
    feat_proj_layer_norm: projectionNorm,
    conv_pos_batch_norm: posBatchNorm,
  }),
  shapes(config) {
    const shapes = new Map<string, number[]>();
    addFrontEnd(shapes, config);
    addPosition(shapes, config);
    if (config.posBatchNorm) for (const name of Object.values(POSITION_AFFINE)) shapes.set(name, [config.hidden]);
    addBlocks(shapes, config);
    return shapes;
  },
  blockMultiplyAdds: () => 0,
};
