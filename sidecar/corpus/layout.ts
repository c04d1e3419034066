/** @file Tells which of the known layouts a data set has, and reads it. */
import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../errors.ts';
import { readCommonVoice, readSpontaneous, spontaneousTable } from './common-voice.ts';
import { looksLikeMlSuperb, readMlSuperb, readPlain } from './folders.ts';
import { kaldiFolders, readKaldi } from './kaldi.ts';
import {
  isFleursLine,
  metadataFiles,
  nemoManifests,
  readFleurs,
  readMetadata,
  readNemo,
  readVoxpopuli,
  voxpopuliTables,
} from './manifests.ts';
import { PackedRows } from './packed-rows.ts';
import { type Folder, openFolder } from './paths.ts';
import { readTable, regular } from './tables.ts';
import { readFairseq, readTsv } from './tabular.ts';
import { type Layout, type Listing, layouts, type ReadOptions, type Utterance, utteranceKinds } from './types.ts';

const splitTables = ['train', 'dev', 'valid', 'test', 'validated'];

/** Looks at names and first lines only. @throws UserError where neither folder nor manifest is there. */
export function detectLayout(root: string): Layout {
  const { path, only } = openFolder(root);
  return only ? layoutOfFile(path, only) : layoutOfFolder(path);
}

function layoutOfFolder(path: string): Layout {
  if (kaldiFolders(path).length) return 'kaldi';
  if (looksLikeMlSuperb(path)) return 'ml-superb';
  if (spontaneousTable(path)) return 'spontaneous-speech';
  if (voxpopuliTables(path).length) return 'voxpopuli';
  const heads = splitTables
    .map((name) => join(path, `${name}.tsv`))
    .filter(existsSync)
    .map(firstLine);
  if (heads.some(isFleursLine)) return 'fleurs';
  if (heads.length && existsSync(join(path, 'clips'))) return 'common-voice';
  if (heads.some(isFairseqRoot)) return 'fairseq';
  if (metadataFiles({ path }).length) return 'metadata';
  if (nemoManifests(path).length) return 'nemo';
  return manifest(path) ? 'tsv' : 'plain';
}

const isFairseqRoot = (head: string) => head !== '' && !head.includes('\t') && head !== 'path';

/** A manifest that is named itself. */
function layoutOfFile(folder: string, name: string): Layout {
  if (name === 'wav.scp') return 'kaldi';
  if (/^ss-corpus-.*\.tsv$/.test(name)) return 'spontaneous-speech';
  const head = firstLine(join(folder, name));
  if (/\.jsonl?$/.test(name)) return head.includes('"audio_filepath"') ? 'nemo' : 'metadata';
  if (/\.csv$/.test(name)) return 'metadata';
  if (/^asr_(train|dev|test)\.tsv$/.test(name)) return 'voxpopuli';
  if (isFleursLine(head)) return 'fleurs';
  const columns = head.split('\t');
  if (columns.includes('client_id') && columns.includes('path')) return 'common-voice';
  if (columns.includes('file_name')) return 'metadata';
  return isFairseqRoot(head) && /\.tsv$/.test(name) ? 'fairseq' : 'tsv';
}

/** Every utterance of the data set, in the manifest's order, and what was left out. @throws UserError `corpus.*` naming file and line. */
export function readListing(root: string, layout?: Layout, options: ReadOptions = {}): Listing {
  const folder = openFolder(root, options.allowOutside);
  const found = layout ?? (folder.only ? layoutOfFile(folder.path, folder.only) : descend(folder));
  if (options.textColumn !== undefined) useColumn(folder, found, options.textColumn);
  const utterances = new PackedRows<Utterance>(utteranceKinds, readers[found](folder, options));
  if (options.textColumn !== undefined && !utterances.some(({ text }) => text))
    throw noText(folder, options.textColumn);
  if (found === 'plain') lookAbove(folder);
  const { skipped, notes, annotated } = folder;
  if (utterances.length) return { layout: found, utterances, skipped, notes, annotated };
  const rows = skipped.length === 1 ? '1 row was' : `${skipped.length} rows were`;
  const first = skipped[0] ? ` ${rows} left out; the first, in ${skipped[0].path}: ${skipped[0].reason}` : '';
  throw new UserError({
    code: 'corpus.no-utterances',
    tried: `list the utterances of ${folder.path}`,
    why: `the folder, read as ${found}, names none.${first}`,
    cure: `Check the path, or name the layout: ${layouts.join(', ')}.`,
  });
}

export const readUtterances = (root: string, layout?: Layout, options: ReadOptions = {}): Utterance[] => [
  ...readListing(root, layout, options).utterances,
];

