/** @file Readers of Common Voice: the releases with their tables of clips, and Spontaneous Speech. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PackedRows } from './packed-rows.ts';
import { type Folder, resolveInside } from './paths.ts';
import { joined, type Rows } from './rows.ts';
import { at, Names, readTable } from './tables.ts';
import { badRow, ownColumn, splitNames, tidy } from './tabular.ts';
import type { Utterance } from './types.ts';

/** Which tables of a Common Voice release train. */
export type CommonVoiceTables = 'auto' | 'splits' | 'validated';

const own = ['train', 'dev', 'test'] as const;
/** `validated` is the better source where it has so many times the clips of `train` left. */
const better = 1.2;

interface Clip {
  path: string;
  speaker: string;
  text?: string;
  file: string;
  line: number;
}

const clipRows = (rows?: Iterable<Clip>) =>
  new PackedRows<Clip>({ path: 'text', speaker: 'word', text: 'text', file: 'word', line: 'count' }, rows);

/**
 * `train.tsv`, `dev.tsv`, `test.tsv`, `validated.tsv` beside `clips/`; `client_id` is the speaker. The splits leave most
 * of a small language out (one recording a sentence): where `validated.tsv`, less the speakers of dev and test, has
 * clearly more clips than `train.tsv`, it trains. Without rows in the splits it is all there is.
 */
export function* readCommonVoice(folder: Folder, tables: CommonVoiceTables = 'auto'): Generator<Utterance> {
  const none = clipRows();
  const read = (name: string) =>
    existsSync(join(folder.path, `${name}.tsv`)) ? clipRows(clipsOf(folder, name)) : none;
  if (folder.only && !own.some((name) => folder.only === `${name}.tsv`))
    return yield* utterances(folder, clipRows(clipsOf(folder, folder.only.replace(/\.tsv$/, ''))), undefined);
  const [train, dev, test] = own.map((name) => (folder.only && folder.only !== `${name}.tsv` ? none : read(name)));
  const validated = tables === 'splits' || folder.only ? none : read('validated');
  const heldOut = new Set<string>();
  const heldClips = new Names();
  for (const { speaker, path } of joined([dev, test])) {
    heldOut.add(speaker);
    heldClips.add(path);
  }
  const both = train.filter(({ path }) => heldClips.has(path));
  if (both.length > 0)
    folder.notes.push(`${both.length} clips of train.tsv are in dev or test too: they are held out.`);
  const trained = train.filter(({ path }) => !heldClips.has(path));
  const left = validated.filter(({ speaker }) => !heldOut.has(speaker));
  const named = new Names();
  for (const { path } of left) named.add(path);
  const union = joined([left, trained.filter(({ path }) => !named.has(path))]);
  const useValidated = tables === 'validated' || union.length > better * trained.length;
  if (validated.length > 0 && train.length + dev.length + test.length > 0)
    folder.notes.push(
      useValidated
        ? `validated.tsv, less the speakers of dev and test, trains (${union.length} clips; train.tsv has ${trained.length}).`
        : `train.tsv trains (${trained.length} clips); validated.tsv would bring ${union.length - trained.length} more.`,
    );
  const splits = dev.length + test.length > 0 || (train.length > 0 && !useValidated);
  yield* utterances(folder, useValidated ? union : trained, splits ? 'train' : undefined);
  yield* utterances(folder, dev, 'dev');
  yield* utterances(folder, test, 'test');
}

function* clipsOf(folder: Folder, name: string): Generator<Clip> {
  const file = join(folder.path, `${name}.tsv`);
  const bad = badRow(folder, file);
  const seen = new Names();
  for (const row of readTable(file, ['client_id', 'path', ...ownColumn(folder)], bad)) {
    const [path, speaker] = [row.get('path'), row.get('client_id')];
    if (!path || !speaker) bad(row.line, `its "${path ? 'client_id' : 'path'}" is empty.`);
    else if (!seen.add(path)) bad(row.line, `"${path}" came before.`);
    else yield { path, speaker, text: row.get(folder.textColumn ?? 'sentence'), file, line: row.line };
  }
}

function* utterances(folder: Folder, clips: Rows<Clip>, split: Utterance['split']): Generator<Utterance> {
  const base = existsSync(join(folder.path, 'clips')) ? join(folder.path, 'clips') : folder.path;
  for (const { file, line, path: named, speaker, text } of clips) {
    const path = resolveInside(folder, named, at(file, line), base);
    yield tidy({ id: named, path, speaker, text, split });
  }
}

/** `ss-corpus-<code>.tsv` beside `audios/`. */
export const spontaneousTable = (root: string): string | undefined =>
  readdirSync(root).find((name) => /^ss-corpus-.*\.tsv$/.test(name));

export function readSpontaneous(folder: Folder): Utterance[] {
  const file = join(folder.path, folder.only ?? spontaneousTable(folder.path)!);
  const base = existsSync(join(folder.path, 'audios')) ? join(folder.path, 'audios') : folder.path;
  const all = readTable(file, ['client_id', 'audio_file', ...ownColumn(folder)], badRow(folder, file));
  const rows = [...all].filter((row) => row.get('audio_file'));
  const given = rows.map((row) => splitNames[row.get('split')?.toLowerCase() ?? '']);
  // All in one split is none.
  const splits = new Set(given).size > 1;
  return rows.map((row, i) => {
    const named = row.need('audio_file');
    const path = resolveInside(folder, named, at(file, row.line), base);
    const [speaker, text] = [row.get('client_id'), row.get(folder.textColumn ?? 'transcription')];
    return tidy({ id: named, path, speaker, text, split: splits ? given[i] : undefined });
  });
}
