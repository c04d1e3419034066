/** @file Readers of manifests that other tools write: FLEURS, Hugging Face's audio folders, NeMo, VoxPopuli. */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { extname, join } from 'node:path';
import { parse as parseCsv } from 'csv-parse/sync';
import { parseJson } from '../json.ts';
import { blameNoFile } from '../machine.ts';
import { splitOf } from './kaldi.ts';
import { type Folder, resolveInside } from './paths.ts';
import { at, lineError, Names, readLines, readTable, regular } from './tables.ts';
import { badRow, splitNames, tidy } from './tabular.ts';
import type { Utterance } from './types.ts';

const fleursSplits = ['train', 'dev', 'test'] as const;

/** Seven columns and no header: id, file, two transcriptions, phones, samples, gender. */
export const isFleursLine = (line: string): boolean => {
  const cells = line.split('\t');
  return cells.length === 7 && /^\d+$/.test(cells[0]) && /\.wav$/i.test(cells[1]) && /^\d+$/.test(cells[5]);
};

/** `train.tsv`, `dev.tsv`, `test.tsv` beside `audio/<split>/`. FLEURS names no speakers. */
export function* readFleurs(folder: Folder): Generator<Utterance> {
  const present = fleursSplits.filter((split) =>
    folder.only ? folder.only === `${split}.tsv` : existsSync(join(folder.path, `${split}.tsv`)),
  );
  for (const split of present) {
    const file = join(folder.path, `${split}.tsv`);
    const own = join(folder.path, 'audio', split);
    const base = existsSync(own) ? own : existsSync(join(folder.path, split)) ? join(folder.path, split) : folder.path;
    const seen = new Names();
    const bad = badRow(folder, file);
    for (const { number, text } of readLines(file)) {
      const cells = text.split('\t');
      if (!isFleursLine(text)) bad(number, `it has ${cells.length} columns, not FLEURS's seven.`);
      else if (!seen.add(cells[1])) bad(number, `"${cells[1]}" came before.`);
      else {
        const path = resolveInside(folder, cells[1], at(file, number), base);
        yield tidy({
          id: `${split}/${cells[1]}`,
          path,
          text: cells[2],
          split: present.length > 1 ? split : undefined,
        });
      }
    }
  }
}

export const metadataNames = ['metadata.csv', 'metadata.jsonl', 'metadata.tsv'];
const audioColumns = ['file_name', 'audio_filepath', 'audio', 'path', 'file', 'wav', 'audio_file'];
const textColumns = ['transcription', 'text', 'sentence', 'transcript', 'normalized_text'];
const speakerColumns = ['speaker_id', 'speaker', 'client_id'];

type Record_ = Readonly<Record<string, unknown>>;

/** `metadata.csv` or `metadata.jsonl` with `file_name` (Hugging Face), beside the audio or a folder a split. */
export function* readMetadata(folder: Folder): Generator<Utterance> {
  const found = metadataFiles(folder);
  for (const { file, split } of found) yield* readRecords(folder, file, split && found.length > 1 ? split : undefined);
}

export function metadataFiles(folder: Pick<Folder, 'path' | 'only'>): { file: string; split?: Utterance['split'] }[] {
  if (folder.only) return [{ file: join(folder.path, folder.only) }];
  const here = metadataNames.find((name) => existsSync(join(folder.path, name)));
  if (here) return [{ file: join(folder.path, here) }];
  return readdirSync(folder.path, { withFileTypes: true }).flatMap((entry) => {
    const name = entry.isDirectory() && metadataNames.find((one) => existsSync(join(folder.path, entry.name, one)));
    return name ? [{ file: join(folder.path, entry.name, name), split: splitOf(entry.name) }] : [];
  });
}

/** NeMo: a JSON object a line with `audio_filepath`, `duration`, `text`, and `offset` where it is a segment. */
export function* readNemo(folder: Folder): Generator<Utterance> {
  const names = folder.only ? [folder.only] : nemoManifests(folder.path);
  for (const name of names) {
    const split = names.length > 1 ? splitOf(name.replace(/^.*?(train|dev|valid|test|eval)/i, '$1')) : undefined;
    yield* readRecords(folder, join(folder.path, name), split);
  }
}

export const nemoManifests = (root: string): string[] =>
  readdirSync(root).filter((name) => /\.jsonl?$/.test(name) && firstOf(join(root, name)).includes('"audio_filepath"'));

