/** @file How a mixture lies in its file: each expert's A and B by itself, PEFT's names, cut out of the stacked matrices. */
import type { BaseConfig } from '../../architecture/config.ts';
import { blockRouter, isRouted, type MixtureShape, sites } from '../../architecture/mixture.ts';
import { siteName, siteShape } from '../../architecture/sites.ts';
import { adapterNames } from '../checkpoint/adapter.ts';
import type { Piece } from './adapter.ts';

export function mixturePieces(base: BaseConfig, mixture: MixtureShape): Piece[] {
  const all: Piece[] = [];
  const { share } = mixture.router;
  for (const site of sites(base, mixture)) {
    const { layer, target } = site;
    const [experts, rank] = [mixture.experts[layer], mixture.rank[layer]];
    const { in: inputs, out: outputs } = siteShape(base, site);
    const [down, up] = [`${siteName(site)}.lora_A`, `${siteName(site)}.lora_B`];
    for (let e = 0; e < experts + (mixture.shared ?? 0); e++) {
      const [a, b] = [adapterNames.loraA(layer, target, e), adapterNames.loraB(layer, target, e)];
      all.push({ name: a, shape: [rank, inputs], parameter: down, row: e * rank, column: 0 });
      all.push({ name: b, shape: [outputs, rank], parameter: up, row: 0, column: e * rank });
    }
    if (share === 'site' && isRouted(mixture, layer))
      all.push(router(adapterNames.router(layer, target), experts, inputs, `${siteName(site)}.router`));
  }
  if (share === 'block')
    mixture.experts.forEach((experts, layer) => {
      if (isRouted(mixture, layer))
        all.push(router(adapterNames.router(layer), experts, base.hidden, blockRouter(layer)));
    });
  return all;
}

const router = (name: string, experts: number, inputs: number, parameter: string): Piece => ({
  name,
  shape: [experts, inputs],
  parameter,
  row: 0,
  column: 0,
});
