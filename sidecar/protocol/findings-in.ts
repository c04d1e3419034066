/**
 * @file Whether a value is `Findings`: a run's folder may come from anyone, so every field is looked at, texts are cut, and
 * the first thing that is wrong is named with its place. The reader of the file and the dashboard both ask here.
 */
import type { Cell, Change, Confusion, Drift, Example, Examples, Finding, Findings, FindingTable } from './findings.ts';
import type { FindingsFault } from './findings-fault.ts';
import { Wrong } from './findings-fault.ts';
import { type Found, field, list, number, object, oneOf, optional, records, share, text, whole } from './found.ts';

const most = {
  rows: 400,
  languages: 500,
  tables: 60,
  notes: 50,
  confusions: 800,
  drift: 50_000,
  layers: 400,
  examples: 20_000,
  worst: 50,
  skipped: 5000,
};

/** As long as the dashboard's own codes, so that a language is the same one everywhere. */
const code = (found: Found) => text(found, 80);

/** What a JSON text held; never throws for it. */
export function findingsIn(value: unknown): { findings: Findings } | { fault: FindingsFault } {
  try {
    return { findings: findings({ at: '', value }) };
  } catch (error) {
    if (error instanceof Wrong) return { fault: error.fault };
    throw error;
  }
}

function findings(all: Found): Findings {
  const whatever = object(all).version;
  if (whatever !== 1) throw new Wrong({ code: 'version', version: String(whatever).slice(0, 20) });
  const rows = list(field(all, 'rows'), most.rows, (one, index) => {
    const row = whole(field(one, 'row'));
    if (row !== index) throw new Wrong({ code: 'field', at: `${one.at}.row`, what: 'order' });
    return {
      row,
      step: whole(field(one, 'step')),
      add: list(field(one, 'add'), most.languages, code),
      seconds: number(field(one, 'seconds')),
    };
  });
  const languages = list(field(all, 'languages'), most.languages, (one) => ({
    code: code(field(one, 'code')),
    role: oneOf(field(one, 'role'), ['existing', 'new'] as const),
    entered: whole(field(one, 'entered')),
    seconds: number(field(one, 'seconds')),
    utterances: whole(field(one, 'utterances')),
    speakers: whole(field(one, 'speakers')),
  }));
  if (new Set(languages.map((one) => one.code)).size < languages.length)
    throw new Wrong({ code: 'field', at: 'languages', what: 'twice' });
  const row = (found: Found) => whole(found, rows.length - 1);
  return {
    version: 1,
    rows,
    languages,
    tables: list(field(all, 'tables'), most.tables, (one) => table(one, rows.length)),
    confusions: list(field(all, 'confusions'), most.confusions, (one) => confusion(one, row)),
    drift: list(
      field(all, 'drift'),
      most.drift,
      (one): Drift => ({
        row: row(field(one, 'row')),
        language: code(field(one, 'language')),
        layers: list(field(one, 'layers'), most.layers, (layer) => (layer.value === null ? null : number(layer))),
      }),
    ),
    examples: list(
      field(all, 'examples'),
      most.examples,
      (one): Examples => ({
        measure: text(field(one, 'measure'), 80),
        language: code(field(one, 'language')),
        row: row(field(one, 'row')),
        worst: list(field(one, 'worst'), most.worst, example),
        lostMost: list(field(one, 'lostMost'), most.worst, example),
      }),
    ),
    skipped: list(field(all, 'skipped'), most.skipped, (one) => ({
      measure: text(field(one, 'measure'), 80),
      reason: text(field(one, 'reason'), 600),
    })),
    ...optional(all, 'costShare', number),
    ...optional(all, 'parameters', (one) => ({
      base: whole(field(one, 'base')),
      experts: whole(field(one, 'experts')),
      routers: whole(field(one, 'routers')),
      baseTrained: whole(field(one, 'baseTrained')),
      head: whole(field(one, 'head')),
    })),
    draws: whole(field(all, 'draws')),
    level: share(field(all, 'level')),
    seed: number(field(all, 'seed')),
  };
}

