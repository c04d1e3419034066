/** @file Decodes every file of a language once: how long, what hash, and what must be skipped for which reason. */
import { createHash } from 'node:crypto';
import { type Stats, statSync } from 'node:fs';
import { type DecodedAudio, decodeBytes, modelRateHz, readAudioFile, samplesAt16k } from '../audio/index.ts';
import { UserError } from '../errors.ts';
import { keyedOrder } from '../random.ts';
import type { CommonVoiceTables } from './common-voice.ts';
import { onceEach } from './copies.ts';
import { readListing } from './layout.ts';
import { type Finding, type FindingKey, ScanCache } from './scan-cache.ts';
import type { LanguageCorpus, Layout, ScannedUtterance, Skipped, Utterance } from './types.ts';

export interface LanguageSpec {
  /** ISO 639-3. */
  code: string;
  root: string;
  layout?: Layout;
  allowOutside?: boolean;
  tables?: CommonVoiceTables;
  /** Keeps a subset of at most so many hours, the same on every run: files in the order of a hash of their ids. */
  limitHours?: number;
  /** Where results are remembered between runs; without it nothing is. */
  cacheDir?: string;
  signal?: AbortSignal;
  /** Gives back a corpus of nothing, with what was skipped, where nothing is usable. */
  mayBeEmpty?: boolean;
}

export interface ScanProgress {
  code: string;
  done: number;
  total: number;
  /** Of the utterances kept so far. */
  seconds: number;
  skipped: number;
}

/** One frame of HuBERT's convolutions, at 16 kHz. */
export const shortestSamples = 400;
const silentPeak = 1e-4;
/** Kaldi's own tolerance for segments that end behind their recording. */
const overhangSeconds = 0.5;

/** @throws UserError where the manifest is wrong, or where nothing usable is left and that is not allowed. */
export async function scanLanguage(
  spec: LanguageSpec,
  onProgress?: (progress: ScanProgress) => void,
): Promise<LanguageCorpus> {
  const {
    layout,
    utterances: listed,
    skipped: rows,
    notes,
  } = readListing(spec.root, spec.layout, {
    allowOutside: spec.allowOutside,
    tables: spec.tables,
  });
  const limitSamples = spec.limitHours === undefined ? Number.POSITIVE_INFINITY : spec.limitHours * 3600 * modelRateHz;
  const cache = new ScanCache(spec.cacheDir);
  const kept = new Map<string, ScannedUtterance>();
  const skipped: Skipped[] = [...rows];
  let samples = 0;
  let done = 0;
  let leftOut = 0;

  try {
    for (const group of files(listed, spec)) {
      spec.signal?.throwIfAborted();
      if (samples >= limitSamples) {
        leftOut += group.length;
        continue;
      }
      for (const [utterance, finding] of await examine(group, cache)) {
        if ('reasonCode' in finding) skipped.push({ path: utterance.path, id: utterance.id, ...finding });
        else if (samples + finding.samples > limitSamples) leftOut++;
        else {
          kept.set(utterance.id, { ...utterance, language: spec.code, ...finding });
          samples += finding.samples;
        }
      }
      done += group.length;
      onProgress?.({
        code: spec.code,
        done,
        total: listed.length,
        seconds: samples / modelRateHz,
        skipped: skipped.length,
      });
    }
  } finally {
    cache.flush();
  }
  if (kept.size === 0 && !spec.mayBeEmpty) throw nothingLeft(spec, listed.length, skipped, leftOut);
  // In the manifest's order, whatever order they were read in.
  const utterances = onceEach(
    listed.flatMap(({ id }) => kept.get(id) ?? []),
    notes,
  );
  return {
    code: spec.code,
    root: spec.root,
    layout,
    utterances,
    skipped,
    notes,
    seconds: samples / modelRateHz,
    leftOut,
  };
}