/** One folder too high: where it holds a single folder that is a data set, and no audio of its own, that one is meant. */
function descend(folder: Folder): Layout {
  for (let depth = 0; depth < 3; depth++) {
    const layout = layoutOfFolder(folder.path);
    if (layout !== 'plain') return layout;
    const entries = readdirSync(folder.path, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.'));
    const inside = entries.filter((entry) => entry.isDirectory());
    const below = inside.filter(({ name }) => isDataSet(join(folder.path, name)));
    if (inside.length !== entries.length || below.length !== 1 || inside.length > 1) return 'plain';
    folder.path = join(folder.path, below[0].name);
    folder.notes.push(`The data set lies one folder deeper: ${folder.path} is used.`);
  }
  return 'plain';
}

function isDataSet(path: string): boolean {
  try {
    return layoutOfFolder(path) !== 'plain';
  } catch (fault) {
    if (fault instanceof UserError || (fault as NodeJS.ErrnoException).code) return false;
    throw fault;
  }
}

/** One folder too low: `clips` of a Common Voice release has the audio, and its parent splits and speakers. */
function lookAbove(folder: Folder): void {
  const parent = dirname(folder.path);
  if (!/^(clips|audios?|wavs?)$/i.test(basename(folder.path)) || !isDataSet(parent)) return;
  folder.notes.push(
    `${parent} is a data set (${layoutOfFolder(parent)}) that names speakers or splits: name that one to use them.`,
  );
}

/** Layouts that are tables with a header, or records with names. */
const withColumns: readonly Layout[] = ['tsv', 'common-voice', 'spontaneous-speech', 'metadata', 'nemo'];

function useColumn(folder: Folder, layout: Layout, column: string): void {
  if (withColumns.includes(layout)) folder.textColumn = column;
  else
    throw new UserError({
      code: 'corpus.no-columns',
      tried: `take the transcripts of ${folder.path} from the column "${column}"`,
      why: `it is read as ${layout}, which has no columns.`,
      cure: `Leave the column out, or name a data set of one of ${withColumns.join(', ')}.`,
    });
}

const noText = (folder: Folder, column: string) =>
  new UserError({
    code: 'corpus.no-text',
    tried: `take the transcripts of ${folder.path} from the column "${column}"`,
    why: 'no utterance has anything in it.',
    cure: 'Name another column.',
  });

const readers: Record<Layout, (folder: Folder, options: ReadOptions) => Iterable<Utterance>> = {
  plain: readPlain,
  tsv: (folder) => {
    const file = folder.only ? join(folder.path, folder.only) : manifest(folder.path);
    if (!file) throw noManifest(folder.path, ['manifest.tsv', 'a single *.tsv']);
    return readTsv(folder, file);
  },
  'common-voice': (folder, { tables }) =>
    present(folder, ['train.tsv', 'dev.tsv', 'test.tsv', 'validated.tsv'], (one) => readCommonVoice(one, tables)),
  'spontaneous-speech': (folder) => {
    if (!folder.only && !spontaneousTable(folder.path)) throw noManifest(folder.path, ['ss-corpus-*.tsv']);
    return readSpontaneous(folder);
  },
  kaldi: (folder) => {
    if (!kaldiFolders(folder.path).length) throw noManifest(folder.path, ['wav.scp', '*/wav.scp']);
    return readKaldi(folder);
  },
  fairseq: (folder) => present(folder, ['train.tsv', 'valid.tsv', 'dev.tsv', 'test.tsv'], readFairseq),
  fleurs: (folder) => present(folder, ['train.tsv', 'dev.tsv', 'test.tsv'], readFleurs),
  metadata: (folder) => {
    if (!metadataFiles(folder).length) throw noManifest(folder.path, ['metadata.csv', 'metadata.jsonl']);
    return readMetadata(folder);
  },
  nemo: readNemo,
  voxpopuli: readVoxpopuli,
  'ml-superb': (folder) => present(folder, ['transcript_1h_train.txt', 'transcript_10min_train.txt'], readMlSuperb),
};

const labelColumns = ['locale', 'language', 'lang'];
/** Rows looked at: enough to see whether they agree. */
const labelRows = 1000;

/** What the tables of a data set say its language is, each word once: `yo`, `Yoruba`. Never throws. */
export function languageLabels(root: string, layout: Layout): string[] {
  if (!['common-voice', 'tsv', 'spontaneous-speech'].includes(layout)) return [];
  try {
    const { path, only } = openFolder(root);
    const table = only
      ? join(path, only)
      : layout === 'spontaneous-speech'
        ? join(path, spontaneousTable(path)!)
        : manifest(path);
    const splits = ['train', 'dev', 'test', 'validated'].map((name) => join(path, `${name}.tsv`));
    const file = layout === 'common-voice' && !only ? splits.find((name) => existsSync(name)) : table;
    const labels = new Set<string>();
    let looked = 0;
    for (const row of file ? readTable(file, [], () => {}) : []) {
      for (const column of labelColumns) for (const label of [row.get(column)]) if (label) labels.add(label);
      if (++looked === labelRows) break;
    }
    return [...labels];
  } catch (fault) {
    if (fault instanceof UserError) return [];
    throw fault;
  }
}

function present(folder: Folder, files: string[], read: (folder: Folder) => Iterable<Utterance>): Iterable<Utterance> {
  if (folder.only || files.some((name) => existsSync(join(folder.path, name)))) return read(folder);
  throw noManifest(folder.path, files);
}

function noManifest(path: string, files: string[]): UserError {
  const why = `none of ${files.join(', ')} is in it.`;
  return new UserError({
    code: 'corpus.no-manifest',
    tried: `read the data set ${path}`,
    why,
    cure: 'Check the path and the layout.',
  });
}

/** `manifest.tsv`, or the one table there is. */
function manifest(path: string): string | undefined {
  const tables = readdirSync(path).filter((name) => name.endsWith('.tsv') && !name.startsWith('.'));
  const name = tables.includes('manifest.tsv') ? 'manifest.tsv' : tables.length === 1 ? tables[0] : undefined;
  return name && join(path, name);
}

function firstLine(file: string): string {
  const head = Buffer.alloc(4096);
  regular(file);
  const handle = openSync(file, 'r');
  try {
    const text = head.toString('utf8', 0, readSync(handle, head, 0, head.length, 0));
    return text
      .replace(/^\uFEFF/, '')
      .split('\n')[0]
      .trim();
  } finally {
    closeSync(handle);
  }
}
