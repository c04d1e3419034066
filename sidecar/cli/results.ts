/** @file What a run has learned, as the terminal tells it: held-out speech by arm, and what the base's own head says. */
import type { Experiment } from '../config/experiment.ts';
import { type Measurement, measuredValue } from '../protocol/measurement.ts';
import { percentOne, signed, table } from './output.ts';

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

/** The matrix of a run with stages: a row before the first and one a stage, the loss of every language in each. */
export function stageMatrix(
  { languages }: Pick<Experiment, 'languages'>,
  before: readonly Measurement[],
  stages: readonly { add: readonly string[]; values: readonly Measurement[] }[],
): string[] {
  const codes = Object.keys(languages);
  const row = (name: string, values: readonly Measurement[]) => [
    name,
    ...codes.map((language) => fixed(measuredValue(values, 'loss', { arm: 'adapted', language }))),
  ];
  return [
    table([
      ['loss after each stage', ...codes],
      row('before the first', before),
      ...stages.map(({ add, values }, i) => row(`${i + 1} (+ ${add.join(', ')})`, values)),
    ]),
    '',
    'Every row is measured on the same speech, with the same units and masks. Before a language is added its column is',
    'the head’s guess: what no stage has heard yet.',
  ];
}

/** A language that was not measured has no number. */
const shown = (value: number, say: (value: number) => string) => (Number.isFinite(value) ? say(value) : '–');
const fixed = (value: number) => shown(value, (x) => x.toFixed(3));
const share = (value: number) => shown(value, percentOne);
const difference = (a: number, b: number) => shown(a - b, signed);
