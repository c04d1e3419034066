/**
 * @file The experiment that the guide writes: short, in the order of the schema, with a comment at each value that says
 * why it was chosen. It must not know VS Code.
 */
import type { GuidePlan } from '../../../sidecar/config/guide/plan.ts';
import type { GuideView } from '../../../sidecar/config/guide/view.ts';
import { duration, type L10n, million, oneLine } from '../../text.ts';

/** @param locate the path that the experiment writes for a file of the base's folder */
export function experimentText(
  plan: GuidePlan,
  view: GuideView,
  l10n: L10n,
  { locale = 'en', locate }: { locale?: string; locate(file: string): string },
): string {
  const { languages, joinSeconds, minSeconds, replay, steps, batchSeconds, every } = plan;
  // A name may hold anything; a comment ends with its line.
  const comment = (text: string) => `# ${oneLine(text, 300)}`;
  const base = view.bases.find(({ key }) => key === plan.base.key);
  const time = view.times.find(({ length }) => length === view.length);
  const lines: string[] = [
    comment(l10n.t('Written by New Experiment. Every value can be changed; the editor completes and checks them.')),
    `name: ${JSON.stringify(plan.name)}`,
    '',
    'base:',
    ...(base ? [`  ${comment(baseWords(base, l10n, locale))}`] : []),
    `  model: ${JSON.stringify(plan.base.key)}`,
    ...(plan.base.head
      ? [
          `  ${comment(l10n.t('The head that it was pre-trained with: what the base forgets is measured by its own predictions.'))}`,
          `  head: ${JSON.stringify(locate(plan.base.head))}`,
        ]
      : []),
    '',
    'languages:',
    ...languages.flatMap(({ code, name, role, datasets, seconds = 0, clips = 0, speakers = 0 }) => {
      const data = datasets.map((one) => JSON.stringify(`dataset:${one}`));
      const counted = l10n.t(
        '{0}: {1} of speech, {2} clips, speakers: {3}',
        name,
        duration(seconds, locale),
        clips.toLocaleString(locale),
        speakers === 0 ? l10n.t('unknown') : speakers.toLocaleString(locale),
      );
      return [
        `  ${comment(counted)}`,
        `  ${code}: { role: ${role}, data: ${data.length === 1 ? data[0] : `[${data.join(', ')}]`} }`,
      ];
    }),
    '',
    'audio:',
    ...(joinSeconds ? [`  ${comment(joinWords(view, l10n))}`, `  joinSeconds: ${joinSeconds}`] : []),
    `  ${comment(keptWords(view, l10n, locale))}`,
    `  minSeconds: ${minSeconds}`,
    ...(replay === undefined
      ? []
      : [
          '',
          'replay:',
          `  ${comment(l10n.t('So much of each batch is speech of the existing languages, so that they are not forgotten.'))}`,
          `  fraction: ${replay}`,
        ]),
    '',
    'training:',
    ...(time ? [`  ${comment(timeWords(view, time, l10n, locale))}`] : []),
    `  steps: ${steps}`,
    `  ${comment(l10n.t('Seconds of speech in one batch: little where there is little speech, so that no voice fills it.'))}`,
    `  batchSeconds: ${batchSeconds}`,
    '',
    'evaluation:',
    `  ${comment(l10n.t('Steps between measurements of held-out speech: the points of the curves.'))}`,
    `  every: ${every}`,
    '',
    'checkpoint:',
    `  every: ${every}`,
  ];
  return `${lines.join('\n')}\n`;
}

function baseWords({ name, parameters, languages, licence }: GuideView['bases'][number], l10n: L10n, locale: string) {
  return [
    name,
    parameters === undefined ? '' : l10n.t('{0} parameters', million(parameters, locale)),
    typeof languages === 'number' ? l10n.t('knows {0} languages', languages.toLocaleString(locale)) : '',
    typeof languages === 'object' ? l10n.t('knows {0}', languages.name) : '',
    licence ? l10n.t('licence {0}', licence) : '',
  ]
    .filter(Boolean)
    .join(', ');
}

function joinWords({ joinReason }: GuideView, l10n: L10n): string {
  switch (joinReason) {
    case 'many-too-short':
      return l10n.t('A speaker’s recordings are joined into chunks: many are too short by themselves.');
    case 'half-below-two-seconds':
      return l10n.t('A speaker’s recordings are joined into chunks: half are below two seconds.');
    case 'long-enough':
      return l10n.t('A speaker’s recordings are joined into chunks, as you chose.');
  }
}

function keptWords({ minimums, minSeconds }: GuideView, l10n: L10n, locale: string): string {
  const kept = minimums.find(({ value }) => value === minSeconds);
  const share = kept ? shareOf(kept.share, locale) : '100 %';
  return kept && !kept.exact
    ? l10n.t('Shorter pieces are left out; this keeps at least {0} of the speech.', share)
    : l10n.t('Shorter recordings are left out; this keeps {0} of the speech.', share);
}

/** Never more than there is: 99.96 % is not all. */
export const shareOf = (share: number, locale: string): string =>
  `${(Math.floor(1000 * share + 1e-6) / 10).toLocaleString(locale, { maximumFractionDigits: 1 })} %`;

function timeWords(
  { measured, preparationSeconds }: GuideView,
  { firstCurveSeconds, totalSeconds }: GuideView['times'][number],
  l10n: L10n,
  locale: string,
): string {
  const [first, all, preparing] = [firstCurveSeconds, totalSeconds, preparationSeconds].map((seconds) =>
    duration(seconds, locale),
  );
  return measured
    ? l10n.t(
        'About {0} until the first curve, {1} in all, as measured on this machine; {2} of it to prepare the audio.',
        first,
        all,
        preparing,
      )
    : l10n.t(
        'About {0} until the first curve, {1} in all, reckoned for this processor; {2} of it to prepare the audio.',
        first,
        all,
        preparing,
      );
}
