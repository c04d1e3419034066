/**
 * @file Annotations of field recordings: what ELAN (.eaf) and Praat (.TextGrid) say was spoken when, beside a recording
 * of the same name. The files may come from anyone; nothing of them is expanded or fetched.
 */
import { existsSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { XMLParser } from 'fast-xml-parser';
import { blameNoFile } from '../machine.ts';
import { regular } from './tables.ts';

export interface Stretch {
  startSeconds: number;
  endSeconds: number;
  text: string;
}

export interface Tier {
  name: string;
  /** ELAN's participant, or what stands behind an @ in the tier's name. */
  speaker?: string;
  stretches: Stretch[];
}

const endings = ['.eaf', '.EAF', '.TextGrid', '.textgrid'];
const mostBytes = 64 << 20;

/** The annotations beside a recording: the same name with another ending. */
export function annotationOf(recording: string): string | undefined {
  const stem = recording.slice(0, recording.length - extname(recording).length);
  return endings.map((ending) => stem + ending).find((path) => existsSync(path));
}

/** Undefined where the file cannot be read as what it claims to be. */
export function readTiers(file: string): Tier[] | undefined {
  try {
    if (regular(file).size > mostBytes) return undefined;
    const bytes = readFileSync(file);
    return /\.eaf$/i.test(file) ? elan(decode(bytes)) : textGrid(decode(bytes));
  } catch (error) {
    blameNoFile(`read ${file}`, error);
    return undefined;
  }
}

/** Praat writes UTF-16 where a label is not ASCII. */
function decode(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return new TextDecoder('utf-8').decode(bytes);
}

/**
 * The tiers that hold utterances: of each speaker the one with most annotated time. A tier of words or phones has as
 * much time in many more stretches: of two with nearly the same time that with fewer, longer ones is taken. A tier of
 * nobody, beside those of speakers, is notes about them where it mostly lies over their time.
 *
 * @param wanted names of tiers: those, and no others
 */
export function chooseTiers(tiers: readonly Tier[], wanted?: readonly string[]): Tier[] {
  const spoken = tiers.map((tier) => ({ ...tier, stretches: tier.stretches.filter(({ text }) => text.trim() !== '') }));
  if (wanted) return spoken.filter(({ name, stretches }) => wanted.includes(name) && stretches.length > 0);
  const bySpeaker = new Map<string, Tier[]>();
  for (const tier of spoken) {
    if (tier.stretches.length === 0) continue;
    const key = tier.speaker ?? '';
    bySpeaker.set(key, [...(bySpeaker.get(key) ?? []), tier]);
  }
  const chosen = [...bySpeaker.values()].map((own) => {
    const most = Math.max(...own.map(secondsOf));
    const candidates = own.filter((tier) => secondsOf(tier) > 0.8 * most);
    return candidates.reduce((best, tier) => (tier.stretches.length < best.stretches.length ? tier : best));
  });
  const speakers = chosen.filter(({ speaker }) => speaker !== undefined).flatMap(({ stretches }) => stretches);
  return chosen.filter((tier) => tier.speaker !== undefined || covered(tier, speakers) < 0.5 * secondsOf(tier));
}

/** Seconds of a tier's stretches that lie within others, which may overlap. */
function covered({ stretches }: Tier, others: readonly Stretch[]): number {
  const sorted = [...others].sort((a, b) => a.startSeconds - b.startSeconds);
  const merged: [number, number][] = [];
  for (const { startSeconds, endSeconds } of sorted) {
    const last = merged.at(-1);
    if (last && startSeconds <= last[1]) last[1] = Math.max(last[1], endSeconds);
    else merged.push([startSeconds, endSeconds]);
  }
  let seconds = 0;
  let from = 0;
  for (const { startSeconds, endSeconds } of [...stretches].sort((a, b) => a.startSeconds - b.startSeconds)) {
    while (from < merged.length && merged[from][1] <= startSeconds) from++;
    for (let at = from; at < merged.length && merged[at][0] < endSeconds; at++)
      seconds += Math.min(endSeconds, merged[at][1]) - Math.max(startSeconds, merged[at][0]);
  }
  return seconds;
}

/** A tier as a person chooses it, over all recordings that have one of its name. */
export interface TierSummary {
  name: string;
  speaker?: string;
  stretches: number;
  seconds: number;
  /** What its first stretch says. */
  example: string;
  /** Whether it is what would be taken unless told. */
  proposed: boolean;
}

/** Every tier with words beside these recordings, by name in the order that they are met. */
export function summariseTiers(recordings: Iterable<string>): TierSummary[] {
  const found = new Map<string, TierSummary>();
  for (const recording of recordings) {
    const file = annotationOf(recording);
    const tiers = file ? (readTiers(file) ?? []) : [];
    const proposed = new Set(chooseTiers(tiers).map(({ name }) => name));
    for (const tier of chooseTiers(
      tiers,
      tiers.map(({ name }) => name),
    )) {
      const { name, speaker, stretches } = tier;
      const one = found.get(name) ?? {
        name,
        speaker,
        stretches: 0,
        seconds: 0,
        example: stretches[0].text,
        proposed: false,
      };
      one.stretches += stretches.length;
      one.seconds += secondsOf(tier);
      one.proposed ||= proposed.has(name);
      found.set(name, one);
    }
  }
  return [...found.values()];
}

const secondsOf = ({ stretches }: Tier) =>
  stretches.reduce((sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds, 0);

type Node = Record<string, unknown>;
const list = (value: unknown): Node[] =>
  (Array.isArray(value) ? value : value === undefined ? [] : [value]).filter(
    (one): one is Node => typeof one === 'object' && one !== null,
  );

/** ELAN annotation format: alignable annotations between time slots of milliseconds. */
function elan(text: string): Tier[] | undefined {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    processEntities: true,
    parseTagValue: false,
    parseAttributeValue: false,
  });
  const root = (parser.parse(text) as Node).ANNOTATION_DOCUMENT as Node | string | undefined;
  if (root === undefined) return undefined;
  if (typeof root !== 'object') return [];
  const slots = new Map<string, number>();
  for (const slot of list((root.TIME_ORDER as Node | undefined)?.TIME_SLOT)) {
    const value = Number(slot.TIME_VALUE);
    if (slot.TIME_VALUE !== undefined && Number.isFinite(value)) slots.set(String(slot.TIME_SLOT_ID), value / 1000);
  }
  return list(root.TIER).map((tier) => {
    const name = String(tier.TIER_ID ?? '');
    const stretches = list(tier.ANNOTATION).flatMap((annotation) =>
      list(annotation.ALIGNABLE_ANNOTATION).flatMap((one): Stretch[] => {
        const start = slots.get(String(one.TIME_SLOT_REF1));
        const end = slots.get(String(one.TIME_SLOT_REF2));
        if (start === undefined || end === undefined || !isTime(start, end)) return [];
        return [{ startSeconds: start, endSeconds: end, text: wordsIn(one.ANNOTATION_VALUE) }];
      }),
    );
    const speaker = String(tier.PARTICIPANT ?? '').trim() || name.split('@')[1]?.trim() || undefined;
    return { name, speaker, stretches };
  });
}

