/** @file Where the words of vertical marks stand: in a band above the plot, where no line goes. Pure. */
import type { VerticalMark } from './figure.ts';

/** Height of the band in CSS pixels; charts without such a mark need none. */
export const bandHeight = 18;

export const hasBand = (marks: readonly VerticalMark[]): boolean => marks.some(({ strong }) => strong);

export interface PlacedLabel {
  text: string;
  /** Its left edge. */
  x: number;
}

/**
 * Each label stands over its mark, moved no further than that it still touches it. Marks at one place share a label,
 * cut to the room there is; one that would lie on the label before it is left out.
 */
export function placeLabels(
  marks: readonly { x: number; label: string }[],
  widthOf: (text: string) => number,
  { from, to, gap }: { from: number; to: number; gap: number },
): PlacedLabel[] {
  const places = new Map<number, Set<string>>();
  for (const { x, label } of marks) places.set(x, (places.get(x) ?? new Set()).add(label));
  const placed: PlacedLabel[] = [];
  let free = from;
  for (const [at, labels] of [...places].sort(([a], [b]) => a - b)) {
    const text = fitted([...labels], (words) => widthOf(words) <= to - from);
    const width = widthOf(text);
    const x = Math.max(free, Math.min(at - width / 2, to - width));
    if (text === '' || x > at || x + width > to) continue;
    placed.push({ text, x });
    free = x + width + gap;
  }
  return placed;
}

/** All of the labels, or as many as fit; empty where not even one does. */
function fitted(labels: readonly string[], fits: (text: string) => boolean): string {
  for (let count = labels.length; count > 0; count--) {
    const text = labels.slice(0, count).join(' · ') + (count < labels.length ? ' …' : '');
    if (fits(text)) return text;
  }
  return '';
}
