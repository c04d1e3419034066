/**
 * @file In which order a graph's nodes are written, which decides how much of it lies in memory at once. onnxruntime (1.30)
 * runs what a node reads first, the input that is written last before the others, from the result that is written last on.
 */
import { reachable } from './graph.ts';
import type { Node, Value } from './value.ts';

/**
 * Every node that the outputs depend on, inputs before users. By depth, so that of what a node reads the longest way is gone
 * first and what is cheap to make is made when it is wanted; what nobody reads comes last, the earliest ready at the very
 * end, so that a gradient is taken as soon as it can be and what it reads is let go.
 */
export function written(outputs: readonly Value[]): Node[] {
  const order = reachable(outputs);
  const depth = new Map<Node, number>();
  const read = new Set<Node>();
  for (const node of order) {
    let deepest = 0;
    for (const input of node.inputs) {
      if (!input?.node) continue;
      read.add(input.node);
      deepest = Math.max(deepest, depth.get(input.node)!);
    }
    depth.set(node, deepest + 1);
  }
  const by = (sign: 1 | -1) => (a: Node, b: Node) => sign * (depth.get(a)! - depth.get(b)!);
  return [
    ...order.filter((node) => read.has(node)).sort(by(1)),
    ...order.filter((node) => !read.has(node)).sort(by(-1)),
  ];
}
