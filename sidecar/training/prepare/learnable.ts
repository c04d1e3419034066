/** @file What trains on top of a base, from the experiment's words. */

import { sites } from '../../architecture/mixture.ts';
import { siteName } from '../../architecture/sites.ts';
import { byLanguage, type Experiment, perLayer } from '../../config/experiment.ts';
import { UserError } from '../../errors.ts';
import type { BaseModel } from '../../model/checkpoint/base.ts';
import type { AdapterConfig, LearnableConfig, RetentionConfig } from '../../model/config.ts';
import type { RoutedSite } from '../interval.ts';
import type { CheckpointMeaning } from '../state.ts';

export function learnableConfig(
  experiment: Pick<Experiment, 'adapter' | 'head' | 'languages' | 'units' | 'stages' | 'training'>,
  { config: base, head: baseHead }: Pick<BaseModel, 'config' | 'head'>,
  trainMask: boolean,
): LearnableConfig {
  const { adapter, head, units, stages, training } = experiment;
  const { layers } = base;
  const groups = byLanguage(experiment);
  const languages = groups && Object.fromEntries(groups.flatMap((codes, e) => codes.map((code) => [code, e])));
  let what: AdapterConfig = { kind: 'none' };
  if (adapter.kind === 'full') what = { kind: 'full' };
  if (adapter.kind === 'lora-mixture')
    what = {
      kind: 'lora-mixture',
      mixture: {
        experts: perLayer(adapter.experts, layers, 'adapter.experts'),
        rank: perLayer(adapter.rank, layers, 'adapter.rank'),
        ...(adapter.sharedExperts > 0 ? { shared: adapter.sharedExperts } : {}),
        alpha: adapter.alpha,
        targets: adapter.targets,
        router: languages ? { ...adapter.router, languages } : adapter.router,
        init: adapter.init,
        dropout: adapter.dropout,
      },
    };
  return {
    base,
    adapter: what,
    head: { projection: head.projection, units: units.clusters, temperature: head.temperature },
    ...(refits({ units, stages }) ? { measuringHead: true } : {}),
    ...retentionOf(training, baseHead !== undefined),
    trainMask,
  };
}

/** @throws UserError where the base shall teach and brings no head */
function retentionOf({ lwf, der }: Experiment['training'], hasHead: boolean): Pick<LearnableConfig, 'retention'> {
  const retention: RetentionConfig = {};
  if (lwf.weight > 0) {
    if (lwf.teacher === 'base' && !hasHead) throw teacherWithoutHead();
    const teacher = lwf.teacher === 'auto' ? (hasHead ? 'base' : 'stage') : lwf.teacher;
    retention.distil = { weight: lwf.weight, temperature: lwf.temperature, teacher };
  }
  if (der.weight > 0) retention.replayed = { weight: der.weight, labels: der.labels };
  return Object.keys(retention).length > 0 ? { retention } : {};
}

const teacherWithoutHead = () =>
  new UserError({
    code: 'lwf.no-head',
    tried: 'learn what the base predicts (training.lwf.teacher: base)',
    why: 'the base brings no pre-training head, so it predicts nothing by itself.',
    cure: 'Name its head in base.head, or write training.lwf.teacher: stage.',
  });

/** Whether stages train on units of their own. */
export const refits = ({ units, stages }: Pick<Experiment, 'units' | 'stages'>): boolean =>
  units.refit && stages !== undefined && stages.length > 1;

/** The sites that have a router, with their number of experts. */
export function routedSites({ base, adapter }: LearnableConfig): RoutedSite[] {
  if (adapter.kind !== 'lora-mixture') return [];
  const { experts, router } = adapter.mixture;
  if (router.kind === 'language') return [];
  return sites(base, adapter.mixture)
    .map((site) => ({ ...site, experts: experts[site.layer] }))
    .filter((site) => site.experts > 1);
}

/** What every adapted site's parameters stand for. */
export function meaningOfSites({ base, adapter }: LearnableConfig): CheckpointMeaning['sites'] {
  if (adapter.kind !== 'lora-mixture') return {};
  const { experts, rank, alpha, shared } = adapter.mixture;
  return Object.fromEntries(
    sites(base, adapter.mixture).map((site) => {
      const { layer } = site;
      const meaning = { experts: experts[layer], rank: rank[layer], scale: alpha / rank[layer] };
      return [siteName(site), shared ? { ...meaning, shared } : meaning];
    }),
  );
}

/** By number, where experts go by language. */
export function whoseExperts({ adapter }: LearnableConfig): Pick<CheckpointMeaning, 'experts'> {
  if (adapter.kind !== 'lora-mixture' || adapter.mixture.router.kind !== 'language') return {};
  const all = Object.entries(adapter.mixture.router.languages ?? {}).map(([code, expert]) => `${expert} ${code}`);
  return { experts: all.sort().join(', ') };
}
