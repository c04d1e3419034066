/** @file Exact parameter counts, and shares with their denominators named. */
import type { BaseModel } from '../model/checkpoint/base.ts';
import type { LearnableConfig } from '../model/config.ts';
import { parameterSpecs } from './learnable.ts';

export interface ParameterCount {
  base: number;
  /** lora_A and lora_B of every expert. */
  experts: number;
  routers: number;
  /** Tensors of the base that train themselves. */
  baseTrained: number;
  /** The prediction head, needed for training alone. */
  head: number;
  /** Trained numbers without the head over the base's. */
  shareWithoutHead: number;
  /** Trained numbers with the head over the base's. */
  shareWithHead: number;
}

export function countParameters(config: LearnableConfig, base: Pick<BaseModel, 'weights'>): ParameterCount {
  const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
  const total = [...base.weights.values()].reduce((sum, { shape }) => sum + size(shape), 0);
  const count = { experts: 0, routers: 0, baseTrained: 0, head: 0 };
  const counted = { expert: 'experts', router: 'routers', base: 'baseTrained', head: 'head' } as const;
  for (const { group, shape } of parameterSpecs(config, base.weights)) count[counted[group]] += size(shape);
  const trained = count.experts + count.routers + count.baseTrained;
  return { base: total, ...count, shareWithoutHead: trained / total, shareWithHead: (trained + count.head) / total };
}
