import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../sidecar/engine/compile.ts';
import { gradients } from '../../../sidecar/engine/gradient.ts';
import { Graph } from '../../../sidecar/engine/graph.ts';
import { mul } from '../../../sidecar/engine/ops/elementwise.ts';
import { BLOCK, type FrozenKind, type FrozenMatrix, frozenProduct } from '../../../sidecar/engine/ops/frozen.ts';
import { gemm } from '../../../sidecar/engine/ops/linear.ts';
import { sum } from '../../../sidecar/engine/ops/reduce.ts';
import { floats, Session } from '../../../sidecar/engine/session.ts';
import type { Value } from '../../../sidecar/engine/value.ts';
import { closeness, largestOf, smoothingShifts } from '../../../sidecar/learning/closeness.ts';
import { normals } from '../../../sidecar/random.ts';
import { toBlocks, toInt8 } from '../../../sidecar/weights/quantise.ts';

const [ROWS, IN, OUT] = [40, 256, 384];
const x = normals(ROWS * IN, 'x');
const matrix = { data: normals(OUT * IN, 'w').map((w) => 0.05 * w), out: OUT, in: IN };
const bias = normals(OUT, 'b');
const weighting = normals(ROWS * OUT, 'loss').map((d, i) => d * (i % 3));
const shifts = Array.from({ length: IN }, (_, k) => (k % 7) - 3);
const folder = mkdtempSync(join(tmpdir(), 'milore-frozen-'));

type Direction = 'forward' | 'backward';
const written = (name: string, data: Float32Array | Int8Array | Uint8Array) => {
  writeFileSync(join(folder, name), data);
  return { file: name, offset: 0, length: data.byteLength };
};

function asMatrix(graph: Graph, kind: FrozenKind, direction: Direction, own?: number[]): FrozenMatrix {
  const [inner, columns] = direction === 'forward' ? [IN, OUT] : [OUT, IN];
  const name = `${kind}-${direction}-${own ? 'smooth' : 'plain'}`;
  if (kind === 'float32') return { kind, weight: graph.weight('w', [OUT, IN], written('w', matrix.data)) };
  const { values, scales } = kind === 'int8' ? toInt8(matrix, direction, own) : toBlocks(matrix, direction, BLOCK);
  const shape = kind === 'int8' ? [inner, columns] : [columns, inner / BLOCK, BLOCK];
  return {
    kind,
    weight: graph.weight(name, shape, written(name, values), kind === 'int8' ? 'int8' : 'uint8'),
    scales: graph.weight(`${name}.scales`, [scales.length], written(`${name}.scales`, scales)),
    smooth:
      own &&
      graph.constant(
        Float32Array.from(own, (shift) => 2 ** -shift),
        [inner],
      ),
  };
}

/** y [ROWS, OUT] and the gradient of Σ weighting·y by x, as onnxruntime computes them. */
async function run(build: (graph: Graph, x: Value, bias: Value) => Value, left = x) {
  const graph = new Graph();
  const input = graph.input('x', [ROWS, IN]);
  const y = build(graph, input, graph.constant(bias, [OUT]));
  const loss = sum(mul(y, graph.constant(weighting, [ROWS, OUT])), [0, 1]);
  const { bytes, ...compiled } = compile({ y, dx: gradients(loss, [input])[0] }, 'cpu');
  const path = join(folder, 'model.onnx');
  writeFileSync(path, bytes);
  const session = await Session.open(path, compiled, { device: 'cpu' });
  const out = await session.run({ x: { data: left, shape: [ROWS, IN] } }, {});
  await session.release();
  return { y: floats(out.y).slice(), dx: floats(out.dx).slice() };
}

const product = (forward: FrozenKind, backward: FrozenKind, own?: number[], left = x) =>
  run((graph, input, addend) => {
    const [there, back] = [asMatrix(graph, forward, 'forward', own), asMatrix(graph, backward, 'backward')];
    return frozenProduct(input, addend, there, back);
  }, left);
const exactOf = (left: Float32Array) =>
  run(
    (graph, input, addend) => gemm(input, asMatrix(graph, 'float32', 'forward').weight, addend, { transB: true }),
    left,
  );
const exact = exactOf(x);

