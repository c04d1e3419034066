/** @file Of what a figure is: its runs, how it was smoothed, the steps that it shows; on the screen and in every export. */
import type { Context, Shown } from '../context.ts';
import { fixed, whole } from '../format.ts';
import { t } from '../words.ts';

export interface Origin {
  /** Where the figure is of one run alone. */
  only?: Shown;
  /** Whether its lines are smoothed as the page says. */
  smoothed?: boolean;
  /** Layer, projection, step, row: what else was chosen. */
  at?: string;
}

/** The figure with its source; made for each drawing, from what the page shows then. */
export function sourced<F extends { source?: string }>(context: Context, figure: F, origin: Origin = {}): F {
  return { ...figure, source: sourceOf(context, origin) };
}

export function sourceOf({ runs, state: { view } }: Context, { only, smoothed, at }: Origin): string {
  const several = runs.length > 1;
  const names = (only ? [only] : runs).map(({ head, letter }) => (several ? `${letter} ${head.name}` : head.name));
  const forks = (only ? [only] : runs).some(({ offset }) => offset > 0);
  return [
    names.join('; '),
    smoothed && view.smoothing > 0 ? t('training smoothed by {0}', fixed(view.smoothing, 2)) : '',
    at ?? '',
    smoothed && view.zoom ? t('steps {0} to {1}', whole(view.zoom.min), whole(view.zoom.max)) : '',
    smoothed && forks ? t('a fork goes on from its parent’s step') : '',
  ]
    .filter(Boolean)
    .join(' · ');
}
