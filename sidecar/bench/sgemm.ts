/** @file What this machine's float32 matrix products reach at best: what a step is measured against. */
import { performance } from 'node:perf_hooks';
import { compile } from '../engine/compile.ts';
import { flopsOf } from '../engine/flops.ts';
import { Graph } from '../engine/graph.ts';
import { gemm } from '../engine/ops/linear.ts';
import { sum } from '../engine/ops/reduce.ts';
import { Session } from '../engine/session.ts';

/** The best of eight, in GFLOP/s. */
export async function sgemmPeak(threads: number): Promise<number> {
  const [m, n] = [2048, 3072];
  const graph = new Graph();
  const y = sum(gemm(graph.input('a', [m, n]), graph.input('b', [n, n])), [0, 1]);
  const { bytes, ...compiled } = compile({ y }, 'cpu');
  const session = await Session.open(bytes, compiled, { device: 'cpu', threads });
  const feed = (rows: number) => ({ data: new Float32Array(rows * n).fill(0.5), shape: [rows, n] });
  const feeds = { a: feed(m), b: feed(n) };
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 8; i++) {
    const start = performance.now();
    await session.run(feeds, {});
    best = Math.min(best, performance.now() - start);
  }
  await session.release();
  return flopsOf({ y }, {}) / best / 1e6;
}
