/** @file What a figure says, apart from how it is drawn: the screen, the SVG, the CSV and the table all read this. */
import type { Scalar } from '../../sidecar/protocol/settings.ts';
import type { Shape } from '../theme.ts';
import type { AxisScale } from './parallel-scale.ts';

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
  /** Of which runs it is, how it was smoothed, at which layer and step: under the picture, and in every export. */
  source?: string;
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

/** A figure's numbers in full, where its picture or its short form cannot hold them: head, then rows. */
export interface Sheet {
  head: string[];
  rows: (string | number)[][];
}

/** What a cell says beyond its colour. */
export interface HeatCell {
  text: string;
  /** Behind the text, which stays where it is without one. */
  mark?: string;
  /** Slanted: it is there, and does not count yet. */
  quiet?: boolean;
  /** For the tip, and to be said. */
  detail: string[];
}

export interface HeatFigure {
  id: string;
  title: string;
  note?: string;
  source?: string;
  rowTitle: string;
  columnTitle: string;
  /** `mark` stands behind the label, on the screen and on paper only. */
  rows: { label: string; mark?: string; detail?: string }[];
  columns: string[];
  /** Row by row; NaN is not known. */
  values: Float64Array;
  unit: string;
  /** Diverging tells above from below 1; sequential runs from 0 to `most`; change from −`most` to `most`, named by `ends`. */
  scale: { kind: 'diverging' | 'sequential' | 'change'; most: number; ends?: [string, string, string] };
  format: (value: number) => string;
  /** Row by row, where a value is not what its cell says. */
  cells?: readonly HeatCell[];
  /** The columns from this one on stand apart: they are of all the others. */
  apart?: number;
  /** In place of rows, columns and values: for the CSV, and for the table behind the picture. */
  sheet?: Sheet;
  table?: string[][];
}

/** Numbers before and after, a pair a line, with their intervals. */
export interface BarFigure {
  id: string;
  title: string;
  note?: string;
  source?: string;
  axis: {
    label: string;
    unit: string;
    /** Bars begin at 0; where differences would not be seen then, points stand on an axis of their own. */
    kind: 'bars' | 'points';
    most?: number;
    /** Of figures that stand side by side; without it, the figure's own. */
    range?: [number, number];
    format: (value: number) => string;
  };
  /** What was before, and what is now. */
  names: [string, string];
  groups: {
    label: string;
    /** Behind the label. */
    mark?: string;
    hue: number;
    pair: [BarValue, BarValue];
    /** Which way the number went, behind it, where that can be told. */
    arrow?: string;
    /** In words, for the tip and to be said. */
    detail: string[];
  }[];
  sheet: Sheet;
  table: { head: string[]; rows: string[][] };
}

export interface BarValue {
  /** NaN where it was not measured. */
  value: number;
  low: number;
  high: number;
  text: string;
}

/** Points of two numbers each; where a point is the mean of several runs, with their deviation. */
export interface ScatterFigure {
  id: string;
  title: string;
  note?: string;
  source?: string;
  x: ScatterAxis;
  y: ScatterAxis;
  points: {
    label: string;
    x: number;
    y: number;
    /** NaN of one alone. */
    xSpread: number;
    ySpread: number;
    /** No other is better in one and as good in the other. */
    isBest: boolean;
    /** In words, for the tip and to be said. */
    detail: string[];
  }[];
  sheet: Sheet;
  table: { head: string[]; rows: string[][] };
}

export interface ScatterAxis {
  label: string;
  /** What must be within the axis. */
  include?: readonly number[];
  format: (value: number) => string;
}

/** A line over many axes, a setting or a result each. */
export interface ParallelFigure {
  id: string;
  title: string;
  note?: string;
  source?: string;
  axes: {
    /** The same while the figure changes: a range of it stays. */
    id: string;
    title: string;
    scale: AxisScale;
    say(value: Scalar): string;
  }[];
  lines: {
    label: string;
    /** Of each axis; undefined where there is none. */
    values: readonly (Scalar | undefined)[];
    /** From the worst, 0, to the best, 1; undefined where it was not measured. */
    shade: number | undefined;
    /** In words, for the tip and to be said. */
    detail: string[];
  }[];
  /** What the colour says, with the worst and the best of it; which axis it is of, and which it could be of. */
  colour: { title: string; worst: string; best: string; by: string; choices: [id: string, title: string][] };
  /** `{0} of {1} runs highlighted`, of runs or groups. */
  count(some: number): string;
  sheet: Sheet;
  table: { head: string[]; rows: string[][] };
}
