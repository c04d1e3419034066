/** @file Reads a Kaldi data folder: `wav.scp`, and where there are `segments`, `text`, `utt2spk`. Never runs a command. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Folder, resolveInside } from './paths.ts';
import { at, lineError, readLines, readPairs, UniqueIds } from './tables.ts';
import { tidy } from './tabular.ts';
import type { Utterance } from './types.ts';

/** Folders beside each other, as recipes make them, become splits. */
export function kaldiFolders(root: string): { path: string; split?: Utterance['split'] }[] {
  if (existsSync(join(root, 'wav.scp'))) return [{ path: root }];
  const named = [
    { path: join(root, 'train'), split: 'train' as const },
    { path: join(root, 'dev'), split: 'dev' as const },
    { path: join(root, 'test'), split: 'test' as const },
  ];
  return named.filter(({ path }) => existsSync(join(path, 'wav.scp')));
}

/** Relative paths start at the folder of `wav.scp`. */
export function readKaldi(folder: Folder): Utterance[] {
  const ids = new UniqueIds();
  return kaldiFolders(folder.path).flatMap(({ path, split }) => {
    const scp = join(path, 'wav.scp');
    const recordings = readRecordings(folder, scp);
    const segments = join(path, 'segments');
    const utterances = existsSync(segments) ? readSegments(segments, recordings, scp) : recordings;
    const text = optional(join(path, 'text'), 'text', utterances, scp);
    const speakers = optional(join(path, 'utt2spk'), 'a speaker', utterances, scp);
    return [...utterances].map(([id, found]) => {
      ids.add(id, found.file, found.line);
      if (speakers && !speakers.has(id)) {
        const cure = 'Add the line, or remove utt2spk.';
        throw lineError('missing-speaker', join(path, 'utt2spk'), 1, `it has no line for "${id}".`, cure);
      }
      const { startSeconds, endSeconds } = found;
      const speaker = speakers?.get(id)?.value;
      return tidy({ id, path: found.path, speaker, text: text?.get(id)?.value, split, startSeconds, endSeconds });
    });
  });
}

interface Found {
  path: string;
  file: string;
  line: number;
  startSeconds?: number;
  endSeconds?: number;
}

function readRecordings(folder: Folder, scp: string): Map<string, Found> {
  const recordings = new Map<string, Found>();
  for (const [id, { value, line }] of readPairs(scp, 'a path')) {
    if (value.endsWith('|') || value.startsWith('|') || value === '-') {
      const why = `"${id}" is a command ("${value.slice(0, 80)}"), and nothing in a data set is executed.`;
      throw lineError('pipe', scp, line, why, 'Run the commands yourself, save the audio as files and name those.');
    }
    if (/\.ark:\d+$/.test(value)) {
      throw lineError(
        'archive',
        scp,
        line,
        `"${id}" lies in a Kaldi archive (${value}).`,
        'Extract the audio to files.',
      );
    }
    recordings.set(id, { path: resolveInside(folder, value, at(scp, line), dirname(scp)), file: scp, line });
  }
  return recordings;
}

function readSegments(file: string, recordings: Map<string, Found>, scp: string): Map<string, Found> {
  const segments = new Map<string, Found>();
  const ids = new UniqueIds();
  for (const { number, text } of readLines(file)) {
    const cells = text.trim().split(/\s+/);
    const [id, recording, start, end] = [cells[0], cells[1], Number(cells[2]), Number(cells[3])];
    if (cells.length !== 4) {
      const why = `the line has ${cells.length} columns; utterance, recording, start and end are expected.`;
      throw lineError('column-count', file, number, why, 'Correct the line.');
    }
    ids.add(id, file, number);
    const found = recordings.get(recording);
    if (!found)
      throw lineError(
        'unknown-id',
        file,
        number,
        `the recording "${recording}" is not in ${scp}.`,
        'Correct its name.',
      );
    // Kaldi writes -1 for "to the end".
    const open = end === -1;
    if (!(start >= 0 && Number.isFinite(start)) || !(open || (end > start && Number.isFinite(end)))) {
      const why = `it goes from "${cells[2]}" to "${cells[3]}"; seconds are expected, the start first.`;
      throw lineError('bad-segment', file, number, why, 'Correct the times.');
    }
    segments.set(id, { path: found.path, file, line: number, startSeconds: start, endSeconds: open ? undefined : end });
  }
  return segments;
}

function optional(file: string, what: string, utterances: Map<string, Found>, scp: string) {
  if (!existsSync(file)) return undefined;
  const pairs = readPairs(file, what);
  for (const [id, { line }] of pairs) {
    if (!utterances.has(id)) {
      throw lineError(
        'unknown-id',
        file,
        line,
        `"${id}" is not an utterance of ${dirname(scp)}.`,
        'Remove the line, or add its audio.',
      );
    }
  }
  return pairs;
}
