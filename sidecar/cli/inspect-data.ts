/** @file `milore inspect` of recordings: layout, language, length, what is left out and why, and the lines of an experiment. */
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, extname, join, relative, resolve } from 'node:path';
import { stringify } from 'yaml';
import type { DatasetGuess, DatasetReport } from '../protocol/messages.ts';
import { detectDataset, inspectDataset } from '../server/requests/dataset.ts';
import { count, lasting, percentOne, table } from './output.ts';

export interface DataOptions {
  /** ISO 639-3; guessed where it is left out. */
  language?: string;
  allowOutside: boolean;
}

/** What is inspected: the report of every recording, and what the path is taken for. */
export interface Inspected extends DatasetReport {
  path: string;
  language?: string;
}

const mostNamed = 10;
/** `audio.minSeconds` unless an experiment says another. */
const MIN_SECONDS = 0.5;
/** What holds a model's weights, and no list of recordings. */
const weights = new Set(['.pt', '.bin', '.safetensors', '.onnx', '.npz', '.npy']);

/** Whether recordings or a list of them lie at a path, from names and lists alone. A model's folder is never taken for one. */
export async function guessData(path: string): Promise<DatasetGuess | undefined> {
  const at = statSync(path, { throwIfNoEntry: false });
  if (!at || weights.has(extname(path))) return undefined;
  if (at.isDirectory() && (existsSync(join(path, 'config.json')) || existsSync(join(path, 'snapshots'))))
    return undefined;
  if (at.isDirectory() && readdirSync(path).some((name) => name.endsWith('.pt'))) return undefined;
  const guess = await detectDataset(
    { path, token: 'terminal' },
    // A folder's own name may say its language, and of a list the folder that it lies in.
    quietly(dirname(at.isDirectory() ? path : dirname(path))),
  );
  return guess.utterances > 0 ? guess : undefined;
}

/** Decodes every recording once. What is found is remembered in the workspace around the current folder, if there is one. */
export async function inspectData(path: string, guess: DatasetGuess, options: DataOptions): Promise<Inspected> {
  const language = options.language ?? guess.language;
  const around = workspaceAround(process.cwd());
  const workspace = around ?? mkdtempSync(join(tmpdir(), 'milore-inspect-'));
  const live = process.stderr.isTTY === true;
  try {
    const report = await inspectDataset(
      // Whatever it is called, it is read alike.
      { path, language: language ?? 'und', layout: 'auto', allowOutside: options.allowOutside, token: 'terminal' },
      {
        ...quietly(workspace),
        progress: (done, total) => live && process.stderr.write(`\r\x1b[2Kreading recordings ${done}/${total}`),
      },
    );
    if (live) process.stderr.write('\r\x1b[2K');
    return { path, language, ...report };
  } finally {
    if (!around) rmSync(workspace, { recursive: true, force: true });
  }
}

/** For a person, line by line. */
export function told(of: Inspected): string {
  const { layout, language, seconds, clips, speakers, splits, skipped, skippedReasons, notes } = of;
  const facts: [string, string][] = [
    ['recordings', of.path],
    ['layout', layout],
    ['language', language ?? 'not told by its name: give --language'],
    ['speech', `${lasting(seconds)} in ${many(clips, 'clip')}`],
    ['speakers', speakers > 0 ? count(speakers) : 'not known'],
    ...splits.map(({ name, seconds, clips, speakers }): [string, string] => [
      `  ${name}`,
      `${lasting(seconds)}, ${many(clips, 'clip')}${speakers > 0 ? `, ${many(speakers, 'speaker')}` : ''}`,
    ]),
    ['lengths', lengths(of)],
    ['sample rates', of.sampleRates.map(({ hz, clips }) => `${count(hz)} Hz (${count(clips)})`).join(', ')],
    ['overdriven', `${count(of.clipped.clips)} of ${many(of.clipped.checked, 'clip')} looked at`],
    [
      'left out',
      skippedReasons.map(({ reasonCode, clips }) => `${count(clips)} ${reasonCode}`).join(', ') || 'nothing',
    ],
  ];
  return [
    table(facts, 2),
    ...skipped.slice(0, mostNamed).map(({ reason }) => `  ${reason}`),
    ...(skipped.length > mostNamed ? [`  and ${count(skipped.length - mostNamed)} more: --json names them`] : []),
    ...notes,
    ...tooShort(of),
    ...(clips > 0 && language ? ['', 'In an experiment:', snippet(of.path, language)] : []),
  ].join('\n');
}

function lengths({ durations, clips }: Inspected): string {
  if (clips === 0) return 'none';
  const half = durations.find((_, i) => durations.slice(0, i + 1).reduce((n, bin) => n + bin.clips, 0) >= clips / 2)!;
  return `half of the clips up to ${edge(half.upToSeconds)}, the longest ${edge(durations.at(-1)!.upToSeconds)}`;
}

const many = (n: number, what: string) => `${count(n)} ${what}${n === 1 ? '' : 's'}`;
const edge = (seconds: number) => (seconds < 60 ? `${Number(seconds.toFixed(1))} s` : lasting(seconds));

/** A loss that nobody sees in a training: clips below `audio.minSeconds` where none are joined. */
function tooShort({ short, seconds }: Inspected): string[] {
  const below = short.find(({ belowSeconds }) => belowSeconds === MIN_SECONDS);
  if (!below || below.clips === 0) return [];
  return [
    `${many(below.clips, 'clip')} shorter than audio.minSeconds (${MIN_SECONDS} s), ${percentOne(below.seconds / seconds)} of the speech: audio: { joinSeconds: 5 } joins a speaker’s short recordings, else they are left out.`,
  ];
}

/** As it is written beside an experiment in the current folder. */
function snippet(path: string, language: string): string {
  const near = relative(process.cwd(), path);
  const data = near === '' ? '.' : near.startsWith('..') ? path : near;
  return stringify({ languages: { [language]: { role: 'new', data } } }).trimEnd();
}

function workspaceAround(folder: string): string | undefined {
  if (existsSync(join(folder, '.milore'))) return folder;
  return dirname(folder) === folder ? undefined : workspaceAround(dirname(folder));
}

const quietly = (workspace: string) => ({
  workspace: resolve(workspace),
  signal: new AbortController().signal,
  progress: () => {},
});
