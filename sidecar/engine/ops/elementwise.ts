/** @file Elementwise ops with broadcasting, and the exact GELU. */
import type { Value } from '../value.ts';

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
/** Whole numbers as float32. */
export const toFloat = (x: Value) => apply('toFloat', x);
/** max(x, 0). */
export const relu = (x: Value) => apply('relu', x);
export const erf = (x: Value) => apply('erf', x);
/** Exact GELU, x·Φ(x) (Hendrycks & Gimpel 2016, without the tanh approximation). */
export const gelu = (x: Value) => apply('gelu', x);
