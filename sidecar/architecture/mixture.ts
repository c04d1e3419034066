/** @file The tensors of a mixture of LoRA experts: names, shapes and what each counts as, before any number is drawn. */
import type { EncoderConfig } from './config.ts';
import { blockName, type Site, siteName, siteShape, type Target } from './sites.ts';

export interface MixtureShape {
  /** Experts and rank of each layer. */
  experts: readonly number[];
  rank: readonly number[];
  /** Experts beside them that no router weighs: always on. None unless told. */
  shared?: number;
  targets: readonly Target[];
  /** One router a site on the site's input, or one a block on the block's input. */
  router: { share: 'site' | 'block'; kind?: 'dense' | 'top-k' | 'language' };
}

export interface MixtureTensor {
  name: string;
  shape: [number, number];
  part: 'down' | 'up' | 'router';
}

type Widths = Pick<EncoderConfig, 'layers' | 'hidden' | 'feedForward'>;

export const sites = ({ layers }: Pick<EncoderConfig, 'layers'>, { targets }: Pick<MixtureShape, 'targets'>): Site[] =>
  Array.from({ length: layers }, (_, layer) => targets.map((target) => ({ layer, target }))).flat();

export const blockRouter = (layer: number) => `${blockName(layer)}.router`;

/** Whether a router weighs the experts of a layer: not a single one, nor those that go by language. */
export const isRouted = ({ experts, router }: Pick<MixtureShape, 'experts' | 'router'>, layer: number): boolean =>
  experts[layer] > 1 && router.kind !== 'language';

/**
 * `<site>.lora_A` [E·r, in]: A_1 … A_E; `<site>.router` [E, in]; `<site>.lora_B` [out, E·r]: B_1 … B_E side by side; or
 * one `<block>.router` [E, hidden] for all sites of a block. A single expert has no router. Of S shared experts A and B follow
 * those of the E, [(E + S)·r, in] and [out, (E + S)·r].
 */
export function mixtureTensors(config: Widths, mixture: MixtureShape): MixtureTensor[] {
  const { experts, rank, router, shared = 0 } = mixture;
  const tensors: MixtureTensor[] = [];
  for (const site of sites(config, mixture)) {
    const count = experts[site.layer];
    const width = (count + shared) * rank[site.layer];
    const shape = siteShape(config, site);
    const name = siteName(site);
    tensors.push({ name: `${name}.lora_A`, shape: [width, shape.in], part: 'down' });
    if (router.share === 'site' && isRouted(mixture, site.layer))
      tensors.push({ name: `${name}.router`, shape: [count, shape.in], part: 'router' });
    tensors.push({ name: `${name}.lora_B`, shape: [shape.out, width], part: 'up' });
  }
  if (router.share === 'block')
    for (let layer = 0; layer < config.layers; layer++)
      if (isRouted(mixture, layer))
        tensors.push({ name: blockRouter(layer), shape: [experts[layer], config.hidden], part: 'router' });
  return tensors;
}
