/** @file Readers of Common Voice: the releases with their tables of clips, and Spontaneous Speech. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Folder, resolveInside } from './paths.ts';
import { at, type Row, readTable } from './tables.ts';
import { badRow, ownColumn, splitNames, tidy } from './tabular.ts';
import type { Utterance } from './types.ts';

/** Which tables of a Common Voice release train. */
export type CommonVoiceTables = 'auto' | 'splits' | 'validated';

const own = ['train', 'dev', 'test'] as const;
/** `validated` is the better source where it has so many times the clips of `train` left. */
const better = 1.2;

interface Clip {
  row: Row;
  file: string;
  path: string;
  speaker: string;
}

/**
 * `train.tsv`, `dev.tsv`, `test.tsv`, `validated.tsv` beside `clips/`; `client_id` is the speaker. The splits leave most
 * of a small language out (one recording a sentence): where `validated.tsv`, less the speakers of dev and test, has
 * clearly more clips than `train.tsv`, it trains. Without rows in the splits it is all there is.
 */
export function readCommonVoice(folder: Folder, tables: CommonVoiceTables = 'auto'): Utterance[] {
  const read = (name: string) => (existsSync(join(folder.path, `${name}.tsv`)) ? clipsOf(folder, name) : []);
  if (folder.only && !own.some((name) => folder.only === `${name}.tsv`))
    return utterances(folder, clipsOf(folder, folder.only.replace(/\.tsv$/, '')), undefined);
  const [train, dev, test] = own.map((name) => (folder.only && folder.only !== `${name}.tsv` ? [] : read(name)));
  const validated = tables === 'splits' || folder.only ? [] : read('validated');
  const heldOut = new Set([...dev, ...test].map(({ speaker }) => speaker));
  const heldClips = new Set([...dev, ...test].map(({ path }) => path));
  const both = train.filter(({ path }) => heldClips.has(path));
  if (both.length > 0)
    folder.notes.push(`${both.length} clips of train.tsv are in dev or test too: they are held out.`);
  const trained = train.filter(({ path }) => !heldClips.has(path));
  const left = validated.filter(({ speaker }) => !heldOut.has(speaker));
  const named = new Set(left.map(({ path }) => path));
  const union = [...left, ...trained.filter(({ path }) => !named.has(path))];
  const useValidated = tables === 'validated' || union.length > better * trained.length;
  if (validated.length > 0 && train.length + dev.length + test.length > 0)
    folder.notes.push(
      useValidated
        ? `validated.tsv, less the speakers of dev and test, trains (${union.length} clips; train.tsv has ${trained.length}).`
        : `train.tsv trains (${trained.length} clips); validated.tsv would bring ${union.length - trained.length} more.`,
    );
  const splits = dev.length + test.length > 0 || (train.length > 0 && !useValidated);
  return [
    ...utterances(folder, useValidated ? union : trained, splits ? 'train' : undefined),
    ...utterances(folder, dev, 'dev'),
    ...utterances(folder, test, 'test'),
  ];
}

function clipsOf(folder: Folder, name: string): Clip[] {
  const file = join(folder.path, `${name}.tsv`);
  const bad = badRow(folder, file);
  const seen = new Set<string>();
  return readTable(file, ['client_id', 'path', ...ownColumn(folder)], bad).flatMap((row): Clip[] => {
    const [path, speaker] = [row.get('path'), row.get('client_id')];
    if (!path || !speaker) bad(row.line, `its "${path ? 'client_id' : 'path'}" is empty.`);
    else if (seen.has(path)) bad(row.line, `"${path}" came before.`);
    else {
      seen.add(path);
      return [{ row, file, path, speaker }];
    }
    return [];
  });
}

function utterances(folder: Folder, clips: readonly Clip[], split: Utterance['split']): Utterance[] {
  const base = existsSync(join(folder.path, 'clips')) ? join(folder.path, 'clips') : folder.path;
  return clips.map(({ row, file, path: named, speaker }) => {
    const path = resolveInside(folder, named, at(file, row.line), base);
    return tidy({ id: named, path, speaker, text: row.get(folder.textColumn ?? 'sentence'), split });
  });
}

/** `ss-corpus-<code>.tsv` beside `audios/`. */
export const spontaneousTable = (root: string): string | undefined =>
  readdirSync(root).find((name) => /^ss-corpus-.*\.tsv$/.test(name));

export function readSpontaneous(folder: Folder): Utterance[] {
  const file = join(folder.path, folder.only ?? spontaneousTable(folder.path)!);
  const base = existsSync(join(folder.path, 'audios')) ? join(folder.path, 'audios') : folder.path;
  const rows = readTable(file, ['client_id', 'audio_file', ...ownColumn(folder)], badRow(folder, file)).filter((row) =>
    row.get('audio_file'),
  );
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
