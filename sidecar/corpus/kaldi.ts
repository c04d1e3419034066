/** @file Reads a Kaldi data folder: `wav.scp`, and where there are `segments`, `text`, `utt2spk`, `reco2file_and_channel`. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sourceOf } from './kaldi-command.ts';
import { type Folder, resolveInside } from './paths.ts';
import { at, lineError, Names, readLines, readPairs } from './tables.ts';
import { tidy } from './tabular.ts';
import type { Skipped, Utterance } from './types.ts';

interface Subset {
  path: string;
  name: string;
  split?: Utterance['split'];
}

/** Every subset that has a `wav.scp`; folders beside each other, as recipes make them, become splits by their names. */
export function kaldiFolders(root: string): Subset[] {
  if (existsSync(join(root, 'wav.scp'))) return [{ path: root, name: '' }];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, 'wav.scp')))
    .map(({ name }) => ({ path: join(root, name), name, split: splitOf(name) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** `train_nodev` trains: what a name begins with counts before what is in it. */
export function splitOf(name: string): NonNullable<Utterance['split']> {
  const word = name.toLowerCase();
  if (word.startsWith('train')) return 'train';
  if (/dev|valid/.test(word)) return 'dev';
  return /test|eval/.test(word) ? 'test' : 'train';
}

/** Relative paths start at the folder of `wav.scp`. A line that cannot be used costs itself alone, and is counted. */
export function* readKaldi(folder: Folder): Generator<Utterance> {
  const seen = new Names();
  const subsets = kaldiFolders(folder.path);
  if (subsets.length > 1)
    folder.notes.push(`Kaldi subsets: ${subsets.map(({ name, split }) => `${name} (${split})`).join(', ')}.`);
  for (const { path, name, split } of subsets) {
    const scp = join(path, 'wav.scp');
    const recordings = readRecordings(folder, scp);
    const segments = join(path, 'segments');
    const utterances = existsSync(segments) ? readSegments(folder, segments, recordings, scp) : recordings;
    const text = optional(join(path, 'text'), 'text');
    const speakers = optional(join(path, 'utt2spk'), 'a speaker');
    if (speakers) intersect(folder, utterances, speakers, join(path, 'utt2spk'));
    tellRest(folder, text, utterances, join(path, 'text'));
    for (const [given, found] of utterances) {
      const id = seen.has(given) ? `${name}/${given}` : given;
      seen.add(id);
      const { startSeconds, endSeconds, channel } = found;
      const speaker = speakers?.get(given)?.value;
      const words = text?.get(given)?.value;
      yield tidy({ id, path: found.path, speaker, text: words, split, startSeconds, endSeconds, channel });
    }
  }
}

interface Found {
  path: string;
  line: number;
  channel?: number;
  startSeconds?: number;
  endSeconds?: number;
}

const skip = (folder: Folder, id: string, path: string, reason: string) =>
  folder.skipped.push({ id, path, reasonCode: 'bad-row', reason } satisfies Skipped);

const badRow = (folder: Folder, file: string) => (line: number, reason: string) =>
  skip(folder, `line ${line}`, file, `Line ${line}: ${reason}`);

function readRecordings(folder: Folder, scp: string): Map<string, Found> {
  const channels = readChannels(join(dirname(scp), 'reco2file_and_channel'));
  const recordings = new Map<string, Found>();
  for (const [id, { value, line }] of readPairs(scp, 'a path', badRow(folder, scp))) {
    const command = value.endsWith('|') ? sourceOf(value) : undefined;
    if (!command && (value.endsWith('|') || value.startsWith('|') || value === '-')) {
      const why = `Line ${line} is a command ("${value.slice(0, 80)}") that does more than decode a file, and nothing in a data set is run.`;
      skip(folder, id, scp, why);
      continue;
    }
    if (/\.ark:\d+$/.test(value)) {
      skip(folder, id, scp, `Line ${line} names a Kaldi archive (${value.slice(-80)}): extract its audio to files.`);
      continue;
    }
    const path = resolveInside(folder, command?.path ?? value, at(scp, line), dirname(scp));
    recordings.set(id, { path, line, channel: command?.channel ?? channels.get(id) });
  }
  if (recordings.size === 0 && folder.skipped.length > 0) {
    const [{ reason }] = folder.skipped;
    throw lineError(
      'pipe',
      scp,
      1,
      `none of its lines can be used. ${reason}`,
      'Save the audio as files and name those.',
    );
  }
  return recordings;
}

/** `recording file A|B|1|2`: which channel a recording is, from 0. */
function readChannels(file: string): Map<string, number> {
  const channels = new Map<string, number>();
  if (!existsSync(file)) return channels;
  for (const { text } of readLines(file)) {
    const [recording, , side = ''] = text.trim().split(/\s+/);
    const channel = /^[A-H]$/i.test(side) ? side.toUpperCase().charCodeAt(0) - 65 : Number(side) - 1;
    if (Number.isInteger(channel) && channel >= 0) channels.set(recording, channel);
  }
  return channels;
}

function readSegments(folder: Folder, file: string, recordings: Map<string, Found>, scp: string): Map<string, Found> {
  const segments = new Map<string, Found>();
  for (const { number, text } of readLines(file)) {
    const cells = text.trim().split(/\s+/);
    const [id, recording, start, end] = [cells[0], cells[1], Number(cells[2]), Number(cells[3])];
    if (cells.length !== 4) {
      const why = `the line has ${cells.length} columns; utterance, recording, start and end are expected.`;
      throw lineError('column-count', file, number, why, 'Correct the line.');
    }
    const found = recordings.get(recording);
    // Kaldi writes -1 for "to the end".
    const open = end === -1;
    const fault = !found
      ? `Its recording "${recording}" is not in ${scp}.`
      : segments.has(id)
        ? `Line ${number} names "${id}" a second time.`
        : !(start >= 0 && Number.isFinite(start)) || !(open || (end > start && Number.isFinite(end)))
          ? `It goes from "${cells[2]}" to "${cells[3]}"; seconds are expected, the start first.`
          : undefined;
    if (fault) skip(folder, id, file, fault);
    else segments.set(id, { ...found!, line: number, startSeconds: start, endSeconds: open ? undefined : end });
  }
  return segments;
}

const optional = (file: string, what: string) => (existsSync(file) ? readPairs(file, what) : undefined);

type Pairs = ReturnType<typeof readPairs>;

/** As Kaldi's fix_data_dir does: an utterance without a speaker is not used. */
function intersect(folder: Folder, utterances: Map<string, Found>, speakers: Pairs, file: string): void {
  for (const [id, { path }] of [...utterances]) {
    if (speakers.has(id)) continue;
    utterances.delete(id);
    skip(folder, id, path, `It has no line in ${file}.`);
  }
  tellRest(folder, speakers, utterances, file);
}

function tellRest(folder: Folder, pairs: Pairs | undefined, utterances: Map<string, Found>, file: string): void {
  const rest = [...(pairs?.keys() ?? [])].filter((id) => !utterances.has(id));
  if (rest.length > 0)
    folder.notes.push(
      `${file} names ${rest.length} of which there is no audio (${rest.slice(0, 3).join(', ')}${rest.length > 3 ? ', …' : ''}).`,
    );
}
