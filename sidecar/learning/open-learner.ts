/** @file Which learner a device gets. */
import type { SessionOptions } from '../engine/session.ts';
import type { BaseHead, BaseModel } from '../model/checkpoint/base.ts';
import type { LearnableConfig } from '../model/config.ts';
import type { WeightFile } from '../weights/file.ts';
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
): Promise<Learner> {
  const kind = options.device === 'webgpu' ? DeviceLearner : HostLearner;
  return kind.open(config, base, file, seed, options, baseHead);
}