/** DynamicQuantizeLinear as ONNX defines it: 256 steps over the whole tensor's range, zero among them. */
function rounded(values: Float32Array): Float64Array {
  const [low, high] = values.reduce(([l, h], v) => [Math.min(l, v), Math.max(h, v)], [0, 0]);
  const step = Math.fround((high - low) / 255);
  const zero = Math.round(Math.min(255, Math.max(0, -low / step)));
  return Float64Array.from(values, (v) => (Math.min(255, Math.max(0, Math.round(v / step) + zero)) - zero) * step);
}

/** left [rows, inner] times a matrix given by its entries. */
function times(left: Float64Array, inner: number, columns: number, entry: (k: number, n: number) => number) {
  const out = new Float32Array((left.length / inner) * columns);
  for (let r = 0; r < left.length / inner; r++)
    for (let n = 0; n < columns; n++) {
      let total = 0;
      for (let k = 0; k < inner; k++) total += left[r * inner + k] * entry(k, n);
      out[r * columns + n] = total;
    }
  return out;
}

describe('a product with a frozen matrix in 8 bits', () => {
  it('is the product of the rounded left side with the dequantised matrix, both ways', async () => {
    const { y, dx } = await product('int8', 'int8');
    const f = toInt8(matrix, 'forward');
    const expected = times(rounded(x), IN, OUT, (k, n) => f.values[k * OUT + n] * f.scales[n]);
    expect(
      closeness(
        y,
        expected.map((v, i) => v + bias[i % OUT]),
      ).relativeError,
    ).toBeLessThan(2e-6);
    const b = toInt8(matrix, 'backward');
    const back = times(rounded(weighting), OUT, IN, (k, n) => b.values[k * IN + n] * b.scales[n]);
    expect(closeness(dx, back).relativeError).toBeLessThan(2e-6);
  });

  it('is close to float32: its gradient is that of the product without rounding', async () => {
    const { y, dx } = await exact;
    for (const [kind, most] of [
      ['int8', 0.025],
      ['blocks', 0.012],
    ] as const) {
      const ours = await product(kind, kind);
      expect(closeness(ours.y, y).relativeError).toBeLessThan(most);
      expect(closeness(ours.dx, dx).relativeError).toBeLessThan(most);
    }
  });

  it('goes each way on its own', async () => {
    const { y, dx } = await exact;
    const forward = await product('int8', 'float32');
    expect(closeness(forward.dx, dx).relativeError).toBeLessThan(1e-6);
    expect(closeness(forward.y, y).relativeError).toBeGreaterThan(1e-3);
    const backward = await product('float32', 'int8');
    expect(closeness(backward.y, y).relativeError).toBeLessThan(1e-6);
    expect(closeness(backward.dx, dx).relativeError).toBeGreaterThan(1e-3);
  });

  it('evens channels out without changing a digit', async () => {
    const turned = await run((graph, input, addend) => {
      const w = matrix.data.map((v, i) => v * 2 ** shifts[i % IN]);
      const even = { kind: 'float32', weight: graph.weight('even', [OUT, IN], written('even', w)) } as const;
      const smooth = graph.constant(
        Float32Array.from(shifts, (shift) => 2 ** -shift),
        [IN],
      );
      return frozenProduct(input, addend, { ...even, smooth }, asMatrix(graph, 'float32', 'backward'));
    });
    const { y, dx } = await exact;
    expect(turned.y).toEqual(y);
    expect(turned.dx).toEqual(dx);
  });

  it('is for the CPU alone', () => {
    const graph = new Graph();
    const int8 = asMatrix(graph, 'int8', 'forward');
    const y = frozenProduct(graph.input('x', [ROWS, IN]), undefined, int8, asMatrix(graph, 'float32', 'backward'));
    expect(() => compile({ y }, 'portable')).toThrow('for the CPU alone');
  });

  it('errs less than half as much where channels that stick out are evened', async () => {
    const loud = x.map((v, i) => (i % IN === 7 || i % IN === 100 ? 20 * v : v));
    const loudest = new Float32Array(IN);
    for (const [i, v] of loud.entries()) loudest[i % IN] = Math.max(loudest[i % IN], Math.abs(v));
    const fitting = smoothingShifts(loudest, largestOf(matrix.data, [OUT, IN], 'forward'));
    const { y } = await exactOf(loud);
    const plain = closeness((await product('int8', 'float32', undefined, loud)).y, y).relativeError;
    const evened = closeness((await product('int8', 'float32', fitting, loud)).y, y).relativeError;
    expect(plain).toBeGreaterThan(0.04);
    expect(evened).toBeLessThan(0.5 * plain);
  });
});
