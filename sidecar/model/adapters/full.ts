/** @file The base's own numbers train: the transformer's (the baseline that forgets), or all of them (from scratch). */
import type { Adapter } from './adapter.ts';
import { none } from './none.ts';

export const full: Adapter = { ...none, trains: (tensor) => tensor.startsWith('encoder.') };
export const scratch: Adapter = { ...none, trains: () => true, fromWave: true };
