/** @file The first line below a run's name: what it taught and cost, and what to try next; of several runs a line each. */
import { type SaidResult, sayResult } from '../../sidecar/protocol/result-words.ts';
import { signsOf } from '../alarms.ts';
import { findingsOf, type Shown } from '../context.ts';
import { h, keyed } from '../dom.ts';
import { hueOf } from '../theme.ts';
import { t } from '../words.ts';
import { letterChip } from './letter-chip.ts';
import type { Part } from './page.ts';

/** Of more runs than these the sentences stand on the page of findings. */
const mostLines = 3;

export function resultLine(): Part {
  const element = h('div', {
    class: 'result',
    role: 'group',
    'aria-live': 'polite',
    'aria-label': t('The result in words'),
  });
  const content = keyed(element);
  const known = new WeakMap<object, { version: number; said: SaidResult | undefined }>();
  const sayOf = ({ told, history }: Shown): SaidResult | undefined => {
    const findings = findingsOf(told);
    if (!findings) return undefined;
    const last = known.get(findings);
    if (last?.version === history.version) return last.said;
    const said = sayResult(findings, signsOf(history), t);
    known.set(findings, { version: history.version, said });
    return said;
  };
  return {
    element,
    update({ runs, theme }) {
      const all = runs.length > mostLines ? [] : runs.map((run) => ({ run, said: sayOf(run) }));
      const found = all.filter((one): one is { run: Shown; said: SaidResult } => one.said !== undefined);
      element.hidden = found.length === 0;
      content(JSON.stringify([theme.hues, runs.length, found.map(({ run, said }) => [run.index, said])]), () =>
        found.map(({ run, said: { sentences, next } }) =>
          // Where there is little room its end is seen when the pointer, or the focus, rests on it.
          h(
            'p',
            { tabindex: 0 },
            runs.length > 1 && letterChip(run.index, hueOf(theme, run.index)),
            h('span', {}, sentences.join(' ')),
            next !== undefined && h('strong', {}, ` ${next}`),
          ),
        ),
      );
    },
  };
}
