/** @file Elementwise ops with broadcasting, and the exact GELU. */
import type { Value } from '../graph.ts';
import { broadcast, type Shape, sameShape } from '../shape.ts';
import { type Example, named, type Op, outputs } from './op.ts';
import { sumTo } from './reduce.ts';

const apply = (op: string, ...inputs: Value[]) => inputs[0].graph.apply(op, inputs)[0];
export const add = (a: Value, b: Value) => apply('add', a, b);
export const sub = (a: Value, b: Value) => apply('sub', a, b);
export const mul = (a: Value, b: Value) => apply('mul', a, b);
export const div = (a: Value, b: Value) => apply('div', a, b);
export const exp = (x: Value) => apply('exp', x);
export const sqrt = (x: Value) => apply('sqrt', x);
export const log = (x: Value) => apply('log', x);
/** 1 / (1 + e⁻ˣ). */
export const sigmoid = (x: Value) => apply('sigmoid', x);
export const scale = (x: Value, factor: number) => (factor === 1 ? x : mul(x, x.graph.scalar(factor)));
/** 1 where a ≥ b, else 0; carries no gradient. */
export const atLeast = (a: Value, b: Value) => apply('atLeast', a, b);
/** 1 where a = b, else 0; carries no gradient. */
export const equals = (a: Value, b: Value) => apply('equals', a, b);
/** Exact GELU, x·Φ(x) (Hendrycks & Gimpel 2016, without the tanh approximation). */
export const gelu = (x: Value) => apply('gelu', x);

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
  log: unary('Log', ({ inputs: [x] }, [d]) => [div(d!, x!)], [{ shapes: [[3, 4]], domain: positive }]),
  // dσ = σ·(1 − σ)·dx
  sigmoid: unary('Sigmoid', ({ outputs: [y] }, [d]) => [mul(d!, mul(y, sub(y.graph.scalar(1), y)))], [
    { shapes: [[3, 4]] },
  ]),
  atLeast: comparison('GreaterOrEqual'),
  equals: comparison('Equal'),
  // y = x·Φ(x), dy/dx = Φ(x) + x·φ(x); Φ is kept as a second output, so that the backward pass needs no erf.
  gelu: {
    infer: ([x]) => [{ shape: x.shape }, { shape: x.shape }],
    emit(e, node) {
      const x = e.name(node.inputs[0]!);
      const [y, phi] = outputs(e, node);
      if (!e.used(node.outputs[1])) return void e.node('Gelu', [x], {}, [y]);
      const erf = e.node('Erf', [e.node('Mul', [x, e.scalar(Math.SQRT1_2)])]);
      e.node('Mul', [e.node('Add', [erf, e.scalar(1)]), e.scalar(0.5)], {}, [phi]);
      e.node('Mul', [x, phi], {}, [y]);
    },
    gradient({ inputs: [x], outputs: [, phi] }, [d]) {
      const density = scale(exp(scale(mul(x!, x!), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return [mul(d!, add(phi, mul(x!, density)))];
    },
    examples: [{ shapes: [[3, 5]] }],
  },
};
