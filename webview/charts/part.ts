/** @file A part of a picture in the words of SVG, as the layouts of figures make them. Pure. */
import type { Theme } from '../theme.ts';

export interface Part {
  tag: 'rect' | 'line' | 'circle' | 'path' | 'text';
  attributes: Record<string, string | number | undefined>;
  text?: string;
}

/** In pixels: the height of all words. */
export const letter = 11;

export const textIn =
  (theme: Theme) =>
  (x: number, y: number, words: string, more: Part['attributes'] = {}): Part => ({
    tag: 'text',
    attributes: { x, y, 'font-size': letter, fill: theme.text, ...more },
    text: words,
  });

export const line = (
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  stroke: string,
  more: Part['attributes'] = {},
): Part => ({ tag: 'line', attributes: { x1, y1, x2, y2, stroke, 'stroke-width': 1, ...more } });
