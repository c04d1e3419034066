/** @file What a run has learned, as the terminal tells it: held-out speech by arm, and what the base's own head says. */
import type { Experiment } from '../config/experiment.ts';
import { average, backwardTransfer, largestLoss, type Measured, type StageMatrix } from '../evaluation/matrix.ts';
import type { Findings } from '../protocol/findings.ts';
import { answers, sayAnswer, sayOverall } from '../protocol/findings-words.ts';
import { type Measurement, measuredValue } from '../protocol/measurement.ts';
import { english } from '../protocol/reason.ts';
import { noSigns, type Signs, sayResult } from '../protocol/result-words.ts';
import { percentOne, printable, signed, table } from './output.ts';

/** The answer: of every language what was learned or forgotten, with its interval. */
export function answered(findings: Findings, signs: Signs = noSigns): string[] {
  const all = answers(findings, english);
  const said = sayResult(findings, signs, english);
  return [
    ...(said ? [...said.sentences, ...(said.next ? [said.next] : [])].map(printable) : [sayOverall(all, english)]),
    '',
    ...all.map((one) => printable(sayAnswer(one))),
    '',
    ...(findings.costShare === undefined
      ? []
      : [
          `Measuring after the stages took ${Math.round(100 * findings.costShare)} % of the time that training them took.`,
        ]),
    `In brackets: ${Math.round(100 * findings.level)} % intervals over held-out speakers or utterances.`,
  ];
}

/** A row a language: the loss before and after, the control beside it, and what the encoder itself has forgotten. */
export function results(
  { languages }: Pick<Experiment, 'languages'>,
  after: readonly Measurement[],
  before: readonly Measurement[] = [],
): string[] {
  const has = (arm: string, measure: string) => after.some((one) => one.arm === arm && one.measure === measure);
  const hasControl = has('control', 'loss');
  const hasOwn = has('base', 'ownHeadLoss');
  const head = ['held-out speech', 'start', 'adapted'];
  if (hasControl) head.push('control', 'difference');
  head.push('accuracy');
  if (hasControl) head.push('control');
  if (hasOwn) head.push('own head', 'base', 'difference');
  const rows = Object.entries(languages).map(([code, { role }]) => {
    const value = (measure: string, arm = 'adapted', values = after) =>
      measuredValue(values, measure, { arm, language: code });
    const loss = value('loss');
    const row = [`${code} (${role})`, fixed(value('loss', 'adapted', before)), fixed(loss)];
    if (hasControl) row.push(fixed(value('loss', 'control')), difference(loss, value('loss', 'control')));
    row.push(share(value('accuracy')));
    if (hasControl) row.push(share(value('accuracy', 'control')));
    const [own, base] = [value('ownHeadLoss'), value('ownHeadLoss', 'base')];
    if (hasOwn && role === 'existing') row.push(fixed(own), fixed(base), difference(own, base));
    return row;
  });
  const told = [
    table([head, ...rows]),
    '',
    'Masked-unit loss in nats (lower is better) and accuracy. control: the same head, trained as long on the frozen base.',
  ];
  if (hasOwn)
    told.push(
      "own head: the base's own frozen head, against what that head chooses on the same speech unmasked, before and after:",
      'what the encoder itself has forgotten.',
    );
  return told;
}

/** The matrix of a run with stages, the loss of every language in each, and what it says of keeping what was learned. */
export function stageMatrix(
  { languages }: Pick<Experiment, 'languages'>,
  before: readonly Measurement[],
  stages: readonly { add: readonly string[]; values: readonly Measurement[] }[],
): string[] {
  const codes = Object.keys(languages);
  const enteredAt = (code: string) => stages.findIndex(({ add }) => add.includes(code)) + 1;
  const matrix: StageMatrix = {
    better: 'lower',
    entered: Object.fromEntries(codes.map((code) => [code, enteredAt(code)])),
    rows: [before, ...stages.map(({ values }) => values)].map((values) => rowOf(codes, values)),
  };
  const names = ['before the first', ...stages.map(({ add }, i) => `${i + 1} (+ ${add.join(', ')})`)];
  const told = [
    table([
      ['loss after each stage', ...codes, 'average', 'backward transfer'],
      ...names.map((name, stage) => [
        name,
        ...codes.map((code) => {
          const value = matrix.rows[stage][code];
          return typeof value === 'number' ? fixed(value) : '–';
        }),
        say(average(matrix, stage), fixed),
        say(backwardTransfer(matrix, stage), signed),
      ]),
    ]),
    '',
    'One set of units and held-out masks for all rows; before a language is added its column is the head’s guess.',
    'average: over the languages so far. backward transfer: what those that were there before have gained since (negative: forgotten).',
  ];
  const lost = largestLoss(matrix);
  if (lost.kind === 'found')
    told.push(`Lost most in one stage: ${lost.language}, ${fixed(lost.value)} in stage ${lost.stage}.`);
  return told;
}

function rowOf(codes: readonly string[], values: readonly Measurement[]): StageMatrix['rows'][number] {
  return Object.fromEntries(
    codes.map((language) => {
      const value = measuredValue(values, 'loss', { arm: 'adapted', language });
      return [language, Number.isFinite(value) ? value : { reason: `${language} was not measured` }];
    }),
  );
}

const say = (one: Measured, words: (value: number) => string) => (one.kind === 'known' ? words(one.value) : '–');

/** A language that was not measured has no number. */
const shown = (value: number, say: (value: number) => string) => (Number.isFinite(value) ? say(value) : '–');
const fixed = (value: number) => shown(value, (x) => x.toFixed(3));
const share = (value: number) => shown(value, percentOne);
const difference = (a: number, b: number) => shown(a - b, signed);
