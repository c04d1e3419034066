/**
 * @file Draws a line that has many points a pixel: one upright bar a column, from its least to its greatest value.
 * A stroked path of as many corners costs a hundred times that where the browser has no graphics card.
 */
import uPlot from 'uplot';
import type { Pen } from './figure.ts';

/** `values` holds two a column behind the point before the window, as `align` packs them. */
export function drawDense(u: uPlot, values: ArrayLike<number | null | undefined>, pen: Pen, colour: string): void {
  const { ctx, bbox } = u;
  const { min = 0, max = 1, distr } = u.scales.y;
  const log = distr === 3;
  const bend = log ? Math.log : (value: number) => value;
  const floor = bend(min);
  const slope = bbox.height / (bend(max) - floor);
  const y = (value: number) => bbox.top + bbox.height - (bend(value) - floor) * slope;
  const columns = values.length / 2 - 1;
  const step = bbox.width / columns;
  // Thinner than a stroke: the bars' height already has weight.
  const thick = Math.max(1, Math.round(0.6 * pen.width * uPlot.pxRatio));
  const period = pen.dash.reduce((sum, length) => sum + length, 0);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = colour;
  ctx.globalAlpha = pen.faint ? 0.28 : 1;
  const bar = (column: number, from: number, to: number) => {
    if (period > 0 && !drawn(pen.dash, column % period)) return;
    const left = Math.round(bbox.left + column * step);
    const right = Math.round(bbox.left + (column + 1) * step);
    const top = Math.round(Math.min(from, to) - thick / 2);
    ctx.fillRect(left, top, right - left, Math.max(thick, Math.round(Math.abs(to - from)) + thick));
  };
  let last = -1;
  let lastY = values[0] == null ? Number.NaN : y(values[0]);
  for (let c = 0; c < columns; c++) {
    const a = values[2 * c + 1];
    if (a == null) continue;
    const first = y(a);
    const second = values[2 * c + 2] == null ? first : y(values[2 * c + 2]!);
    if (!Number.isNaN(lastY)) {
      // Over columns without a point the line goes straight.
      const rise = (first - lastY) / (c - last);
      for (let k = last + 1; k < c; k++) bar(k, lastY + rise * (k - last - 1), lastY + rise * (k - last));
      const joined = first - rise;
      bar(c, Math.min(first, second, joined), Math.max(first, second, joined));
    } else bar(c, first, second);
    last = c;
    lastY = second;
  }
  ctx.restore();
}

/** Whether a place within a dash pattern is ink. */
function drawn(dash: readonly number[], place: number): boolean {
  let end = 0;
  for (let i = 0; i < dash.length; i++) {
    end += dash[i];
    if (place < end) return i % 2 === 0;
  }
  return true;
}
