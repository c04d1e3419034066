/** @file The run's page: optimiser and machine over steps, what the corpus was, the end of the log. */
import { lineChart } from '../charts/line.ts';
import { type Context, detailed, type Shown } from '../context.ts';
import { h, keyed } from '../dom.ts';
import { scalarFigure, scalars } from '../figures/run.ts';
import { sourced } from '../figures/source.ts';
import { bytes, duration, fixed, percent, whole } from '../format.ts';
import type { Corpus } from '../history.ts';
import { t } from '../words.ts';
import { detailPicker } from './detail-picker.ts';
import type { Page, Part } from './page.ts';

export function runView(page: Page): Part {
  const charts = scalars.map((scalar) => ({
    scalar,
    chart: lineChart(`run-${scalar.name}`, page, { sync: 'run', small: true }),
  }));
  const run = detailPicker(page);
  const facts = h('dl', { class: 'facts' });
  const notes = h('details', { class: 'device-notes' });
  const noteKey = keyed(notes);
  const corpus = h('div', { class: 'corpus' });
  const log = h('div', { class: 'log', tabindex: 0, role: 'region', 'aria-label': t('End of the log') });
  const factKey = keyed(facts);
  const corpusKey = keyed(corpus);
  const logKey = keyed(log);
  const element = h(
    'section',
    { class: 'view', 'aria-label': t('Run') },
    h('h2', { class: 'hidden' }, t('Run')),
    run.element,
    facts,
    notes,
    h('div', { class: 'charts three' }, ...charts.map(({ chart }) => chart.element)),
    corpus,
    h('section', {}, h('h2', {}, t('End of the log')), log),
  );
  return {
    element,
    update(context) {
      const one = detailed(context);
      if (!one) return;
      run.update(context);
      const list = factsOf(one);
      factKey(JSON.stringify(list), () =>
        list.flatMap(([name, value]) => [h('div', {}, h('dt', {}, name), h('dd', {}, value))]),
      );
      const { deviceNotes } = one.history;
      notes.hidden = deviceNotes.length === 0;
      noteKey(JSON.stringify(deviceNotes), () => [
        h('summary', {}, t('Devices that were passed over')),
        h('ul', {}, ...deviceNotes.map((note) => h('li', {}, note))),
      ]);
      for (const { scalar, chart } of charts)
        chart.update(sourced(context, scalarFigure(context, scalar), { smoothed: scalar.smooth }), context.theme);
      corpusKey(
        JSON.stringify([
          one.head.id,
          [...one.history.corpus.values()].map((corpus) => [corpus, nameOf(context, corpus.language)]),
        ]),
        () => corpusOf(context, one),
      );
      // A reader who has scrolled up stays there; one at the end stays at the end.
      const end = log.scrollHeight - log.scrollTop - log.clientHeight < 30;
      logKey(`${one.head.id} ${one.history.version}`, () => linesOf(one));
      if (end) log.scrollTop = log.scrollHeight;
    },
  };
}

function factsOf({ history, head }: Shown): [string, string][] {
  const scalar = (name: Parameters<typeof history.scalar>[0]) => history.scalar(name).last();
  const remaining = head.state === 'running' ? history.remainingSeconds() : undefined;
  const all: [string, string | undefined][] = [
    [t('Device'), history.device || head.device],
    [t('Step'), `${whole(history.step || head.step)} / ${whole(history.steps || head.steps)}`],
    [t('Remaining'), remaining === undefined ? undefined : duration(remaining)],
    [t('Duration'), history.seconds === undefined ? undefined : duration(history.seconds)],
    [t('Audio a second'), `${fixed(scalar('audioSecondsPerSecond'), 1)}\u202fs`],
    [t('Memory'), bytes(scalar('residentBytes'))],
    [t('Skipped steps'), whole(scalar('skippedSteps') || 0)],
  ];
  return all.filter((fact): fact is [string, string] => Boolean(fact[1]));
}

