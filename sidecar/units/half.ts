/** @file IEEE 754 half precision (binary16) in plain arrays: Node 20 has no Float16Array. */

/** Of a finite half. */
export const HALF_MAX = 65504;

const bitsOf = new Float32Array(1);
const asInteger = new Uint32Array(bitsOf.buffer);

/** The nearest half of a float32, ties to even; beyond 65504 infinity. */
function halfOf(value: number): number {
  bitsOf[0] = value;
  const bits = asInteger[0];
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x7f800000) return sign | 0x7c00 | (magnitude > 0x7f800000 ? 0x200 : 0);
  // Half the distance above the largest finite half rounds up, to infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    const rest = magnitude - 0x38000000;
    return sign | ((rest + 0xfff + ((rest >>> 13) & 1)) >>> 13);
  }
  // Below 2⁻¹⁴ halves stand 2⁻²⁴ apart: adding 2⁻¹ rounds a float32 just there.
  bitsOf[0] = Math.abs(value);
  bitsOf[0] += 0.5;
  return sign | (asInteger[0] - 0x3f000000);
}

/** One entry for each of the 65,536 halves. */
let table: Float32Array | undefined;

function floatOf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Rounds to the nearest, ties to even. @returns undefined where a value does not fit */
export function toHalf(values: Float32Array): Uint16Array | undefined {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const half = halfOf(values[i]);
    if ((half & 0x7c00) === 0x7c00) return undefined;
    out[i] = half;
  }
  return out;
}

export function fromHalf(halves: Uint16Array): Float32Array {
  table ??= Float32Array.from({ length: 65536 }, (_, half) => floatOf(half));
  const out = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) out[i] = table[halves[i]];
  return out;
}
