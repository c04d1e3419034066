/** @file How much arithmetic a graph is: its products and convolutions counted from their shapes; knows no device. */
import { reachable } from './graph.ts';
import { table } from './ops/table.ts';
import { type Bindings, evaluate } from './shape.ts';
import type { Value } from './value.ts';

/** Floating-point operations of one run, a multiply-add as two; elementwise work is left out, as is usual. */
export function flopsOf(outputs: Readonly<Record<string, Value>>, bindings: Bindings): number {
  let total = 0;
  for (const node of reachable(Object.values(outputs))) {
    const terms = table[node.op].multiplyAdds?.(node);
    if (terms) total += 2 * terms.reduce<number>((size, dim) => size * evaluate(dim, bindings), 1);
  }
  return total;
}