function table(one: Found, rows: number): FindingTable {
  return {
    measure: text(field(one, 'measure'), 80),
    unit: text(field(one, 'unit'), 40),
    better: oneOf(field(one, 'better'), ['lower', 'higher'] as const),
    against: oneOf(field(one, 'against'), ['base', 'control'] as const),
    rows: list(field(one, 'rows'), rows, (row) => records(row, most.languages, cell)),
    ...optional(one, 'compared', (found) => list(found, rows, (row) => records(row, most.languages, finding))),
    average: list(field(one, 'average'), rows, finding),
    backwardTransfer: list(field(one, 'backwardTransfer'), rows, finding),
    forwardTransfer: list(field(one, 'forwardTransfer'), rows, finding),
    ...optional(one, 'forwardAgainst', (found) => oneOf(found, ['alone', 'base'] as const)),
    ...optional(one, 'worst', (found) => ({
      language: code(field(found, 'language')),
      value: number(field(found, 'value')),
    })),
    ...optional(one, 'largestLoss', (found) => ({
      language: code(field(found, 'language')),
      row: whole(field(found, 'row'), rows - 1),
      value: number(field(found, 'value')),
    })),
    notes: list(field(one, 'notes'), most.notes, (note) => text(note, 600)),
  };
}

function finding(one: Found): Finding {
  const { value, low, high } = {
    ...optional(one, 'value', number),
    ...optional(one, 'low', number),
    ...optional(one, 'high', number),
  };
  if (low !== undefined && high !== undefined && low > high)
    throw new Wrong({ code: 'field', at: one.at, what: 'order' });
  return {
    ...(value === undefined ? {} : { value }),
    // Half an interval is none.
    ...(value === undefined || low === undefined || high === undefined ? {} : { low, high }),
    ...optional(one, 'by', (found) => oneOf(found, ['speaker', 'utterance'] as const)),
    ...optional(one, 'drawn', (found) => whole(found)),
    ...optional(one, 'reason', (found) => text(found, 600)),
  };
}

function cell(one: Found): Cell {
  return { ...finding(one), ...optional(one, 'change', change) };
}

function change(one: Found): Change {
  const said = oneOf(field(one, 'verdict'), ['better', 'worse', 'cannot tell'] as const);
  const found = finding(one);
  // What has no interval cannot be told, whatever the file claims.
  return { ...found, verdict: found.low === undefined ? 'cannot tell' : said };
}

function confusion(one: Found, row: (found: Found) => number): Confusion {
  const languages = list(field(one, 'languages'), most.languages, code);
  const counts = list(field(one, 'counts'), languages.length, (line) => {
    const found = list(line, languages.length, (count) => whole(count));
    if (found.length < languages.length) throw new Wrong({ code: 'field', at: line.at, what: 'size' });
    return found;
  });
  if (counts.length < languages.length) throw new Wrong({ code: 'field', at: `${one.at}.counts`, what: 'size' });
  return {
    row: row(field(one, 'row')),
    features: oneOf(field(one, 'features'), ['states', 'log-mel'] as const),
    languages,
    counts,
    accuracy: finding(field(one, 'accuracy')),
    chance: share(field(one, 'chance')),
  };
}

function example(one: Found): Example {
  const words = (found: Found) => text(found, 2000);
  return {
    id: text(field(one, 'id'), 400),
    ...optional(one, 'speaker', (found) => text(found, 200)),
    seconds: number(field(one, 'seconds')),
    // Never cut: another path is another file.
    ...optional(one, 'path', (found) => text(found, 4096, false)),
    ...optional(one, 'startSeconds', number),
    value: number(field(one, 'value')),
    ...optional(one, 'before', number),
    ...optional(one, 'reference', words),
    ...optional(one, 'heard', words),
    ...optional(one, 'heardBefore', words),
  };
}