/** Utterances by file, so that a recording with many segments is decoded once. */
function files(listed: Utterance[], { code, limitHours }: LanguageSpec): Utterance[][] {
  const groups = new Map<string, Utterance[]>();
  for (const utterance of listed) {
    const group = groups.get(utterance.path);
    if (group) group.push(utterance);
    else groups.set(utterance.path, [utterance]);
  }
  const all = [...groups.values()];
  return limitHours === undefined ? all : keyedOrder(all, ([first]) => first.id, 'limitHours', code);
}

async function examine(group: Utterance[], cache: ScanCache): Promise<[Utterance, Finding][]> {
  const { path } = group[0];
  const found = statOf(path);
  if (!found) {
    return group.map((utterance) => [utterance, { reasonCode: 'missing', reason: `There is no file ${path}.` }]);
  }
  const key = ({ startSeconds, endSeconds }: Utterance): FindingKey => {
    return { path, bytes: found.size, modifiedMs: found.mtimeMs, startSeconds, endSeconds };
  };
  let decoded: Promise<{ audio: DecodedAudio; sha256: string } | Finding> | undefined;
  const findings: [Utterance, Finding][] = [];
  for (const utterance of group) {
    let finding = cache.get(key(utterance));
    if (!finding) {
      const whole = await (decoded ??= decode(path));
      finding = 'audio' in whole ? measure(whole.audio, whole.sha256, utterance) : whole;
      cache.set(key(utterance), finding);
    }
    findings.push([utterance, finding]);
  }
  return findings;
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // A folder on the way is a file, or may not be entered.
  }
}

async function decode(path: string): Promise<{ audio: DecodedAudio; sha256: string } | Finding> {
  try {
    const bytes = await readAudioFile(path);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { audio: await decodeBytes(bytes, path), sha256 };
  } catch (fault) {
    if (!(fault instanceof UserError)) throw fault;
    const empty = fault.code === 'audio.empty-file' || fault.code === 'audio.no-samples';
    return { reasonCode: empty ? 'empty' : 'unreadable', reason: fault.message };
  }
}

function measure(audio: DecodedAudio, sha256: string, { startSeconds, endSeconds }: Utterance): Finding {
  const { format, sampleRateHz, channels } = audio;
  const all = samplesAt16k(audio.samples.length, sampleRateHz);
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
    };
  }
  const scale = sampleRateHz / modelRateHz;
  const { peak, spread } = level(audio.samples.subarray(Math.floor(startSample * scale), Math.ceil(endSample * scale)));
  if (peak < silentPeak || spread === 0) {
    const what =
      peak < silentPeak ? `its peak is ${peak.toExponential(1)} of full scale` : 'all its samples are the same';
    return { reasonCode: 'silent', reason: `It is silent: ${what}.` };
  }
  const segment = startSeconds === undefined && endSeconds === undefined ? '' : `@${startSample}-${endSample}`;
  return { startSample, samples, hash: sha256 + segment, format, sampleRateHz, channels };
}

function level(samples: Float32Array): { peak: number; spread: number } {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < samples.length; i++) {
    if (samples[i] < lowest) lowest = samples[i];
    if (samples[i] > highest) highest = samples[i];
  }
  return { peak: Math.max(-lowest, highest), spread: highest - lowest };
}

function nothingLeft(spec: LanguageSpec, listed: number, skipped: Skipped[], leftOut: number): UserError {
  const counts = new Map<string, number>();
  for (const { reasonCode } of skipped) counts.set(reasonCode, (counts.get(reasonCode) ?? 0) + 1);
  const reasons = [...counts].map(([code, count]) => `${count} ${code}`).join(', ');
  const first = skipped[0] ? ` The first is ${skipped[0].path}: ${skipped[0].reason}` : '';
  const limit = leftOut ? ` ${leftOut} are left out by limitHours ${spec.limitHours}.` : '';
  return new UserError({
    code: 'corpus.nothing-left',
    tried: `use the audio of "${spec.code}" in ${spec.root}`,
    why: `none of its ${listed} utterances is usable (${reasons || 'none skipped'}).${limit}${first}`,
    cure: 'Check the path and the layout, or replace these files.',
  });
}
