/** What a step keeps in memory between its way forward and its way back. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../sidecar/engine/compile.ts';
import { gradients } from '../../../sidecar/engine/gradient.ts';
import { Graph, reachable } from '../../../sidecar/engine/graph.ts';
import { gelu } from '../../../sidecar/engine/ops/elementwise.ts';
import { gemm } from '../../../sidecar/engine/ops/linear.ts';
import { mean } from '../../../sidecar/engine/ops/reduce.ts';
import { written } from '../../../sidecar/engine/order.ts';
import { Session } from '../../../sidecar/engine/session.ts';
import type { Value } from '../../../sidecar/engine/value.ts';

const [BLOCKS, ROWS, WIDTH] = [12, 2048, 1024];
const tensorBytes = 4 * ROWS * WIDTH;

/** Blocks of a trained product and a GELU, one on another. `firstToo`: the input's gradient as well, the last there is. */
function step(firstToo: boolean) {
  const graph = new Graph();
  const input = graph.input('x', [ROWS, WIDTH]);
  const matrices = Array.from({ length: BLOCKS }, (_, i) => graph.input(`w${i}`, [WIDTH, WIDTH]));
  let x: Value = input;
  for (const matrix of matrices) x = gelu(gemm(x, matrix));
  const loss = mean(mean(x, [1]), [0]);
  const by = [...matrices, ...(firstToo ? [input] : [])];
  // A gradient as small as a number, so that none of the peak is what comes out.
  const small = gradients(loss, by).map((gradient) => mean(mean(gradient, [1]), [0]));
  return { graph, outputs: Object.fromEntries([loss, ...small].map((value, i) => [`out${i}`, value])) };
}

describe('the nodes of a step', () => {
  it('are written after what they read; what nobody reads comes last, what is ready first at the very end', () => {
    const outputs = Object.values(step(true).outputs);
    const order = written(outputs);
    expect(new Set(order)).toEqual(new Set(reachable(outputs)));
    order.forEach((node, i) => {
      for (const input of node.inputs) if (input?.node) expect(order.indexOf(input.node)).toBeLessThan(i);
    });
    // The loss is ready first, then the last block's gradient; that of the first block and of the input are so together.
    const ends = order.slice(-outputs.length).map((node) => outputs.indexOf(node.outputs[0]));
    expect(ends).toEqual([1, BLOCKS + 1, ...Array.from({ length: BLOCKS - 1 }, (_, i) => i + 2), 0]);
  });

  it.skipIf(process.platform !== 'linux').each([false, true])(
    `keep one tensor a block, and not what GELU gives and its slope beside it (not run elsewhere: Linux alone tells a peak; the input’s gradient too: %s)`,
    async (firstToo) => {
      const { outputs } = step(firstToo);
      const { bytes, ...compiled } = compile(outputs, 'cpu');
      const session = await Session.open(bytes, compiled, { device: 'cpu', prepack: false });
      const numbers = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i) / 16);
      const matrix = { data: numbers(WIDTH * WIDTH), shape: [WIDTH, WIDTH] };
      const feeds = Object.fromEntries(Array.from({ length: BLOCKS }, (_, i) => [`w${i}`, matrix]));
      const before = peakBytes('from now on');
      await session.run({ ...feeds, x: { data: numbers(ROWS * WIDTH), shape: [ROWS, WIDTH] } }, {});
      const kept = (peakBytes() - before) / tensorBytes;
      await session.release();
      // A block's own, and what its way back is computed from; with what GELU gives and Φ beside it, 36 and more.
      expect(kept).toBeGreaterThan(BLOCKS);
      expect(kept).toBeLessThan(2 * BLOCKS);
    },
    60_000,
  );
});

/** Of this process, in bytes. */
function peakBytes(from?: 'from now on'): number {
  if (from) writeFileSync('/proc/self/clear_refs', '5');
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) * 1024;
}
