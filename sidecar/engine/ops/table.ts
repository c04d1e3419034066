/** @file The one op table. An op that is not here cannot be emitted; an op without a tested gradient says why. */
import { convolutions } from './convolution.ts';
import { elementwise } from './elementwise.ts';
import { layout } from './layout.ts';
import { linear } from './linear.ts';
import { normalise } from './normalise.ts';
import type { Op } from './op.ts';
import { reduce } from './reduce.ts';

// Built on first use: the families import each other's constructors, so none may be read while modules load.
let built: Record<string, Op> | undefined;
export const table: Record<string, Op> = new Proxy({} as Record<string, Op>, {
  get: (_, op: string) => all()[op],
  ownKeys: () => Reflect.ownKeys(all()),
  getOwnPropertyDescriptor: (_, op: string) => ({ configurable: true, enumerable: true, value: all()[op] }),
});

function all(): Record<string, Op> {
  built ??= { ...elementwise, ...reduce, ...layout, ...linear, ...normalise, ...convolutions };
  return built;
}
