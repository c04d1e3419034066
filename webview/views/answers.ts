/** @file What a run has taught and cost, a sentence a language: the first thing on the page of findings. */
import type { Findings, Verdict } from '../../sidecar/protocol/findings.ts';
import { answers } from '../../sidecar/protocol/findings-words.ts';
import { swatch } from '../charts/swatch.ts';
import { findingsOf } from '../context.ts';
import { h, keyed } from '../dom.ts';
import { marked, pen } from '../figures/pens.ts';
import { hueOf } from '../theme.ts';
import { t } from '../words.ts';
import { letterChip } from './letter-chip.ts';
import type { Part } from './page.ts';

/** Beside the words, which say the same. */
const signs: Record<Verdict, [sign: string, look: string]> = {
  better: ['▲', 'good'],
  worse: ['▼', 'bad'],
  'cannot tell': ['≈', 'even'],
};

export function answerList(): Part {
  const known = new WeakMap<Findings, ReturnType<typeof answers>>();
  const answersOf = (findings: Findings) => {
    let found = known.get(findings);
    if (!found) known.set(findings, (found = answers(findings, t)));
    return found;
  };
  const element = h('section', { class: 'answers', 'aria-label': t('What was learned and forgotten') });
  const content = keyed(element);
  return {
    element,
    update({ runs, languages, theme }) {
      const all = runs.flatMap((run) => {
        const findings = findingsOf(run.told);
        return findings ? [{ run, answers: answersOf(findings) }] : [];
      });
      element.hidden = all.length === 0;
      const looks = languages.map(({ code, hue, hidden, name }) => [code, hue, hidden, name]);
      const key = JSON.stringify([
        theme.hues,
        theme.background,
        looks,
        all.map(({ run, answers }) => [run.head.name, answers]),
      ]);
      content(key, () =>
        all.flatMap(({ run, answers }) => [
          ...(runs.length > 1
            ? [
                h(
                  'h3',
                  { class: 'answers-run' },
                  letterChip(run.index, hueOf(theme, run.index)),
                  h('bdi', {}, run.head.name),
                ),
              ]
            : []),
          h(
            'ul',
            {},
            ...answers.flatMap(({ language: code, name, said }) => {
              const language = languages.find((one) => one.code === code);
              if (!language || language.hidden) return [];
              return [
                h(
                  'li',
                  {},
                  swatch(marked(pen(language, 0), language), theme),
                  h(
                    'span',
                    {},
                    h('b', { title: language.name }, h('bdi', {}, name)),
                    ': ',
                    ...said.flatMap(({ verdict, text }, i) => [
                      i > 0 && '; ',
                      verdict &&
                        h('span', { class: `sign ${signs[verdict][1]}`, 'aria-hidden': 'true' }, signs[verdict][0]),
                      h('span', {}, text),
                    ]),
                  ),
                ),
              ];
            }),
          ),
        ]),
      );
    },
  };
}
