/** @file Rules of elementwise ops with broadcasting, and the exact GELU. */
import { broadcast, type Shape, sameShape } from '../../shape.ts';
import type { Value } from '../../value.ts';
import { add, atLeast, div, erf, exp, mul, scale, sub } from '../elementwise.ts';
import { type Example, named, type Op, outputs } from '../op.ts';
import { sumTo } from '../reduce.ts';

const binary = (onnx: string, gradient: Op['gradient'], domain?: (x: number) => number): Op => ({
  infer: ([a, b]) => [{ shape: broadcast(a.shape, b.shape) }],
  emit: (e, node) => e.node(onnx, named(e, node), {}, outputs(e, node)),
  gradient,
  examples: [
    {
      shapes: [
        [3, 4],
        [3, 4],
      ],
      domain,
    },
    { shapes: [[2, 3, 4], [4]], domain },
    {
      shapes: [
        [3, 1],
        [2, 3, 4],
      ],
      domain,
    },
    { shapes: [[2, 3], []], domain },
  ],
});

const unary = (onnx: string, gradient: Op['gradient'], examples: Example[]): Op => ({
  infer: ([x]) => [{ shape: x.shape }],
  emit: (e, node) => e.node(onnx, named(e, node), {}, outputs(e, node)),
  gradient,
  examples,
});

/** A comparison, as 0 or 1 in float32. */
const comparison = (onnx: string): Op => ({
  infer: ([a, b]) => [{ shape: broadcast(a.shape, b.shape) }],
  emit: (e, node) => e.node('Cast', [e.node(onnx, named(e, node))], { to: 1 }, outputs(e, node)),
  gradient: null, // piecewise constant
  examples: [],
});

const to = (shape: Shape, value: Value) => (sameShape(shape, value.shape) ? value : sumTo(value, shape));
const positive = (x: number) => 1.5 + Math.abs(x);

const distributions = new WeakMap<Value, Value>();
/** Φ(x), the standard normal distribution: once for each x, for all that the backward pass makes of it. */
function distribution(x: Value): Value {
  let phi = distributions.get(x);
  if (!phi) distributions.set(x, (phi = scale(add(erf(scale(x, Math.SQRT1_2)), x.graph.scalar(1)), 0.5)));
  return phi;
}

export const elementwise: Record<string, Op> = {
  add: binary('Add', ({ inputs: [a, b] }, [d]) => [to(a!.shape, d!), to(b!.shape, d!)]),
  sub: binary('Sub', ({ inputs: [a, b] }, [d], needs) => [
    to(a!.shape, d!),
    needs(1) ? to(b!.shape, scale(d!, -1)) : undefined,
  ]),
  mul: binary('Mul', ({ inputs: [a, b] }, [d], needs) => [
    needs(0) ? to(a!.shape, mul(d!, b!)) : undefined,
    needs(1) ? to(b!.shape, mul(d!, a!)) : undefined,
  ]),
  // d(a/b) = da/b − (a/b)·db/b
  div: binary(
    'Div',
    ({ inputs: [a, b], outputs: [y] }, [d], needs) => {
      const da = div(d!, b!);
      return [to(a!.shape, da), needs(1) ? to(b!.shape, scale(mul(da, y), -1)) : undefined];
    },
    positive,
  ),
  exp: unary('Exp', ({ outputs: [y] }, [d]) => [mul(d!, y)], [{ shapes: [[3, 4]] }]),
  // d√x = dx / 2√x
  sqrt: unary('Sqrt', ({ outputs: [y] }, [d]) => [scale(div(d!, y), 0.5)], [{ shapes: [[3, 4]], domain: positive }]),
  // d erf(x) = 2/√π·exp(−x²)·dx
  erf: unary('Erf', ({ inputs: [x] }, [d]) => [mul(d!, scale(exp(scale(mul(x!, x!), -1)), 2 / Math.sqrt(Math.PI)))], [
    { shapes: [[3, 4]] },
  ]),
  log: unary('Log', ({ inputs: [x] }, [d]) => [div(d!, x!)], [{ shapes: [[3, 4]], domain: positive }]),
  // dσ = σ·(1 − σ)·dx
  sigmoid: unary('Sigmoid', ({ outputs: [y] }, [d]) => [mul(d!, mul(y, sub(y.graph.scalar(1), y)))], [
    { shapes: [[3, 4]] },
  ]),
  // dx where x > 0, nothing at 0 itself, as PyTorch has it
  relu: unary('Relu', ({ outputs: [y] }, [d]) => [mul(d!, sub(y.graph.scalar(1), atLeast(y.graph.scalar(0), y)))], [
    { shapes: [[3, 4]], domain: (x) => x + 0.05 * Math.sign(x) },
  ]),
  toFloat: {
    infer: ([x]) => [{ shape: x.shape, dtype: 'float32' }],
    emit: (e, node) => e.node('Cast', named(e, node), { to: 1 }, outputs(e, node)),
    gradient: null, // what comes in is counted, not learned
    examples: [],
  },
  atLeast: comparison('GreaterOrEqual'),
  equals: comparison('Equal'),
  // y = x·Φ(x), dy/dx = Φ(x) + x·φ(x). The backward pass keeps x alone: a third of what y and Φ beside it would take.
  gelu: {
    ...unary(
      'Gelu',
      ({ inputs: [x] }, [d]) => {
        const density = scale(exp(scale(mul(x!, x!), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        return [mul(d!, add(distribution(x!), mul(x!, density)))];
      },
      [{ shapes: [[3, 5]] }],
    ),
    again: ({ inputs: [x] }) => mul(x!, distribution(x!)),
  },
};
