/** @file Tells which of the known layouts a folder has, and reads it. */
import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { looksLikeMlSuperb, readMlSuperb, readPlain } from './folders.ts';
import { kaldiFolders, readKaldi } from './kaldi.ts';
import { type Folder, openFolder } from './paths.ts';
import { readTable, regular } from './tables.ts';
import { readCommonVoice, readFairseq, readTsv } from './tabular.ts';
import type { Layout, ReadOptions, Utterance } from './types.ts';

/** Looks at names and first lines only. @throws UserError where the folder is not there. */
export function detectLayout(root: string): Layout {
  const { path } = openFolder(root);
  if (kaldiFolders(path).length) return 'kaldi';
  if (looksLikeMlSuperb(path)) return 'ml-superb';
  const splits = ['train', 'dev', 'valid', 'test', 'validated'].filter((name) => existsSync(join(path, `${name}.tsv`)));
  const heads = splits.map((name) => firstLine(join(path, `${name}.tsv`)));
  if (heads.length && existsSync(join(path, 'clips'))) return 'common-voice';
  if (heads.some((head) => head !== '' && !head.includes('\t') && head !== 'path')) return 'fairseq';
  if (manifest(path)) return 'tsv';
  return 'plain';
}

/** Every utterance of the folder, in the manifest's order. @throws UserError `corpus.*` naming file and line. */
export function readUtterances(
  root: string,
  layout: Layout = detectLayout(root),
  options: ReadOptions = {},
): Utterance[] {
  const folder = openFolder(root, options.allowOutside);
  const utterances = readers[layout](folder);
  if (utterances.length) return utterances;
  throw new UserError({
    code: 'corpus.no-utterances',
    tried: `list the utterances of ${folder.path}`,
    why: `the folder, read as ${layout}, names none.`,
    cure: 'Check the path, or name the layout: plain, tsv, common-voice, kaldi, fairseq or ml-superb.',
  });
}

const readers: Record<Layout, (folder: Folder) => Utterance[]> = {
  plain: readPlain,
  tsv: (folder) => {
    const file = manifest(folder.path);
    if (!file) throw noManifest(folder.path, ['manifest.tsv', 'a single *.tsv']);
    return readTsv(folder, file);
  },
  'common-voice': (folder) => present(folder, ['train.tsv', 'dev.tsv', 'test.tsv', 'validated.tsv'], readCommonVoice),
  kaldi: (folder) => present(folder, ['wav.scp', 'train/wav.scp', 'dev/wav.scp', 'test/wav.scp'], readKaldi),
  fairseq: (folder) => present(folder, ['train.tsv', 'valid.tsv', 'dev.tsv', 'test.tsv'], readFairseq),
  'ml-superb': (folder) => present(folder, ['transcript_1h_train.txt', 'transcript_10min_train.txt'], readMlSuperb),
};

const labelColumns = ['locale', 'language', 'lang'];
/** Rows looked at: enough to see whether they agree. */
const labelRows = 1000;

/** What the tables of a data set say its language is, each word once: `yo`, `Yoruba`. Never throws. */
export function languageLabels(root: string, layout: Layout): string[] {
  if (layout !== 'common-voice' && layout !== 'tsv') return [];
  try {
    const { path } = openFolder(root);
    const table = manifest(path);
    const splits = ['train', 'dev', 'test', 'validated'].map((name) => join(path, `${name}.tsv`));
    const file = layout === 'tsv' ? table : splits.find((name) => existsSync(name));
    const rows = file ? readTable(file, ['path']).slice(0, labelRows) : [];
    return [...new Set(rows.flatMap((row) => labelColumns.flatMap((column) => row.get(column) ?? [])))];
  } catch (fault) {
    if (fault instanceof UserError) return [];
    throw fault;
  }
}

function present(folder: Folder, files: string[], read: (folder: Folder) => Utterance[]): Utterance[] {
  if (files.some((name) => existsSync(join(folder.path, name)))) return read(folder);
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
