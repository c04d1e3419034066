/** @file What uPlot does not draw: vertical marks below the lines and their names, markers and end tags above them. */
import uPlot from 'uplot';
import { lowerBound, upperBound } from '../series.ts';
import { hueOf, type Theme } from '../theme.ts';
import type { Line, LineFigure } from './figure.ts';
import { placeLabels } from './mark-labels.ts';
import { trace } from './marker.ts';

const tagFont = (theme: Theme, ratio: number) => `${10.5 * ratio}px ${theme.font}`;
const mostMarkers = 300;

/** Room that the tags at the lines' ends need, or half of the last step's number, in CSS pixels. */
export function tagWidth(lines: readonly Line[]): number {
  const longest = lines.reduce((most, line) => Math.max(most, line.tag?.length ?? 0), 0);
  return Math.max(24, 12 + longest * 6.4);
}

export function drawMarks(u: uPlot, figure: LineFigure, theme: Theme): void {
  const { ctx, bbox } = u;
  const ratio = uPlot.pxRatio;
  const right = bbox.left + bbox.width;
  ctx.save();
  ctx.strokeStyle = theme.muted;
  ctx.fillStyle = theme.muted;
  ctx.lineWidth = ratio;
  const named: { x: number; label: string }[] = [];
  for (const { x: step, label, strong } of figure.marks) {
    const x = Math.round(u.valToPos(step, 'x', true));
    if (x < bbox.left || x > right) continue;
    if (strong) named.push({ x, label });
    ctx.setLineDash(strong ? [2 * ratio, 3 * ratio] : []);
    ctx.beginPath();
    // A checkpoint is a short tick on the axis, a boundary goes all the way.
    ctx.moveTo(x + 0.5, strong ? bbox.top : bbox.top + bbox.height - 7 * ratio);
    ctx.lineTo(x + 0.5, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.font = tagFont(theme, ratio);
  ctx.textAlign = 'left';
  ctx.textBaseline = 'bottom';
  const room = { from: bbox.left, to: right, gap: 8 * ratio };
  for (const { text, x } of placeLabels(named, (words) => ctx.measureText(words).width, room))
    ctx.fillText(text, x, bbox.top - 3 * ratio);
  ctx.restore();
}

export function drawMarkers(u: uPlot, figure: LineFigure, theme: Theme): void {
  const { ctx } = u;
  const ratio = uPlot.pxRatio;
  const min = u.scales.x.min ?? 0;
  const max = u.scales.x.max ?? 1;
  ctx.save();
  ctx.setLineDash([]);
  for (const line of figure.lines) {
    if (!line.pen.marker) continue;
    const from = lowerBound(line.xs, min);
    const to = upperBound(line.xs, max);
    if (to - from > mostMarkers) continue;
    const colour = hueOf(theme, line.pen.hue);
    for (let i = from; i < to; i++) {
      const y = line.ys[i];
      if (!Number.isFinite(y) || (figure.y.log && y <= 0)) continue;
      trace(ctx, line.pen.marker.shape, u.valToPos(line.xs[i], 'x', true), u.valToPos(y, 'y', true), 3.4 * ratio);
      // A rim in the ground's colour keeps markers apart where they lie on each other.
      ctx.lineWidth = 4 * ratio;
      ctx.strokeStyle = theme.background;
      ctx.stroke();
      ctx.fillStyle = line.pen.marker.hollow ? theme.background : colour;
      ctx.fill();
      ctx.lineWidth = 1.6 * ratio;
      ctx.strokeStyle = colour;
      ctx.stroke();
    }
  }
  ctx.restore();
}

/** Names at the lines' ends, moved apart where they would lie on each other; as many as there is room for. */
export function drawTags(u: uPlot, figure: LineFigure, theme: Theme): void {
  const { ctx, bbox } = u;
  const ratio = uPlot.pxRatio;
  const max = u.scales.x.max ?? 1;
  const all = figure.lines.flatMap((line) => {
    const i = upperBound(line.xs, max) - 1;
    if (!line.tag || i < 0 || !Number.isFinite(line.ys[i]) || (figure.y.log && line.ys[i] <= 0)) return [];
    return [{ line, y: u.valToPos(line.ys[i], 'y', true) }];
  });
  const gap = 12 * ratio;
  const [low, high] = [bbox.top + 5 * ratio, bbox.top + bbox.height - 5 * ratio];
  const tags = fitting(all, gap, high - low);
  const ends = spread(
    tags.map((tag) => tag.y),
    gap,
    low,
    high,
  );
  if (!ends) return;
  ctx.save();
  ctx.font = tagFont(theme, ratio);
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  tags.forEach(({ line }, i) => {
    ctx.fillStyle = hueOf(theme, line.pen.hue);
    ctx.fillText(line.tag!, bbox.left + bbox.width + 7 * ratio, ends[i]);
  });
  ctx.restore();
}

/** As many as fit `gap` apart into a height: of the two that are nearest to each other, the later goes. */
export function fitting<T extends { y: number }>(tags: readonly T[], gap: number, height: number): T[] {
  const kept = tags.map((tag, i) => ({ tag, i })).sort((a, b) => a.tag.y - b.tag.y);
  while (kept.length > 1 && (kept.length - 1) * gap > height) {
    let nearest = 1;
    const distance = (k: number) => kept[k].tag.y - kept[k - 1].tag.y;
    for (let k = 2; k < kept.length; k++) if (distance(k) < distance(nearest)) nearest = k;
    kept.splice(kept[nearest].i > kept[nearest - 1].i ? nearest : nearest - 1, 1);
  }
  return kept.map(({ tag }) => tag);
}

/** Positions at least `gap` apart and near the given ones; undefined where they do not fit. */
export function spread(positions: number[], gap: number, low: number, high: number): number[] | undefined {
  if (positions.length === 0 || (positions.length - 1) * gap > high - low) return undefined;
  const order = positions.map((_, i) => i).sort((a, b) => positions[a] - positions[b]);
  const out = [...positions];
  let free = low;
  for (const i of order) {
    out[i] = Math.max(out[i], free);
    free = out[i] + gap;
  }
  let ceiling = high;
  for (const i of [...order].reverse()) {
    out[i] = Math.min(out[i], ceiling);
    ceiling = out[i] - gap;
  }
  return out;
}
