/**
 * @file How many numbers an experiment trains, by arithmetic alone, from the experiment and the base's configuration. It
 * must not know the engine, files or weights; a test holds it against both.
 */
import type { BaseConfig } from '../architecture/config.ts';
import { mixtureTensors } from '../architecture/mixture.ts';
import { countNumbers } from '../architecture/registry.ts';
import { numbersIn } from '../architecture/shapes.ts';
import { type Experiment, perLayer } from './experiment.ts';

export interface Size {
  /** Of the base, mask embedding included: a run starts one where the checkpoint brings none. */
  base: number;
  experts: number;
  routers: number;
  /** Numbers of the base that train themselves (adapter.kind: full). */
  baseTrained: number;
  /** The prediction head, needed for training alone. */
  head: number;
  /** Trained numbers without the head, over the base's. */
  shareWithoutHead: number;
}

type What = Pick<Experiment, 'adapter' | 'head' | 'units'>;

/**
 * Exact counts, as the run prints them.
 * @throws UserError where a list by layer has another length than the base has layers
 */
export function sizeOf({ adapter, head, units }: What, base: BaseConfig): Size {
  const total = countNumbers(base);
  const size = { experts: 0, routers: 0, baseTrained: adapter.kind === 'full' ? countNumbers(base, 'encoder.') : 0 };
  if (adapter.kind === 'lora-mixture') {
    const experts = perLayer(adapter.experts, base.layers, 'adapter.experts');
    const rank = perLayer(adapter.rank, base.layers, 'adapter.rank');
    const { targets, router, sharedExperts: shared } = adapter;
    for (const { shape, part } of mixtureTensors(base, { experts, rank, shared, targets, router }))
      size[part === 'router' ? 'routers' : 'experts'] += numbersIn(shape);
  }
  const trained = size.experts + size.routers + size.baseTrained;
  return {
    base: total,
    ...size,
    head: head.projection * (base.hidden + 1) + units.clusters * head.projection,
    shareWithoutHead: trained / total,
  };
}
