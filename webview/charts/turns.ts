/**
 * @file Charts take turns: each frame draws those that wait, first come first, until its time is spent; the others are
 * drawn in the next. So a slider over millions of points stays smooth, and no chart starves.
 */

/** Of a frame's 33 ms; one chart is drawn however long it takes. */
const budgetMs = 12;

const waiting = new Set<() => void>();
let asked = false;

/** Draws with the next free turn; one that already waits keeps its place. */
export function inTurn(draw: () => void): void {
  waiting.add(draw);
  ask();
}

function ask(): void {
  if (asked) return;
  asked = true;
  requestAnimationFrame(take);
}

function take(): void {
  asked = false;
  const end = performance.now() + budgetMs;
  for (const draw of waiting) {
    waiting.delete(draw);
    draw();
    if (performance.now() > end) break;
  }
  if (waiting.size > 0) ask();
}
