/** @file Symbolic tensor shapes: a dimension is a number, or a product of symbols such as `B*T` bound at run time. */

export type Dim = number | string;
export type Shape = readonly Dim[];
export type Bindings = Readonly<Record<string, number>>;

/** The product of dimensions in canonical form: coefficient first, symbols sorted. */
export function product(dims: Shape): Dim {
  let coefficient = 1;
  const symbols: string[] = [];
  for (const dim of dims) {
    if (typeof dim === 'number') coefficient *= dim;
    else
      for (const part of dim.split('*')) {
        if (/^\d+$/.test(part)) coefficient *= Number(part);
        else symbols.push(part);
      }
  }
  if (symbols.length === 0) return coefficient;
  symbols.sort();
  return (coefficient === 1 ? symbols : [String(coefficient), ...symbols]).join('*');
}

/** `dim` by a number that divides its coefficient: `6*T` by 3 is `2*T`. */
export function quotient(dim: Dim, by: number): Dim {
  if (typeof dim === 'number') return dim / by;
  const [first, ...symbols] = dim.split('*');
  const coefficient = Number(first);
  if (!Number.isInteger(coefficient / by)) throw new Error(`internal: ${dim} is no multiple of ${by}`);
  return product([coefficient / by, ...symbols]);
}

/** The size of one dimension. Throws when a symbol is not bound. */
export function evaluate(dim: Dim, bindings: Bindings): number {
  if (typeof dim === 'number') return dim;
  return dim.split('*').reduce((size, part) => {
    const factor = /^\d+$/.test(part) ? Number(part) : bindings[part];
    if (factor === undefined) throw new Error(`internal: dimension ${part} is not bound`);
    return size * factor;
  }, 1);
}

/** NumPy broadcasting; two different symbols never match. */
export function broadcast(a: Shape, b: Shape): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    throw new Error(`internal: shapes [${a}] and [${b}] do not broadcast`);
  });
}

export const sameShape = (a: Shape, b: Shape) => a.length === b.length && a.every((dim, i) => dim === b[i]);