const nameOf = ({ languages }: Context, code: string) =>
  languages.find((language) => language.code === code)?.name ?? code;

function corpusOf(context: Context, { history }: Shown): Node[] {
  const all = [...history.corpus.values()];
  if (all.length === 0) return [];
  const number = (text: string) => h('td', { class: 'n' }, text);
  const hours = (seconds: number) => fixed(seconds / 3600, 2);
  return [
    h('h2', {}, t('Corpus')),
    h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': t('Corpus') },
      h(
        'table',
        { class: 'numbers' },
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            h('th', { scope: 'col' }, t('Language')),
            h('th', { scope: 'col' }, t('Role')),
            ...[t('Training (h)'), t('Held out (h)'), t('Clips'), t('Speakers'), t('Left out'), t('Share heard')].map(
              (title) => h('th', { scope: 'col', class: 'n' }, title),
            ),
          ),
        ),
        h(
          'tbody',
          {},
          ...all.map((one) =>
            h(
              'tr',
              {},
              h(
                'th',
                { scope: 'row' },
                nameOf(context, one.language) === one.language
                  ? one.language
                  : `${nameOf(context, one.language)} (${one.language})`,
              ),
              h('td', {}, one.role === 'new' ? t('new') : t('existing')),
              number(hours(one.trainSeconds)),
              number(hours(one.heldOutSeconds)),
              number(whole(one.utterances)),
              number(whole(one.speakers)),
              number(whole(leftOut(one))),
              number(percent(history.heard.get(one.language)?.share ?? Number.NaN)),
            ),
          ),
        ),
      ),
    ),
    ...all
      .filter((one) => leftOut(one) + one.notes.length > 0)
      .map((one) =>
        h(
          'details',
          {},
          h(
            'summary',
            {},
            leftOut(one) > 0
              ? `${t('{0}: {1} left out', one.language, whole(leftOut(one)))} (${reasonsOf(one).join(', ')})`
              : t('{0}: notes', one.language),
          ),
          h(
            'ul',
            {},
            ...one.notes.map((note) => h('li', {}, note)),
            ...one.skipped.slice(0, 500).map(({ path, reason }) => h('li', {}, h('code', {}, path), ` ${reason}`)),
            one.skipped.length > 500 && h('li', {}, t('{0} more stand in the log.', whole(one.skipped.length - 500))),
          ),
        ),
      ),
  ];
}

const leftOut = ({ skipped, dropped, aside }: Corpus): number =>
  skipped.length + dropped.pieces + (aside?.beyondHours ?? 0) + (aside?.unused ?? 0);

/** Every reason with its count, most frequent first. */
function reasonsOf({ skipped, dropped, aside }: Corpus): string[] {
  const words: Record<string, string> = {
    unreadable: t('cannot be read'),
    empty: t('empty'),
    silent: t('silent'),
    'too-short': t('too short'),
    missing: t('missing'),
  };
  const counts = new Map<string, number>([
    [t('shorter than {0}', 'audio.minSeconds'), dropped.pieces],
    [t('beyond {0}', 'hours'), aside?.beyondHours ?? 0],
    [t('in an unused split'), aside?.unused ?? 0],
  ]);
  for (const { reasonCode } of skipped) {
    const word = Object.hasOwn(words, reasonCode) ? words[reasonCode] : reasonCode || t('other');
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([word, count]) => `${whole(count)} ${word}`);
}

function linesOf({ history }: Shown): Node[] {
  const words = { info: t('info'), warning: t('warning'), error: t('error') };
  return history.tail().map(({ time, level, text }) => {
    const date = new Date(time);
    const clock = Number.isNaN(date.getTime()) ? '' : date.toTimeString().slice(0, 8);
    return h(
      'div',
      { class: `log-line ${level}` },
      h('time', {}, clock),
      h('span', { class: 'level' }, words[level]),
      h('span', {}, text),
    );
  });
}
