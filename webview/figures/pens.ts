/** @file How lines look: hue says the language, dash and hollow marker its role, width and rhythm the run. */
import type { Pen } from '../charts/figure.ts';
import type { Language, Shown } from '../context.ts';

/** As many runs can be told apart by rhythm; behind them it is the letter at the line's end. */
const rhythms = {
  new: [[], [14, 3], [14, 3, 2, 3], [14, 3, 2, 3, 2, 3], [5, 2, 14, 2], [22, 7]],
  existing: [
    [5, 4],
    [2, 3],
    [6, 3, 1, 3],
    [6, 3, 1, 3, 1, 3],
    [2, 6],
    [3, 2, 3, 7],
  ],
} as const;
const widths = [2, 1.5, 1.25];

const nth = <T>(list: readonly T[], i: number): T => list[Math.min(i, list.length - 1)];

export function pen(language: Pick<Language, 'hue' | 'role' | 'shape'>, run: number): Pen {
  return { hue: language.hue, width: nth(widths, run), dash: nth<readonly number[]>(rhythms[language.role], run) };
}

export const marked = (base: Pen, language: Pick<Language, 'role' | 'shape'>): Pen => ({
  ...base,
  marker: { shape: language.shape, hollow: language.role === 'existing' },
});

/** Where charts tell runs, not languages, apart. */
export const runPen = ({ index }: Pick<Shown, 'index'>): Pen => ({
  hue: index,
  width: 1.75,
  dash: nth<readonly number[]>(rhythms.new, index),
});