/** Thirty years; beyond that sums of times lose their digits, or all of them. */
const latestSeconds = 1e9;
const isTime = (start: number, end: number) => start >= 0 && end > start && end <= latestSeconds;

const wordsIn = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Praat's text formats, long and short: numbers and quoted labels in a fixed order, whatever stands around them. */
function textGrid(text: string): Tier[] | undefined {
  const tokens = [
    ...text.matchAll(/"((?:[^"]|"")*)"|(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?![\]\w])|<(exists|absent)>/g),
  ].map(([, label, number]) =>
    label !== undefined ? label.replaceAll('""', '"') : number !== undefined ? Number(number) : null,
  );
  if (tokens[0] !== 'ooTextFile' || tokens[1] !== 'TextGrid') return undefined;
  let at = 2;
  const numberAt = () => Number(tokens[at++]);
  const labelAt = () => String(tokens[at++] ?? '');
  at += 2; // xmin, xmax
  at += 1; // <exists>
  const count = numberAt();
  const tiers: Tier[] = [];
  for (let i = 0; i < count && at < tokens.length; i++) {
    const kind = labelAt();
    const name = labelAt();
    at += 2;
    const size = numberAt();
    const stretches: Stretch[] = [];
    for (let j = 0; j < size && at < tokens.length; j++) {
      const startSeconds = numberAt();
      const endSeconds = kind === 'IntervalTier' ? numberAt() : startSeconds;
      const label = labelAt();
      if (isTime(startSeconds, endSeconds)) stretches.push({ startSeconds, endSeconds, text: label });
    }
    tiers.push({ name, speaker: name.split('@')[1]?.trim() || undefined, stretches });
  }
  return tiers;
}
