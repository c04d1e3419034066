/** @file The outlines of markers, as corner points: a canvas fills them, an SVG writes them. */
import type { Shape } from '../theme.ts';

/** Corners around (0, 0); a circle is none, its radius says it. */
export function corners(shape: Shape, radius: number): [number, number][] {
  const r = radius;
  switch (shape) {
    case 'circle':
      return [];
    case 'square':
      return [
        [-0.88 * r, -0.88 * r],
        [0.88 * r, -0.88 * r],
        [0.88 * r, 0.88 * r],
        [-0.88 * r, 0.88 * r],
      ];
    case 'triangle':
      return [
        [0, -1.15 * r],
        [1.05 * r, 0.75 * r],
        [-1.05 * r, 0.75 * r],
      ];
    case 'diamond':
      return [
        [0, -1.25 * r],
        [1.25 * r, 0],
        [0, 1.25 * r],
        [-1.25 * r, 0],
      ];
  }
}

/** Adds a marker's outline to a path. */
export function trace(path: CanvasRenderingContext2D, shape: Shape, x: number, y: number, radius: number): void {
  path.beginPath();
  const points = corners(shape, radius);
  if (points.length === 0) path.arc(x, y, radius, 0, 2 * Math.PI);
  for (const [dx, dy] of points) path.lineTo(x + dx, y + dy);
  path.closePath();
}
