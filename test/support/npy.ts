import { readFileSync } from 'node:fs';

/** A small .npy reader of the tests' own, so that the product's is not its own witness. */
export function npy(path: string): { shape: number[]; data: Float32Array } {
  const bytes = readFileSync(path);
  const headerLength = bytes.readUInt16LE(8);
  const header = bytes.toString('latin1', 10, 10 + headerLength);
  const type = /'descr': '([^']+)'/.exec(header)![1];
  const shape = /'shape': \(([^)]*)\)/
    .exec(header)![1]
    .split(',')
    .filter((s) => s.trim())
    .map(Number);
  const body = bytes.subarray(10 + headerLength);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const readers: Record<string, [number, (i: number) => number]> = {
    '<f4': [4, (i) => view.getFloat32(i, true)],
    '<f8': [8, (i) => view.getFloat64(i, true)],
    '<f2': [2, (i) => half(view.getUint16(i, true))],
    '<i8': [8, (i) => Number(view.getBigInt64(i, true))],
    '<i4': [4, (i) => view.getInt32(i, true)],
    '<i2': [2, (i) => view.getInt16(i, true)],
    '|u1': [1, (i) => view.getUint8(i)],
    '|b1': [1, (i) => view.getUint8(i)],
  };
  const [size, read] = readers[type];
  const count = shape.reduce((a, b) => a * b, 1);
  const stored = Float32Array.from({ length: count }, (_, i) => read(i * size));
  return { shape, data: /'fortran_order': True/.test(header) ? fromColumnMajor(stored, shape) : stored };
}

/** A few of the fixtures are stored in Fortran order, though their README says C. */
function fromColumnMajor(stored: Float32Array, shape: readonly number[]): Float32Array {
  return stored.map((_, i) => {
    let rest = i;
    let at = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const stride = shape.slice(0, axis).reduce((a, b) => a * b, 1);
      at += (rest % shape[axis]) * stride;
      rest = Math.floor(rest / shape[axis]);
    }
    return stored[at];
  });
}

function half(h: number): number {
  const sign = h & 0x8000 ? -1 : 1;
  const exponent = (h >> 10) & 31;
  const mantissa = h & 1023;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  return exponent === 31 ? Number.NaN : sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

export const worstDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    const d = Math.abs(a[i] - b[i]);
    if (!(d <= worst)) worst = d;
  }
  return worst;
};
