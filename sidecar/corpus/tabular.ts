/** @file Readers of layouts that are tables: a TSV manifest, fairseq. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Folder, resolveInside } from './paths.ts';
import { at, type Line, lineError, type OnBadRow, readLines, readTable, UniqueIds } from './tables.ts';
import type { Utterance } from './types.ts';

type Split = NonNullable<Utterance['split']>;

export const splitNames: Record<string, Split> = {
  train: 'train',
  training: 'train',
  dev: 'dev',
  valid: 'dev',
  validation: 'dev',
  test: 'test',
};

/** `path`, and where there are: `id`, `text`, `speaker`, `split`, `start`, `end` (seconds). `duration` is measured anew. */
export function* readTsv(folder: Folder, file: string): Generator<Utterance> {
  const ids = new UniqueIds();
  for (const row of readTable(file, ['path', ...ownColumn(folder)], badRow(folder, file))) {
    const named = row.need('path');
    const startSeconds = seconds(row.get('start'), 'start', file, row.line);
    const endSeconds = seconds(row.get('end'), 'end', file, row.line);
    if (endSeconds !== undefined && endSeconds <= (startSeconds ?? 0)) {
      throw lineError(
        'bad-segment',
        file,
        row.line,
        `it ends at ${endSeconds} s, before it starts.`,
        'Correct the times.',
      );
    }
    const segment =
      startSeconds === undefined && endSeconds === undefined ? '' : `#${startSeconds ?? 0}-${endSeconds ?? ''}`;
    const id = row.get('id') ?? named + segment;
    ids.add(id, file, row.line);
    const split = row.get('split');
    if (split !== undefined && !Object.hasOwn(splitNames, split.toLowerCase())) {
      const cure = `Use one of ${Object.keys(splitNames).join(', ')}.`;
      throw lineError('unknown-split', file, row.line, `the split "${split}" is not known.`, cure);
    }
    yield tidy({
      id,
      path: resolveInside(folder, named, at(file, row.line)),
      speaker: row.get('speaker'),
      text: row.get(folder.textColumn ?? 'text'),
      split: split ? splitNames[split.toLowerCase()] : undefined,
      startSeconds,
      endSeconds,
    });
  }
}

/** The column of transcripts, where one is named: then it must be there. */
export const ownColumn = ({ textColumn }: Folder): string[] => (textColumn === undefined ? [] : [textColumn]);

/** A row that cannot be used, told with the file that it stands in. */
export const badRow =
  (folder: Folder, file: string): OnBadRow =>
  (line, reason) =>
    folder.skipped.push({ id: `line ${line}`, path: file, reasonCode: 'bad-row', reason: `Line ${line}: ${reason}` });

function seconds(cell: string | undefined, column: string, file: string, line: number): number | undefined {
  if (cell === undefined) return undefined;
  const value = Number(cell);
  if (Number.isFinite(value) && value >= 0) return value;
  throw lineError('bad-number', file, line, `"${column}" is "${cell}"; seconds are expected.`, 'Correct the number.');
}

/** `train.tsv`, `valid.tsv`, `test.tsv`: the audio's folder in the first line, then path and number of samples. */
export function* readFairseq(folder: Folder): Generator<Utterance> {
  const ids = new UniqueIds();
  const named = folder.only?.replace(/\.tsv$/, '');
  const splits = named
    ? [named]
    : ['train', 'valid', 'dev', 'test'].filter((name) => existsSync(join(folder.path, `${name}.tsv`)));
  for (const name of splits) {
    const file = join(folder.path, `${name}.tsv`);
    const lines = readLines(file);
    const root: Line | undefined = lines.next().value ?? undefined;
    if (!root || root.text.includes('\t')) {
      throw lineError(
        'no-root',
        file,
        root?.number ?? 1,
        'its first line must be the folder of the audio.',
        'Add that line.',
      );
    }
    const base = resolveInside(folder, root.text.trim(), at(file, root.number));
    for (const { number, text } of lines) {
      const cells = text.split('\t');
      if (cells.length !== 2 || !/^[1-9]\d*$/.test(cells[1].trim())) {
        const why = `"${text.slice(0, 80)}" is not a path, a tab and a number of samples.`;
        throw lineError('column-count', file, number, why, 'Write each line as path<TAB>samples.');
      }
      const named = cells[0].trim();
      ids.add(named, file, number);
      const path = resolveInside(folder, named, at(file, number), base);
      // A lone train.tsv leaves the choice of the held-out part to us.
      yield tidy({ id: named, path, split: splits.length > 1 ? splitNames[name] : undefined });
    }
  }
}

/** Without the keys that are undefined. */
export function tidy(utterance: Utterance): Utterance {
  return Object.fromEntries(
    Object.entries(utterance).filter(([, value]) => value !== undefined),
  ) as unknown as Utterance;
}
