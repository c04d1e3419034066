/** @file What is kept of the front end's output: decided once a run, by what the disk has room for, and recorded. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Experiment } from '../../config/experiment.ts';
import { writeFileAtomic } from '../../disk.ts';
import { UserError } from '../../errors.ts';
import { freeAt, sizeInWords } from '../../machine.ts';
import type { RunEvent } from '../../protocol/events.ts';
import { bytesOf, type FeatureKind, type FeatureStore, openFeatures } from '../../units/features.ts';
import type { FrozenBaseModel } from './base.ts';

export interface FeaturesPlan {
  kind: FeatureKind;
  open(): FeatureStore;
}

interface Around {
  cache: string;
  /** Where the choice is kept, if there is a run. */
  runFolder?: string;
  /** Whether the run has begun before. */
  goesOn?: boolean;
  emit(event: RunEvent): void;
  onDamage?(path: string): void;
  /** Bytes that may be written to the cache; asked of the disk without it. */
  free?: number;
}

const FEATURES_FILE = 'features.json';
const kinds: readonly FeatureKind[] = ['float32', 'float16', 'audio', 'none'];

/** `auto` takes the first of these that fits into half of what is free: others write there too. */
const preferred: readonly FeatureKind[] = ['float16', 'audio'];

/**
 * @param clips with their lengths in frames and samples
 * @throws UserError where what was asked for does not fit the disk; nothing has been written then
 */
export function planFeatures(
  { cache: { features: asked } }: Pick<Experiment, 'cache'>,
  { base, file }: Pick<FrozenBaseModel, 'base' | 'file'>,
  clips: Iterable<{ hash: string; frames: number; samples: number }>,
  around: Around,
): FeaturesPlan {
  const { cache, runFolder, emit, onDamage } = around;
  const open = (kind: FeatureKind) => openFeatures(kind, base, file, cache, onDamage);
  const width = base.config.convDim.at(-1)!;
  const missing = (kind: FeatureKind): number => {
    if (kind === 'none') return 0;
    const store = open(kind);
    let bytes = 0;
    for (const clip of clips) if (!store.has(clip.hash)) bytes += bytesOf(kind, width, clip);
    void store.close();
    return bytes;
  };
  const free = around.free ?? freeAt(cache) ?? Number.POSITIVE_INFINITY;
  const kept = recorded(runFolder, around.goesOn);
  const kind = kept ?? (asked === 'auto' ? (preferred.find((one) => missing(one) <= free / 2) ?? 'none') : asked);
  const bytes = missing(kind);
  if (bytes > free) throw tooLarge(kind, bytes, free, cache);
  if (bytes > 0) emit({ type: 'note', level: 'info', text: said(kind, bytes, free) });
  else if (kind === 'none' && asked === 'auto') emit({ type: 'note', level: 'warning', text: nothingKept(free) });
  if (runFolder && !kept) writeFileAtomic(join(runFolder, FEATURES_FILE), `${JSON.stringify({ kind, asked })}\n`);
  return { kind, open: () => open(kind) };
}

/** A run goes on with what it began with; before version 0.4.0 that was single precision, and nothing said so. */
function recorded(runFolder: string | undefined, goesOn = false): FeatureKind | undefined {
  const path = runFolder && join(runFolder, FEATURES_FILE);
  if (!path || !existsSync(path)) return goesOn ? 'float32' : undefined;
  try {
    const { kind } = JSON.parse(readFileSync(path, 'utf8')) as { kind?: unknown };
    const known = kinds.find((one) => one === kind);
    if (known) return known;
  } catch {
    // Said below.
  }
  throw new UserError({
    code: 'features.unreadable-choice',
    tried: `read ${path}`,
    why: 'it does not name one of float32, float16, audio and none.',
    cure: 'Restore the file, or start a new run.',
  });
}

const what: Record<FeatureKind, string> = {
  float32: 'The front end’s output in single precision',
  float16: 'The front end’s output in half precision',
  audio: 'The sound in 16 bits, from which the front end runs again with each batch,',
  none: 'Nothing',
};

const said = (kind: FeatureKind, bytes: number, free: number) =>
  `${what[kind]} takes ${sizeInWords(bytes)} in the cache; ${sizeInWords(free)} are free there.`;

const nothingKept = (free: number) =>
  `Nothing is kept in the cache, where ${sizeInWords(free)} are free: recordings are read, and the front end runs, with each batch.`;

const tooLarge = (kind: FeatureKind, bytes: number, free: number, cache: string) =>
  new UserError({
    code: 'features.disk-too-small',
    tried: `prepare the clips with cache.features: ${kind}`,
    why: `${what[kind].charAt(0).toLowerCase()}${what[kind].slice(1)} takes ${sizeInWords(bytes)}, and ${sizeInWords(free)} are free in ${cache}.`,
    cure: 'Free space there (milore cache shows what is old), or set cache.features to auto.',
  });
