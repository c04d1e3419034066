/** @file Goes through one recording: how long it is, its hash, how loud; or the reason why it cannot be used. */
import { createHash } from 'node:crypto';
import { type Stats, statSync } from 'node:fs';
import { cancels, fileSource, type Heard, hear, modelRateHz } from '../audio/index.ts';
import { UserError } from '../errors.ts';
import { type Level, Levels } from './levels.ts';
import type { Finding, FindingKey, ScanCache } from './scan-cache.ts';
import type { Utterance } from './types.ts';

/** One frame of HuBERT's convolutions, at 16 kHz. */
export const shortestSamples = 400;
/** −80 dBFS, three steps of 16 bit. Floats have no steps, and may be quiet speech far below. */
const silentPeak = { steps: 1e-4, floats: 1e-6 };
/** Kaldi's own tolerance for segments that end behind their recording. */
const overhangSeconds = 0.5;
const hashedBytes = 1 << 22;

/** What each utterance of one file is: found now, or remembered of an earlier scan. */
export interface Examined {
  /** In the order of the utterances. */
  found: [Utterance, Finding][];
  /** What is to be remembered: of those that were found now. */
  news: [FindingKey, Finding][];
}

/** @param find goes through a file for utterances of which nothing is known: `findIn`, wherever it is done */
export async function examine(
  group: readonly Utterance[],
  cache: ScanCache,
  find: (argument: Unknown) => Promise<Finding[]>,
): Promise<Examined> {
  const { path } = group[0];
  const stat = statOf(path);
  if (!stat) {
    const finding = { reasonCode: 'missing', reason: `There is no file ${path}.` } as const;
    return { found: group.map((utterance) => [utterance, finding]), news: [] };
  }
  const known = group.map((utterance) => cache.get(keyOf(utterance, stat)));
  const unknown = group.filter((_, i) => !known[i]);
  const findings = unknown.length > 0 ? await find({ path, utterances: unknown.map(within) }) : [];
  let next = 0;
  return {
    found: group.map((utterance, i) => [utterance, known[i] ?? findings[next++]]),
    news: unknown.map((utterance, i) => [keyOf(utterance, stat), findings[i]]),
  };
}

/** Of an utterance, where it lies in its file. */
type Within = Pick<Utterance, 'path' | 'startSeconds' | 'endSeconds' | 'channel'>;
const within = ({ path, startSeconds, endSeconds, channel }: Utterance): Within => {
  return { path, startSeconds, endSeconds, channel };
};

export interface Unknown {
  path: string;
  utterances: readonly Within[];
}

/** What utterances of one file are, by going through it. */
export async function findIn({ path, utterances }: Unknown, signal?: AbortSignal): Promise<Finding[]> {
  const sha256 = await hashOf(path, signal);
  if (typeof sha256 !== 'string') return utterances.map(() => sha256);
  const findings: Finding[] = new Array(utterances.length);
  // A channel is a pass of its own: few files have segments of several.
  for (const channel of new Set(utterances.map((utterance) => utterance.channel))) {
    const own = [...utterances.keys()].filter((i) => utterances[i].channel === channel);
    const heard = await listen(
      path,
      own.map((i) => utterances[i]),
      channel,
      sha256,
      signal,
    );
    own.forEach((i, at) => {
      findings[i] = heard[at];
    });
  }
  return findings;
}

export const keyOf = ({ path, startSeconds, endSeconds, channel }: Within, stat: Stats): FindingKey => {
  return { path, bytes: stat.size, modifiedMs: stat.mtimeMs, startSeconds, endSeconds, channel };
};

export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // A folder on the way is a file, or may not be entered.
  }
}

/** Of the file's bytes, in hex; a finding where they cannot be read. */
async function hashOf(path: string, signal?: AbortSignal): Promise<string | Finding> {
  try {
    const source = await fileSource(path);
    try {
      const hash = createHash('sha256');
      for (let at = 0; at < source.size; at += hashedBytes) {
        hash.update(source.read(at, hashedBytes));
        signal?.throwIfAborted();
      }
      return hash.digest('hex');
    } finally {
      source.close();
    }
  } catch (fault) {
    return findingOf(fault);
  }
}

/** Goes through the file once, keeping nothing of it. */
async function listen(
  path: string,
  utterances: readonly Within[],
  channel: number | undefined,
  sha256: string,
  signal?: AbortSignal,
): Promise<Finding[]> {
  const levels = new Levels(
    utterances.map(({ startSeconds, endSeconds }) => {
      const to = endSeconds === undefined ? Number.POSITIVE_INFINITY : Math.round(endSeconds * modelRateHz);
      return { from: Math.round((startSeconds ?? 0) * modelRateHz), to };
    }),
  );
  try {
    const take = (piece: Parameters<Levels['add']>[0]) => {
      signal?.throwIfAborted();
      levels.add(piece);
    };
    const heard = await hear(path, take, { channel });
    return utterances.map((utterance, index) => measure(heard, levels.levels[index], sha256, utterance));
  } catch (fault) {
    const finding = findingOf(fault);
    return utterances.map(() => finding);
  }
}

function findingOf(fault: unknown): Finding {
  if (!(fault instanceof UserError) || fault.code.startsWith('disk.')) throw fault;
  const empty = fault.code === 'audio.empty-file' || fault.code === 'audio.no-samples';
  const passing = fault.code === 'audio.unreadable' || fault.code === 'audio.missing';
  return { reasonCode: empty ? 'empty' : 'unreadable', reason: fault.message, passing };
}

function measure(heard: Heard, level: Level, sha256: string, utterance: Within): Finding {
  const { startSeconds, endSeconds, channel } = utterance;
  const { format, sampleRateHz, channels, notes, samples16k: all } = heard;
  const startSample = Math.round((startSeconds ?? 0) * modelRateHz);
  const asked = endSeconds === undefined ? all : Math.round(endSeconds * modelRateHz);
  if (startSample >= all || asked > all + overhangSeconds * modelRateHz) {
    const reason = `It lies at ${startSeconds ?? 0} to ${endSeconds ?? '…'} s, but the recording has ${all / modelRateHz} s.`;
    return { reasonCode: 'unreadable', reason };
  }
  const endSample = Math.min(asked, all);
  const samples = endSample - startSample;
  if (samples < shortestSamples) {
    return {
      reasonCode: 'too-short',
      reason: `It has ${samples} samples at 16 kHz; one frame takes ${shortestSamples}.`,
      channels,
    };
  }
  const peak = Math.max(-level.lowest, level.highest);
  if (channel === undefined && cancels(peak, level.channelPeak, channels)) {
    const reason = `Its ${channels} channels cancel out: mixed, nothing is left of them. Choose one (\`audio.channels\`), or export one alone.`;
    return { reasonCode: 'silent', reason, channels };
  }
  const least = heard.float ? silentPeak.floats : silentPeak.steps;
  if (peak < least || level.highest === level.lowest) {
    const what = peak < least ? `its peak is ${peak.toExponential(1)} of full scale` : 'all its samples are the same';
    return { reasonCode: 'silent', reason: `It is silent: ${what}.`, channels };
  }
  const segment = startSeconds === undefined && endSeconds === undefined ? '' : `@${startSample}-${endSample}`;
  const side = channel === undefined || channels === 1 ? '' : `#${channel}`;
  const hash = sha256 + segment + side;
  return { startSample, samples, hash, format, sampleRateHz, channels, ...(notes.length ? { notes } : {}) };
}
