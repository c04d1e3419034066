/** @file What enters the experts in training with some numbers left out (Hu et al. 2021, as PEFT does): by key, so that a resumed run drops the same. */
import { type Key, keyedRandom } from '../random.ts';

/** 0 with probability `rate`, else 1 / (1 − rate), so that the mean stays. */
export function dropoutMask(count: number, rate: number, ...key: Key): Float32Array {
  const uniform = keyedRandom('dropout', ...key);
  const kept = 1 / (1 - rate);
  return Float32Array.from({ length: count }, () => (uniform() < rate ? 0 : kept));
}
