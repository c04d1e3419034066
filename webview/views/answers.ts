/** @file What a run has taught and cost, a sentence a language: the first thing on the page of findings. */
import type { Findings, Verdict } from '../../sidecar/protocol/findings.ts';
import { type Answer, answers, sayOverall } from '../../sidecar/protocol/findings-words.ts';
import { swatch } from '../charts/swatch.ts';
import { type Context, findingsOf, type Shown } from '../context.ts';
import { h, keyed } from '../dom.ts';
import { marked, pen } from '../figures/pens.ts';
import { hueOf } from '../theme.ts';
import { t } from '../words.ts';
import { letterChip } from './letter-chip.ts';
import type { Part } from './page.ts';

/** As many sentences are read; of more, those that say nothing are folded away. */
const mostRead = 12;

/** Beside the words, which say the same. */
const signs: Record<Verdict, [sign: string, look: string]> = {
  better: ['▲', 'good'],
  worse: ['▼', 'bad'],
  'cannot tell': ['≈', 'even'],
};

export function answerList(): Part {
  const known = new WeakMap<Findings, Answer[]>();
  const answersOf = (findings: Findings) => {
    let found = known.get(findings);
    if (!found) known.set(findings, (found = answers(findings, t)));
    return found;
  };
  const element = h('section', { class: 'answers', 'aria-label': t('What was learned and forgotten') });
  const content = keyed(element);
  return {
    element,
    update(context) {
      const { runs, languages, theme } = context;
      const all = runs.flatMap((run) => {
        const findings = findingsOf(run.told);
        return findings ? [{ run, answers: answersOf(findings) }] : [];
      });
      element.hidden = all.length === 0;
      const looks = languages.map(({ code, hue, hidden, name }) => [code, hue, hidden, name]);
      const words = all.map(({ run, answers }) => [run.index, run.head.name, answers]);
      content(JSON.stringify([theme.hues, theme.background, looks, words]), () =>
        all.flatMap(({ run, answers }) => ofRun(context, run, answers)),
      );
    },
  };
}

function ofRun(context: Context, run: Shown, answers: readonly Answer[]): HTMLElement[] {
  const shown = answers.filter(({ language }) =>
    context.languages.some(({ code, hidden }) => code === language && !hidden),
  );
  const telling = ({ role, said }: Answer) =>
    role === 'new' || said.some(({ verdict }) => verdict === 'better' || verdict === 'worse');
  const folded = shown.length > mostRead ? shown.filter((one) => !telling(one)) : [];
  const items = (some: readonly Answer[]) => h('ul', {}, ...some.map((one) => item(context, one)));
  return [
    h(
      'p',
      { class: 'overall' },
      ...(context.runs.length > 1
        ? [letterChip(run.index, hueOf(context.theme, run.index)), h('bdi', {}, run.head.name)]
        : []),
      h('strong', {}, sayOverall(answers, t)),
    ),
    items(shown.filter((one) => !folded.includes(one))),
    ...(folded.length > 0
      ? [
          h(
            'details',
            {},
            h('summary', {}, t('{0} more languages of which nothing can be told', folded.length)),
            items(folded),
          ),
        ]
      : []),
  ];
}

function item({ languages, theme }: Context, { language: code, name, said }: Answer): HTMLElement {
  const language = languages.find((one) => one.code === code)!;
  return h(
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
        verdict && h('span', { class: `sign ${signs[verdict][1]}`, 'aria-hidden': 'true' }, signs[verdict][0]),
        h('span', {}, text),
      ]),
    ),
  );
}
