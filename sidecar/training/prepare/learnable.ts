/** @file What trains on top of a base, from the experiment's words. */

import { sites } from '../../architecture/mixture.ts';
import { siteName } from '../../architecture/sites.ts';
import { type Experiment, perLayer } from '../../config/experiment.ts';
import type { BaseModel } from '../../model/checkpoint/base.ts';
import type { AdapterConfig, LearnableConfig } from '../../model/config.ts';
import type { RoutedSite } from '../interval.ts';
import type { CheckpointMeaning } from '../state.ts';

export function learnableConfig(
  { adapter, head, units, stages }: Pick<Experiment, 'adapter' | 'head' | 'units' | 'stages'>,
  base: BaseModel['config'],
  trainMask: boolean,
): LearnableConfig {
  const { layers } = base;
  let what: AdapterConfig = { kind: 'none' };
  if (adapter.kind === 'full') what = { kind: 'full' };
  if (adapter.kind === 'lora-mixture')
    what = {
      kind: 'lora-mixture',
      mixture: {
        experts: perLayer(adapter.experts, layers, 'adapter.experts'),
        rank: perLayer(adapter.rank, layers, 'adapter.rank'),
        alpha: adapter.alpha,
        targets: adapter.targets,
        router: adapter.router,
        init: adapter.init,
        dropout: adapter.dropout,
      },
    };
  return {
    base,
    adapter: what,
    head: { projection: head.projection, units: units.clusters, temperature: head.temperature },
    ...(refits({ units, stages }) ? { measuringHead: true } : {}),
    trainMask,
  };
}

/** Whether stages train on units of their own. */
export const refits = ({ units, stages }: Pick<Experiment, 'units' | 'stages'>): boolean =>
  units.refit && stages !== undefined && stages.length > 1;

/** The sites that have a router, with their number of experts. */
export function routedSites({ base, adapter }: LearnableConfig): RoutedSite[] {
  if (adapter.kind !== 'lora-mixture') return [];
  const { experts } = adapter.mixture;
  return sites(base, adapter.mixture)
    .map((site) => ({ ...site, experts: experts[site.layer] }))
    .filter((site) => site.experts > 1);
}

/** What every adapted site's parameters stand for. */
export function meaningOfSites({ base, adapter }: LearnableConfig): CheckpointMeaning['sites'] {
  if (adapter.kind !== 'lora-mixture') return {};
  const { experts, rank, alpha } = adapter.mixture;
  return Object.fromEntries(
    sites(base, adapter.mixture).map((site) => {
      const { layer } = site;
      return [siteName(site), { experts: experts[layer], rank: rank[layer], scale: alpha / rank[layer] }];
    }),
  );
}
