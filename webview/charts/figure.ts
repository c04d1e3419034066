/** @file What a figure says, apart from how it is drawn: the screen, the SVG, the CSV and the table all read this. */
import type { Shape } from '../theme.ts';

/** How a line looks; the hue is an index, so that paper and screen may differ. */
export interface Pen {
  hue: number;
  width: number;
  dash: readonly number[];
  marker?: { shape: Shape; hollow: boolean };
  /** Behind the others: what smoothing was made from. */
  faint?: boolean;
}

export interface Line {
  key: string;
  label: string;
  pen: Pen;
  /** Rising; `xs` and `ys` may be views of growing columns, read anew at each drawing: take them once, not in a loop. */
  xs: ArrayLike<number>;
  ys: ArrayLike<number>;
  /** Not smoothed; what the CSV writes. Without it, `ys`. */
  raw?: ArrayLike<number>;
  /** Written at the line's end where there is room. */
  tag?: string;
  /** Left out of legend, cursor and tables: it repeats another. */
  quiet?: boolean;
}

export interface VerticalMark {
  x: number;
  label: string;
  strong: boolean;
}

export interface LineFigure {
  id: string;
  title: string;
  /** The small words behind the title. */
  note?: string;
  x: { label: string; whole: boolean; range?: { min: number; max: number } };
  y: {
    label: string;
    unit: string;
    log?: boolean;
    whole?: boolean;
    /** Bounds that values never leave. */
    least?: number;
    most?: number;
    /** What must be within the axis. */
    include?: number[];
    format: (value: number) => string;
  };
  lines: Line[];
  marks: VerticalMark[];
}

export interface HeatFigure {
  id: string;
  title: string;
  note?: string;
  rowTitle: string;
  columnTitle: string;
  /** `mark` stands behind the label, on the screen and on paper only. */
  rows: { label: string; mark?: string; detail?: string }[];
  columns: string[];
  /** Row by row; NaN is not known. */
  values: Float64Array;
  unit: string;
  /** Diverging tells above from below 1; sequential runs from 0 to `most`. */
  scale: { kind: 'diverging' | 'sequential'; most: number };
  format: (value: number) => string;
}
