/** @file The figures of the languages' page, built from samples; nothing is drawn here. */
import type { Line, LineFigure, Pen, VerticalMark } from '../charts/figure.ts';
import type { Context, Language, Shown } from '../context.ts';
import { fixed, signed } from '../format.ts';
import type { LanguageHistory } from '../history.ts';
import { type Series, Smoothed } from '../series.ts';
import { t } from '../words.ts';
import { markedOf, penOf } from './pens.ts';

const smoothed = new WeakMap<Series, Smoothed>();

/** The series as the eye shall see it. */
export function smooth(series: Series, weight: number): Float64Array {
  if (weight === 0) return series.values.values();
  let known = smoothed.get(series);
  if (!known) smoothed.set(series, (known = new Smoothed(series)));
  return known.update(weight);
}

export const marksOf = (runs: readonly Shown[]): VerticalMark[] =>
  runs.flatMap(({ history, letter, offset }) =>
    history.marks.flatMap(({ step, kind }): VerticalMark[] => {
      const words = { resumed: t('resumed'), stopped: t('stopped'), failed: t('failed') } as const;
      if (kind === 'done' || kind === 'evaluation') return [];
      if (kind === 'checkpoint') return [{ x: step + offset, label: t('checkpoint'), strong: false }];
      return [{ x: step + offset, label: runs.length > 1 ? `${words[kind]} ${letter}` : words[kind], strong: true }];
    }),
  );

/** The same steps in every chart of a page, so that they can be read one above the other. */
export function stepAxis({ state, runs }: Context): LineFigure['x'] {
  const max = Math.max(1, ...runs.map(({ history, offset }) => history.step + offset));
  const min = Math.min(...runs.map(({ offset }) => offset), max - 1);
  return { label: t('Step'), whole: true, range: state.view.zoom ?? { min: Math.max(0, min), max } };
}

/** A fork's steps go on from its parent's. */
export const stepsOf = ({ offset }: Shown, { steps }: Series): Float64Array =>
  offset === 0 ? steps.values() : steps.values().map((step) => step + offset);

type Kind = 'loss' | 'accuracy';

/** Training as a line, held-out evaluations as markers, the control as a thin dotted line. */
function curves(context: Context, kind: Kind): Line[] {
  const { layers, smoothing } = context.state.view;
  const visible = context.languages.filter(({ hidden }) => !hidden);
  const several = context.runs.length > 1;
  const crowded = visible.length * context.runs.length > 6;
  return context.runs.flatMap((run) =>
    visible.flatMap((language) => {
      const history = run.history.languages.get(language.code);
      if (!history) return [];
      const look = penOf(context, language, run);
      const key = `${run.head.id}/${language.code}`;
      const suffix = several ? ` ${run.letter}` : '';
      const lines: Line[] = [];
      const held = (which: 'heldOut' | 'control', words: string, look: Pen, text?: string) => {
        const series = history[which][kind];
        if (series.length === 0) return;
        lines.push({
          key: `${key}/${which}`,
          label: words,
          pen: look,
          xs: stepsOf(run, series),
          ys: series.values.values(),
          tag: text,
        });
      };
      const name = language.code + suffix;
      const text = tag(language, suffix);
      // Of several runs the evaluations are what compares; their training is the texture behind.
      const leading = !several && layers.training;
      if (layers.training) {
        const series = history.train[kind];
        const raw = series.values.values();
        const xs = stepsOf(run, series);
        if (smoothing > 0 && leading && !crowded)
          lines.push({
            key: `${key}/raw`,
            label: '',
            pen: { ...look, width: 1, dash: [], faint: true },
            xs,
            ys: raw,
            quiet: true,
          });
        const behind: Pen = { ...look, width: 1, dash: [], faint: layers.heldOut };
        lines.push({
          key: `${key}/train`,
          label: t('{0} training', name),
          pen: leading ? look : behind,
          xs,
          // When it is drawn, not before: a chart out of sight costs nothing.
          get ys() {
            return smooth(series, smoothing);
          },
          raw,
          tag: leading ? text : undefined,
        });
      }
      if (layers.control)
        held('control', t('{0} control', name), { ...look, width: 1, dash: [1.5, 2.5], faint: several });
      if (layers.heldOut)
        held(
          'heldOut',
          t('{0} held out', name),
          markedOf(context, { ...look, width: leading ? 0 : look.width }, language),
          leading ? undefined : text,
        );
      return lines;
    }),
  );
}

const tag = (language: Language, suffix: string) => language.code.slice(0, 8) + suffix;

export function lossFigure(context: Context): LineFigure {
  return {
    id: 'masked-loss',
    title: t('Masked loss'),
    note: t('lower is better'),
    x: stepAxis(context),
    y: {
      label: t('Masked loss (nats)'),
      unit: t('nats'),
      log: context.state.view.logScale,
      format: (value) => fixed(value, 2),
    },
    lines: curves(context, 'loss'),
    marks: marksOf(context.runs),
  };
}

export function accuracyFigure(context: Context): LineFigure {
  return {
    id: 'accuracy',
    title: t('Accuracy'),
    note: t('of masked frames, higher is better'),
    x: stepAxis(context),
    y: { label: t('Accuracy (%)'), unit: '%', least: 0, most: 100, format: (value) => fixed(value, 1) },
    lines: curves(context, 'accuracy'),
    marks: marksOf(context.runs),
  };
}

/** One value a language from its evaluations, as marked lines. */
function changes(
  context: Context,
  values: (history: LanguageHistory, run: Shown) => { xs: ArrayLike<number>; ys: ArrayLike<number> },
): Line[] {
  const visible = context.languages.filter(({ hidden }) => !hidden);
  const several = context.runs.length > 1;
  return context.runs.flatMap((run) =>
    visible.flatMap((language) => {
      const history = run.history.languages.get(language.code);
      const found = history && values(history, run);
      if (!found || found.xs.length === 0) return [];
      const suffix = several ? ` ${run.letter}` : '';
      return [
        {
          key: `${run.head.id}/${language.code}`,
          label: language.code + suffix,
          pen: markedOf(context, penOf(context, language, run), language),
          ...found,
          tag: tag(language, suffix),
        },
      ];
    }),
  );
}

/** Held-out loss minus its first value: learning falls, forgetting rises. */
export function changeFigure(context: Context): LineFigure {
  return {
    id: 'held-out-change',
    title: t('Change of held-out loss'),
    note: t('since the start, below 0 is learned'),
    x: stepAxis(context),
    y: { label: t('Change (nats)'), unit: t('nats'), include: [0], format: (value) => signed(value, 2) },
    lines: changes(context, ({ heldOut: { loss } }, run) => {
      const start = loss.first();
      return { xs: stepsOf(run, loss), ys: loss.values.values().map((value) => value - start) };
    }),
    marks: marksOf(context.runs),
  };
}

/** Loss by the base's own frozen head against the base itself. */
export function forgettingFigure(context: Context): LineFigure {
  return {
    id: 'own-head',
    title: t('Forgetting by the base’s own head'),
    note: t('above 0 is forgotten'),
    x: stepAxis(context),
    y: { label: t('Against the base (nats)'), unit: t('nats'), include: [0], format: (value) => signed(value, 2) },
    lines: changes(context, ({ own, ownBase }, run) => ({
      xs: stepsOf(run, own.loss),
      ys: own.loss.values.values().map((value, i) => value - ownBase.loss.at(i)),
    })),
    marks: marksOf(context.runs),
  };
}
