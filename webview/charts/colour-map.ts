/** @file Perceptually even colours for heat maps: cividis for amounts, a blue to orange pair around a middle. Pure. */

type Rgb = readonly [number, number, number];

/** Nuñez, Anderton, Renslow 2018, every eighth: made for all kinds of colour vision. */
const cividis: Rgb[] = [
  [0, 34, 78],
  [18, 53, 112],
  [59, 73, 108],
  [87, 93, 109],
  [112, 113, 115],
  [138, 134, 120],
  [165, 156, 116],
  [195, 179, 105],
  [225, 204, 85],
  [254, 232, 56],
];
/** Plasma by Smith and van der Walt 2015 (matplotlib), every ninth. */
const plasma: Rgb[] = [
  [13, 8, 135],
  [70, 3, 159],
  [114, 1, 168],
  [156, 23, 158],
  [189, 55, 134],
  [216, 87, 107],
  [237, 121, 83],
  [251, 159, 58],
  [253, 202, 38],
  [240, 249, 33],
];
/** Of it what stands out as a line on its ground (3 : 1), faint to strong. */
const inks = { dark: plasma.slice(4), light: plasma.slice(0, 6).reverse() };
/** Starved (0) to fair (middle) to crowded, on a ground that fits the theme. */
const divergingLight: Rgb[] = [
  [5, 70, 130],
  [67, 137, 189],
  [158, 200, 224],
  [245, 244, 240],
  [250, 197, 131],
  [222, 125, 38],
  [146, 62, 4],
];
const divergingDark: Rgb[] = [
  [120, 196, 255],
  [54, 132, 196],
  [32, 78, 120],
  [44, 46, 50],
  [122, 72, 22],
  [203, 120, 34],
  [255, 190, 92],
];

export type Scale = { kind: 'diverging' | 'sequential' | 'change'; most: number };

/** The value at a share, 0 to 1, of a scale. */
export const valueAt = ({ kind, most }: Scale, share: number): number =>
  kind === 'change' ? (2 * share - 1) * most : share * most;

/** A CSS colour; what is not a number is grey. */
export function colourOf(value: number, scale: Scale, ground: 'dark' | 'light'): string {
  if (!Number.isFinite(value)) return ground === 'dark' ? 'rgb(60,60,60)' : 'rgb(225,225,225)';
  const table = scale.kind === 'sequential' ? cividis : ground === 'dark' ? divergingDark : divergingLight;
  return mixed(table, scale.kind === 'change' ? 0.5 + value / (2 * scale.most) : value / scale.most);
}

/** Of a line, from the faintest (0) to the strongest (1) that its ground allows. */
export const inkOf = (share: number, ground: 'dark' | 'light'): string => mixed(inks[ground], share);

function mixed(table: readonly Rgb[], place: number): string {
  const share = Math.min(1, Math.max(0, place)) * (table.length - 1);
  const i = Math.min(table.length - 2, Math.floor(share));
  const mix = share - i;
  const [r, g, b] = table[i].map((from, c) => Math.round(from + (table[i + 1][c] - from) * mix));
  return `rgb(${r},${g},${b})`;
}

/** Black or white, whichever reads better on a colour (WCAG relative luminance). */
export function inkOn(colour: string): string {
  const [r, g, b] = (colour.match(/\d+/g) ?? []).map((channel) => {
    const c = Number(channel) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? '#000000' : '#ffffff';
}
