/** @file Numbers as a paper prints them: a true minus, thin spaces for thousands, units behind a narrow space. */
import { t } from './words.ts';

const thin = '\u202f';
const minus = '\u2212';

/** `digits` behind the point; what is not finite says so. */
export function fixed(value: number, digits = 2): string {
  if (Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : `${minus}∞`;
  const text = Math.abs(value).toFixed(digits);
  const [whole, fraction] = text.split('.');
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+(?!\d))/g, thin) : whole;
  const sign = value < 0 && Number(text) !== 0 ? minus : '';
  return sign + grouped + (fraction ? `.${fraction}` : '');
}

export const whole = (value: number): string => fixed(value, 0);

/** With its sign, also a plus: for changes. */
export function signed(value: number, digits = 2): string {
  const text = fixed(value, digits);
  return value > 0 && Number(value.toFixed(digits)) !== 0 ? `+${text}` : text;
}

/** About `digits` significant figures, in powers of ten where that is shorter: for axes and readouts. */
export function compact(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return fixed(value);
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e7) {
    const [mantissa, exponent] = size.toExponential(digits - 1).split('e');
    const power = [...String(Number(exponent))].map((c) => (c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)])).join('');
    const head = String(Number(mantissa));
    return `${value < 0 ? minus : ''}${head === '1' ? '' : `${head} · `}10${power}`;
  }
  const behind = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  const text = fixed(value, Math.min(behind, 6));
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

export const percent = (share: number, digits = 1): string =>
  Number.isNaN(share) ? '–' : `${fixed(share * 100, digits)}${thin}%`;

/** Two units at most: `2 h 05 min`, `1 min 20 s`, `45 s`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '–';
  const s = Math.round(seconds);
  const two = (n: number) => String(n).padStart(2, '0');
  if (s < 60) return t('{0} s', s);
  if (s < 3600) return t('{0} min {1} s', Math.floor(s / 60), two(s % 60));
  if (s < 86_400) return t('{0} h {1} min', Math.floor(s / 3600), two(Math.floor((s % 3600) / 60)));
  return t('{0} d {1} h', Math.floor(s / 86_400), Math.floor((s % 86_400) / 3600));
}

export function bytes(size: number): string {
  if (!Number.isFinite(size)) return '–';
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const power = Math.min(4, Math.max(0, Math.floor(Math.log10(Math.max(1, size)) / 3)));
  return `${fixed(size / 1000 ** power, power > 2 ? 2 : 0)}${thin}${units[power]}`;
}
