/** @file The small words of the page of findings: what lies under a matrix, what was skipped, what measuring cost. */
import { sayFindingReason } from '../../sidecar/protocol/finding-reasons.ts';
import type { FindingTable } from '../../sidecar/protocol/findings.ts';
import { measureTitle, sayValue } from '../../sidecar/protocol/findings-words.ts';
import { detailed, findingsOf } from '../context.ts';
import { h, keyed } from '../dom.ts';
import { tellsForward } from '../figures/findings-matrix.ts';
import { fixed, percent, whole } from '../format.ts';
import { t } from '../words.ts';
import type { Part } from './page.ts';

/** Worst language, largest loss, notes. */
export function underMatrix(): { element: HTMLElement; update(table: FindingTable | undefined): void } {
  const element = h('div', { class: 'under' });
  const content = keyed(element);
  return {
    element,
    update(table) {
      if (!table) return;
      const { worst, largestLoss, notes, unit, rows, forwardTransfer, forwardAgainst } = table;
      const key = [table.measure, worst, largestLoss, notes, unit, rows.length, forwardTransfer, forwardAgainst];
      content(JSON.stringify(key), () => [
        ...(worst ? [h('p', {}, t('Worst: {0}, {1}', worst.language, sayValue(worst.value, unit)))] : []),
        h(
          'p',
          {},
          largestLoss
            ? t(
                'Largest loss in one stage: {0} in stage {1}, {2}',
                largestLoss.language,
                largestLoss.row,
                sayValue(largestLoss.value, unit),
              )
            : t('No language lost anything in any stage.'),
        ),
        h(
          'p',
          { class: 'note' },
          t(
            'Slanted: not learned yet. Mean: over the languages seen so far. BWT: backward transfer, what languages gained since they entered; negative is forgotten.',
          ),
        ),
        ...(tellsForward(table)
          ? [
              h(
                'p',
                { class: 'note' },
                forwardAgainst === 'base'
                  ? t('FWT: forward transfer, what the stages before had gained the new languages over the base.')
                  : t('FWT: forward transfer, how much better the new languages are than in a run of each alone.'),
              ),
            ]
          : []),
        ...notes.map((note) => h('p', { class: 'note' }, h('bdi', {}, sayFindingReason(note, t)))),
      ]);
    },
  };
}

export function aboutMeasuring(): Part {
  const element = h('section', { class: 'about-measuring' });
  const content = keyed(element);
  return {
    element,
    update(context) {
      const findings = findingsOf(detailed(context)?.told);
      element.hidden = !findings;
      if (!findings) return;
      const { skipped, costShare, draws, level, seed } = findings;
      content(JSON.stringify([skipped, costShare, draws, level, seed]), () => [
        ...(skipped.length > 0
          ? [
              h('h3', {}, t('Not measured')),
              h(
                'ul',
                {},
                ...skipped.map(({ measure, reason }) =>
                  h('li', {}, h('bdi', {}, measureTitle(measure, t)), ': ', h('bdi', {}, sayFindingReason(reason, t))),
                ),
              ),
            ]
          : []),
        h(
          'p',
          { class: 'note' },
          [
            t('Intervals hold {0} of {1} bootstrap draws, seed {2}.', percent(level, 0), whole(draws), fixed(seed, 0)),
            costShare === undefined ? '' : t('Measuring took {0} of the run’s time.', percent(costShare)),
          ]
            .filter(Boolean)
            .join(' '),
        ),
      ]);
    },
  };
}
