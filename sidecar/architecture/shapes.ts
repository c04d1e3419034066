/** @file Tensors that all families have, by canonical name (Hugging Face's, without prefix), and their shapes. */
import type { EncoderConfig } from './config.ts';
import { blockName, siteName, siteShape, TARGETS } from './sites.ts';

export type Shapes = Map<string, number[]>;

export const MASK_EMBEDDING = 'masked_spec_embed';
export const POSITIONAL = 'encoder.pos_conv_embed.conv';

export const numbersIn = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

export function addNorm(shapes: Shapes, name: string, width: number): void {
  shapes.set(`${name}.weight`, [width]);
  shapes.set(`${name}.bias`, [width]);
}

export function addLinear(shapes: Shapes, name: string, outputs: number, inputs: number): void {
  shapes.set(`${name}.weight`, [outputs, inputs]);
  shapes.set(`${name}.bias`, [outputs]);
}

/** Convolutions, feature projection and mask embedding. */
export function addFrontEnd(shapes: Shapes, config: EncoderConfig): void {
  const { hidden, convDim, convKernel } = config;
  convDim.forEach((width, i) => {
    const layer = `feature_extractor.conv_layers.${i}`;
    shapes.set(`${layer}.conv.weight`, [width, i === 0 ? 1 : convDim[i - 1], convKernel[i]]);
    if (config.convBias) shapes.set(`${layer}.conv.bias`, [width]);
    if (config.extractorNorm === 'layer' || i === 0) addNorm(shapes, `${layer}.layer_norm`, width);
  });
  const features = convDim[convDim.length - 1];
  if (config.projectionNorm) addNorm(shapes, 'feature_projection.layer_norm', features);
  addLinear(shapes, 'feature_projection.projection', hidden, features);
  shapes.set(MASK_EMBEDDING, [hidden]);
}

/** One positional convolution, as its effective weight. */
export function addPosition(shapes: Shapes, { hidden, posGroups, posKernel }: EncoderConfig): void {
  shapes.set(`${POSITIONAL}.weight`, [hidden, hidden / posGroups, posKernel]);
  shapes.set(`${POSITIONAL}.bias`, [hidden]);
}

/** The last norm and the blocks. `extra` adds what a family's block `layer` has besides. */
export function addBlocks(
  shapes: Shapes,
  config: EncoderConfig,
  extra: (layer: number, name: string) => void = () => {},
): void {
  addNorm(shapes, 'encoder.layer_norm', config.hidden);
  for (let layer = 0; layer < config.layers; layer++) {
    const block = blockName(layer);
    for (const target of TARGETS) {
      const site = { layer, target };
      const shape = siteShape(config, site);
      addLinear(shapes, siteName(site), shape.out, shape.in);
    }
    addNorm(shapes, `${block}.layer_norm`, config.hidden);
    addNorm(shapes, `${block}.final_layer_norm`, config.hidden);
    extra(layer, block);
  }
}
