/** @file How lines look: hue says the language, dash and hollow marker its role, width and rhythm the run. */
import type { Pen } from '../charts/figure.ts';
import type { Context, Language, Shown } from '../context.ts';
import { shapes } from '../theme.ts';

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

/** By what the person chose: the hue is the language's and the rhythm the run's, or the other way round. */
export function penOf({ state, runs }: Pick<Context, 'state' | 'runs'>, language: Language, run: Shown): Pen {
  if (state.view.colourBy === 'language' || runs.length < 2) return pen(language, run.index);
  return { hue: run.index, width: 2, dash: nth<readonly number[]>(rhythms[language.role], language.hue) };
}

/** A marker's shape tells languages apart where their hue does not. */
export function markedOf({ state, runs }: Pick<Context, 'state' | 'runs'>, base: Pen, language: Language): Pen {
  if (state.view.colourBy === 'language' || runs.length < 2) return marked(base, language);
  return marked(base, { role: language.role, shape: shapes[language.hue % shapes.length] });
}
