/** @file Every measure of a report: its matrix as a table and a picture, bars before and after, confusion, drift. */

import type { Confusion, Finding, Findings, FindingTable } from '../protocol/findings.ts';
import {
  againstName,
  cellAt,
  measureTitle,
  sayChange,
  sayFinding,
  saySigned,
  sayValue,
} from '../protocol/findings-words.ts';
import { english } from '../protocol/reason.ts';
import { type Block, heading, paragraph } from './document.ts';
import { barsPicture, driftPicture, matrixPicture } from './pictures.ts';

export function measureSections(findings: Findings): Block[] {
  const blocks = findings.tables.flatMap((table) => measure(findings, table));
  blocks.push(...confusions(findings), ...drift(findings));
  const { skipped, costShare } = findings;
  if (skipped.length > 0)
    blocks.push(heading('Not measured'), {
      kind: 'list',
      items: skipped.map(({ measure, reason }) => `${measureTitle(measure, english)}: ${reason}`),
    });
  if (costShare !== undefined)
    blocks.push(
      paragraph(
        `Measuring after the stages took ${(100 * costShare).toFixed(0)} % of the time that training them took.`,
      ),
    );
  return blocks;
}

/** A difference of shares is told in points. */
const sayLoss = (value: number, unit: string) =>
  unit === 'share' ? `${(100 * value).toFixed(1)} points` : sayValue(value, unit);

/** What a name in the document's text and files may be made of. */
const nameOf = (measure: string) => measure.replace(/[^a-zA-Z]/g, '').slice(0, 40) || 'measure';

function measure(findings: Findings, table: FindingTable): Block[] {
  const { rows, languages } = findings;
  const title = measureTitle(table.measure, english);
  const { unit } = table;
  const name = nameOf(table.measure);
  const better = table.better === 'lower' ? 'lower is better' : 'higher is better';
  const against = againstName(table, english);
  const say = (one: Finding | undefined) => sayFinding(one, unit, english);
  const transfer = (one: Finding | undefined) => saySigned(one?.value, unit);
  const blocks: Block[] = [
    heading(title),
    {
      kind: 'table',
      name,
      caption: `${title} (${unit === 'share' ? 'percent' : unit}, ${better}) after each stage, with intervals. Average: over the languages so far. Backward transfer: what those that were there before have gained since they entered (negative: forgotten). Forward transfer: ${FORWARD[table.forwardAgainst ?? 'alone']}.`,
      head: ['after', ...languages.map(({ code }) => code), 'average', 'backward transfer', 'forward transfer'],
      rows: rows.map(({ row, add }) => [
        row === 0 ? 'before' : `${row}: + ${add.join(', ')}`,
        ...languages.map(({ code }) => say(cellAt(table, row, code))),
        sayValue(table.average[row]?.value, unit),
        transfer(table.backwardTransfer[row]),
        transfer(table.forwardTransfer[row]),
      ]),
      words: 1,
    },
    ...dashes(table),
    {
      kind: 'picture',
      name: `${name}-matrix`,
      caption: `${title}, with the difference to the ${against} below: blue is better, orange worse. A faint frame: the language had not been added yet.`,
      alt: `Matrix of ${title} by stage and language`,
      svg: matrixPicture(findings, table, `Matrix of ${title} by stage and language`),
    },
    {
      kind: 'picture',
      name: `${name}-bars`,
      caption: `${title}: ${against} (grey) and after the last stage (blue), with intervals.`,
      alt: `${title} before and after, by language`,
      svg: barsPicture(findings, table, `${title} before and after, by language`),
    },
    changes(findings, table, title, against, name),
  ];
  const { worst, largestLoss } = table;
  if (worst) blocks.push(paragraph(`Worst after the last stage: ${worst.language}, ${sayValue(worst.value, unit)}.`));
  if (largestLoss)
    blocks.push(
      paragraph(
        `Lost most in one stage: ${largestLoss.language}, ${sayLoss(largestLoss.value, unit)} in stage ${largestLoss.row}.`,
      ),
    );
  blocks.push(...table.notes.map(paragraph));
  return blocks;
}