function firstOf(file: string): string {
  try {
    regular(file);
    const handle = openSync(file, 'r');
    try {
      const head = Buffer.alloc(2000);
      return head.toString('utf8', 0, readSync(handle, head)).split('\n')[0];
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    blameNoFile(`read ${file}`, error);
    return '';
  }
}

const most = 64 << 20;

function* recordsOf(file: string): Generator<{ line: number; record: Record_ | undefined }> {
  const delimiter = { '.csv': ',', '.tsv': '\t' }[extname(file)];
  if (delimiter === undefined) {
    for (const { number, text } of readLines(file)) yield { line: number, record: objectIn(text) };
    return;
  }
  if (regular(file).size > most)
    throw lineError('manifest-too-large', file, 1, `it has more than ${most} bytes.`, 'Split it.');
  const options = {
    columns: true as const,
    bom: true,
    delimiter,
    info: true,
    relaxColumnCount: true,
    skipEmptyLines: true,
    // Told, since finding it out makes three buffers for each character of the first line.
    recordDelimiter: ['\r\n', '\n', '\r'],
  };
  let rows: { record: Record_; info: { lines: number } }[];
  try {
    rows = parseCsv(readFileSync(file, 'utf8'), { ...options, quote: delimiter === ',' ? '"' : null }) as never;
  } catch (error) {
    throw lineError(
      'not-csv',
      file,
      1,
      `it is not ${delimiter === ',' ? 'CSV' : 'TSV'}: ${(error as Error).message}.`,
      'Save it as CSV in UTF-8.',
    );
  }
  for (const { record, info } of rows) yield { line: info.lines, record };
}

function objectIn(text: string): Record_ | undefined {
  try {
    const value = parseJson(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record_) : undefined;
  } catch {
    return undefined;
  }
}

function* readRecords(folder: Folder, file: string, split: Utterance['split']): Generator<Utterance> {
  const bad = badRow(folder, file);
  const base = join(file, '..');
  const seen = new Names();
  for (const { line, record } of recordsOf(file)) {
    const cell = (columns: readonly string[]) => {
      for (const column of columns) {
        const value = record?.[column];
        if (typeof value === 'string' && value.trim() !== '') return value.trim();
        if (typeof value === 'number') return String(value);
      }
      return undefined;
    };
    const named = cell(audioColumns);
    if (!named) {
      bad(line, record ? `it has none of ${audioColumns.slice(0, 3).join(', ')}.` : 'it is not a JSON object.');
      continue;
    }
    const [offset, duration] = [Number(record!.offset ?? Number.NaN), Number(record!.duration ?? Number.NaN)];
    // An offset of 0 with a duration is the whole recording as often as a segment: the scan knows its length.
    const isSegment = Number.isFinite(offset) && offset >= 0 && duration > 0;
    const id = isSegment && offset > 0 ? `${named}#${offset}` : named;
    if (!seen.add(id)) {
      bad(line, `"${id}" came before.`);
      continue;
    }
    const said = cell(['split']);
    yield tidy({
      id,
      path: resolveInside(folder, named, at(file, line), base),
      speaker: cell(speakerColumns),
      text: cell(folder.textColumn ? [folder.textColumn] : textColumns),
      split: split ?? (said ? splitNames[said.toLowerCase()] : undefined),
      startSeconds: isSegment ? offset : undefined,
      endSeconds: isSegment ? offset + duration : undefined,
    });
  }
}

/** `asr_train.tsv` and its like: `id`, `speaker_id`, `split`; the audio lies below, by year or split. */
export const voxpopuliTables = (root: string): string[] =>
  readdirSync(root).filter((name) => /^asr_(train|dev|test)\.tsv$/.test(name));

export function* readVoxpopuli(folder: Folder): Generator<Utterance> {
  const files = folder.only ? [folder.only] : voxpopuliTables(folder.path);
  const audio = new Map<string, string>();
  for (const name of readdirSync(folder.path, { recursive: true }) as string[])
    if (/\.(ogg|wav|flac|mp3|opus)$/i.test(name))
      audio.set(
        name
          .split(/[\\/]/)
          .at(-1)!
          .replace(/\.[^.]+$/, ''),
        name,
      );
  for (const name of files) {
    const file = join(folder.path, name);
    for (const row of readTable(file, ['id'], badRow(folder, file))) {
      const id = row.need('id');
      const path = resolveInside(folder, audio.get(id) ?? `${id}.ogg`, at(file, row.line));
      const split = splitNames[row.get('split')?.toLowerCase() ?? ''] ?? splitOf(name.slice(4));
      yield tidy({ id, path, speaker: row.get('speaker_id'), text: row.get('normalized_text'), split });
    }
  }
}
