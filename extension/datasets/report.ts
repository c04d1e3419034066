/** @file What an inspection found, as a Markdown page. Every name in it is hostile. It must not know VS Code. */
import { DEFAULT_MIN_SECONDS, JOIN_SECONDS, lostAsShort } from '../../sidecar/protocol/alarm-rules.ts';
import type { DatasetReport, ModelReport } from '../../sidecar/protocol/messages.ts';
import { languageName } from '../language-name.ts';
import { clock, code, duration, type L10n, plain, table } from '../text.ts';
import { isLoss, leftOut, leftOutReasons } from './facts.ts';
import { reasonText, splitName } from './nodes.ts';

const widest = 40;
const bar = (share: number) => '█'.repeat(Math.max(share > 0 ? 1 : 0, Math.round(widest * share)));

export interface Named {
  name: string;
  language: string;
  path: string;
}

/** The page of a dataset: figures, splits, durations, rates, clipping, and every file that was left out. */
export function datasetPage({ name, language, path }: Named, report: DatasetReport, l10n: L10n, locale = 'en'): string {
  const number = (value: number) => value.toLocaleString(locale);
  const { seconds, clips, speakers, splits, durations, sampleRates, clipped, examples, notes } = report;
  const most = Math.max(1, ...durations.map((bin) => bin.clips));
  const parts = [
    `# ${plain(name)}`,
    table(
      [l10n.t('What'), l10n.t('Value')],
      [
        [l10n.t('Language'), `${plain(languageName(language) ?? '')} (${plain(language)})`],
        [l10n.t('Folder'), code(path)],
        [l10n.t('Layout'), code(report.layout)],
        [l10n.t('Speech'), duration(seconds, locale)],
        [l10n.t('Clips'), number(clips)],
        [l10n.t('Speakers'), speakers === 0 ? l10n.t('unknown') : number(speakers)],
        [l10n.t('Left out'), number(leftOut(report))],
      ],
    ),
    ...alarm(report, l10n, number, locale),
    ...notes.map(plain),
    `## ${l10n.t('Splits')}`,
    table(
      [l10n.t('Split'), l10n.t('Speech'), l10n.t('Clips'), l10n.t('Speakers')],
      splits.map((split) => [
        plain(splitName(split.name, l10n)),
        duration(split.seconds, locale),
        number(split.clips),
        number(split.speakers),
      ]),
      [1, 2, 3],
    ),
    `## ${l10n.t('Durations')}`,
    table(
      [l10n.t('Up to'), l10n.t('Clips'), ''],
      durations.map((bin) => [duration(bin.upToSeconds, locale), number(bin.clips), bar(bin.clips / most)]),
      [0, 1],
    ),
    `## ${l10n.t('Sample rates')}`,
    table(
      [l10n.t('Hz'), l10n.t('Clips'), ''],
      sampleRates.map((rate) => [number(rate.hz), number(rate.clips), bar(rate.clips / Math.max(1, clips))]),
      [0, 1],
    ),
    `## ${l10n.t('Clipping')}`,
    l10n.t(
      '{0} of {1} clips looked at have at least 0.1 % of their samples at full scale.',
      number(clipped.clips),
      number(clipped.checked),
    ),
  ];
  if (clipped.worst.length > 0) {
    const rows = clipped.worst.map((one) => [
      code(one.path),
      `${(100 * one.share).toLocaleString(locale, { maximumFractionDigits: 2 })} %`,
    ]);
    parts.push(table([l10n.t('Clip'), l10n.t('At full scale')], rows, [1]));
  }
  if (examples.length > 0) {
    const rows = examples.map((one) => [
      code(one.path),
      duration(one.seconds, locale),
      one.startSeconds === undefined ? '' : clock(one.startSeconds),
      one.speaker === undefined ? '' : code(one.speaker),
    ]);
    const head = [l10n.t('Clip'), l10n.t('Length'), l10n.t('Begins at'), l10n.t('Speaker')];
    parts.push(`## ${l10n.t('Examples')}`, table(head, rows, [1, 2]));
  }
  parts.push(`## ${l10n.t('Left out')}`, leftOutPart(report, l10n, number));
  return `${parts.join('\n\n')}\n`;
}