const FORWARD = {
  alone: 'how much better those that entered are than in a run of each alone',
  base: 'what the stages before had gained those that entered, over the base',
};

/** Why there is no number where a dash stands. */
function dashes({ average, backwardTransfer, forwardTransfer }: FindingTable): Block[] {
  const all = { average, 'backward transfer': backwardTransfer, 'forward transfer': forwardTransfer };
  const told = Object.entries(all).flatMap(([name, findings]) =>
    findings.flatMap(({ value, reason }, row) =>
      value === undefined && reason ? [`${name} ${row === 0 ? 'before' : `after ${row}`}: ${reason}`] : [],
    ),
  );
  return told.length > 0 ? [paragraph(`Where a dash stands. ${told.join('; ')}.`)] : [];
}

function changes(
  { rows, languages }: Findings,
  table: FindingTable,
  title: string,
  against: string,
  name: string,
): Block {
  return {
    kind: 'table',
    name: `${name}-changes`,
    caption: `${title} against the ${against}, with its interval and what it says.`,
    head: ['language', ...rows.slice(1).map(({ row, add }) => `after ${row}: + ${add.join(', ')}`)],
    rows: languages.map(({ code }) => [
      code,
      ...rows.slice(1).map(({ row }) => {
        const change = cellAt(table, row, code)?.change;
        return change ? sayChange(change, table, english) : '–';
      }),
    ]),
    words: 1 + rows.length,
  };
}

function confusions({ confusions: all, rows }: Findings): Block[] {
  if (all.length === 0) return [];
  const last = rows.length - 1;
  const shown = all.filter(({ row, features }) => row === last || features === 'log-mel' || row === 0);
  return [
    heading('Which language is it?'),
    paragraph(
      'A linear probe on windows of 0.24 s (mean over all hidden states), fitted on clips that train and asked about held-out ones; the same probe on 80 log-mel energies shows what needs no model.',
    ),
    ...shown.map(confusion),
  ];
}

function confusion({ row, features, languages, counts, accuracy, chance }: Confusion): Block {
  const of =
    features === 'log-mel'
      ? 'log-mel energies'
      : row === 0
        ? 'hidden states before'
        : `hidden states after stage ${row}`;
  return {
    kind: 'table',
    name: `confusion-${features === 'log-mel' ? 'mel' : 'states'}-${['a', 'b', 'c', 'd', 'e', 'f'][row] ?? 'x'}`,
    caption: `By ${of}: ${sayFinding(accuracy, 'share', english)} right, chance ${sayValue(chance, 'share')}. Rows: what was said; columns: what it was taken for.`,
    head: ['said', ...languages],
    rows: languages.map((language, i) => [language, ...counts[i].map(String)]),
    words: 1,
  };
}

function drift({ drift: all, rows }: Findings): Block[] {
  const last = all.filter(({ row }) => row === rows.length - 1);
  if (last.length === 0) return [];
  const layers = Math.max(...last.map((one) => one.layers.length));
  const label = (layer: number) => (layer === 0 ? 'input' : String(layer));
  return [
    heading('How far the layers have moved'),
    {
      kind: 'picture',
      name: 'drift',
      caption:
        '1 − linear CKA of each hidden state against the base, on the same frames of held-out speech, after the last stage: 0 is unchanged.',
      alt: 'Drift of each layer, a line a language',
      svg: driftPicture(last, 'Drift of each layer, a line a language'),
    },
    {
      kind: 'table',
      name: 'drift',
      caption: 'The same in numbers.',
      head: ['hidden state', ...last.map(({ language }) => language)],
      rows: Array.from({ length: layers }, (_, layer) => [
        label(layer),
        ...last.map((one) => one.layers[layer]?.toFixed(4) ?? '–'),
      ]),
      words: 1,
    },
  ];
}
