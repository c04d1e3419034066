/** @file Which learner a device gets, and those of several models that see the same batches. */
import type { SessionOptions } from '../engine/session.ts';
import type { BaseHead, BaseModel } from '../model/checkpoint/base.ts';
import type { LearnableConfig } from '../model/config.ts';
import type { WeightFile } from '../weights/file.ts';
import type { QuantisedProducts } from '../weights/quantised.ts';
import { DeviceLearner } from './device-learner.ts';
import { HostLearner } from './host-learner.ts';
import type { Learner } from './learner.ts';

/** On WebGPU everything stays there; from Node no other provider can keep a tensor. */
export function openLearner(
  config: LearnableConfig,
  base: Pick<BaseModel, 'weights'>,
  file: WeightFile,
  seed: number,
  options: SessionOptions,
  baseHead?: BaseHead,
  quantised?: QuantisedProducts,
): Promise<Learner> {
  if (options.device === 'webgpu') return DeviceLearner.open(config, base, file, seed, options, baseHead);
  return HostLearner.open(config, base, file, seed, options, baseHead, quantised);
}

/** One for each model, in their order; those in main memory compute together what is the same in all of them. */
export async function openLearners(
  models: readonly { config: LearnableConfig; baseHead?: BaseHead }[],
  base: Pick<BaseModel, 'weights'>,
  file: WeightFile,
  seed: number,
  options: SessionOptions,
  quantised?: QuantisedProducts,
): Promise<Learner[]> {
  const learners: Learner[] = [];
  try {
    for (const { config, baseHead } of models)
      learners.push(await openLearner(config, base, file, seed, options, baseHead, quantised));
  } catch (error) {
    for (const learner of learners) await learner.release();
    throw error;
  }
  const hosts = learners.filter((learner) => learner instanceof HostLearner);
  if (hosts.length === learners.length && hosts.length > 1) HostLearner.join(hosts);
  return learners;
}