/** What is lost for being short, before anybody trains, with what cures it. */
function alarm(report: DatasetReport, l10n: L10n, number: (value: number) => string, locale: string): string[] {
  const lost = lostAsShort(report.short);
  if (!lost || !isLoss(report)) return [];
  const told = l10n.t(
    '{0} of {1} clips ({2}) are shorter than {3} s: an experiment leaves them out unless it joins a speaker’s short recordings. Write {4} in it.',
    number(lost.clips),
    number(report.clips),
    duration(lost.seconds, locale),
    DEFAULT_MIN_SECONDS.toLocaleString(locale),
    'LOSSCURE',
  );
  return [`> **⚠ ${plain(told).replace('LOSSCURE', code(`audio: { joinSeconds: ${JOIN_SECONDS} }`))}**`];
}

function leftOutPart(
  { skipped, skippedReasons, short }: DatasetReport,
  l10n: L10n,
  number: (value: number) => string,
): string {
  const all = leftOutReasons({ skippedReasons, short });
  if (all.length === 0) return l10n.t('Nothing.');
  const reasons = table(
    [l10n.t('Reason'), l10n.t('Clips')],
    all.map((reason) => [plain(reasonText(reason.reasonCode, l10n)), number(reason.clips)]),
    [1],
  );
  const files = table(
    [l10n.t('File'), l10n.t('Reason'), l10n.t('In words')],
    skipped.map((file) => [code(file.path), plain(reasonText(file.reasonCode, l10n)), plain(file.reason)]),
  );
  if (skippedReasons.length === 0) return reasons;
  const rest = skippedReasons.reduce((sum, reason) => sum + reason.clips, 0) - skipped.length;
  const more = rest > 0 ? [l10n.t('And {0} more.', number(rest))] : [];
  return [reasons, files, ...more].join('\n\n');
}

/** The page of a base model. */
export function modelPage(name: string, report: ModelReport, l10n: L10n, locale = 'en'): string {
  const number = (value: number) => value.toLocaleString(locale);
  const list = (title: string, names: readonly string[]) =>
    names.length > 0 ? [`### ${title}`, names.map((one) => `- ${code(one)}`).join('\n')] : [];
  const faults = [
    ...list(l10n.t('Missing tensors'), report.missing),
    ...list(l10n.t('Unexpected tensors'), report.unexpected),
    ...list(l10n.t('Misshapen tensors'), report.misshapen),
  ];
  const verdict =
    faults.length > 0
      ? l10n.t('It cannot be trained: configuration and weights do not belong together.')
      : l10n.t('It is whole: every tensor that the configuration asks for is there.');
  const rows: [string, string][] = [
    [l10n.t('Architecture'), plain(report.architecture)],
    [l10n.t('Layers'), number(report.layers)],
    [l10n.t('Width'), number(report.width)],
    [l10n.t('Parameters'), number(report.parameters)],
    [l10n.t('Sample rate'), `${number(report.sampleRateHz)} Hz`],
    [l10n.t('Own head'), report.hasHead ? l10n.t('yes') : l10n.t('none')],
    [l10n.t('Weights'), code(report.weights)],
    [l10n.t('Source'), plain(report.source ?? l10n.t('unknown'))],
    [l10n.t('Licence'), plain(report.licence ?? l10n.t('unknown'))],
    [l10n.t('Files'), report.files.map(code).join(' ')],
  ];
  const parts = [
    `# ${plain(name)}`,
    table([l10n.t('What'), l10n.t('Value')], rows),
    verdict,
    ...faults,
    ...(report.notes.length > 0 ? [`## ${l10n.t('Notes')}`, ...report.notes.map(plain)] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}
