/**
 * @file Phone ABX of a model's last hidden state on the recordings that an item file names: within and across speakers, by
 * angle, with both ways to cut a token, whose scores are not to be compared with each other.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { framesPerSecond } from '../architecture/time.ts';
import { loadAudio16k, normalise } from '../audio/index.ts';
import type { SessionOptions } from '../engine/session.ts';
import { type AbxSlice, abx } from './abx.ts';
import { readItems } from './abx-items.ts';
import type { Assessed, Score } from './assessed.ts';
import { FrozenStates } from './frozen-states.ts';
import type { FrozenModel } from './state-store.ts';

export interface AbxFiles {
  /** libri-light's item file. */
  items: string;
  /** Folder of the recordings that it names, without their endings. */
  audio: string;
}

const MEASURES: Readonly<Record<AbxSlice, { within: string; across: string }>> = {
  librilight: { within: 'abxWithin', across: 'abxAcross' },
  inclusive: { within: 'abxWithinInclusive', across: 'abxAcrossInclusive' },
};
/** Of states in memory at once. */
const MOST_BYTES = 2e9;
const NO_INTERVAL = 'what ABX compares is not drawn anew, so it has no interval';

/** @throws UserError where the item file is none, or a recording cannot be read */
export async function phoneAbx(
  language: string,
  { items: path, audio }: AbxFiles,
  { base, file, adapted, session }: FrozenModel & { session: SessionOptions },
  signal?: AbortSignal,
): Promise<{ scores: Score[]; skipped: Assessed['skipped'] }> {
  const items = readItems(readFileSync(path, 'utf8'), path);
  const recordings = byName(audio);
  const wanted = [...new Set(items.map((item) => item.file))].filter((name) => recordings.has(name));
  const width = base.config.hidden;
  const features = new Map<string, Float32Array>();
  const left = (reason: string) => ({
    scores: [],
    skipped: [{ measure: 'abxWithin', reason: `${language}: ${reason}` }],
  });
  if (wanted.length === 0) return left(`${audio} has none of the recordings that ${path} names.`);
  const states = await FrozenStates.open(adapted, file, session, [base.config.layers]);
  try {
    let bytes = 0;
    for (const name of wanted) {
      signal?.throwIfAborted();
      const wave = await loadAudio16k(recordings.get(name)!);
      const own = await states.of(base.normalise ? normalise(wave) : wave);
      bytes += own.byteLength;
      if (bytes > MOST_BYTES) return left(`its states take more than ${MOST_BYTES / 1e9} GB; name fewer recordings.`);
      features.set(name, own);
    }
  } finally {
    await states.release();
  }
  const scores: Score[] = [];
  let leftOut = 0;
  for (const slice of ['librilight', 'inclusive'] as const) {
    const options = { distance: 'cosine', slice, framesPerSecond: framesPerSecond(base.config), width } as const;
    const found = abx(items, (name) => features.get(name), options);
    leftOut = found.leftOut;
    for (const side of ['within', 'across'] as const) {
      const value = found[side];
      if (value === undefined) continue;
      const counts = [{ hash: `abx-${language}`, count: value, of: 1 }];
      const measure = MEASURES[slice][side];
      const score = { measure, unit: 'share', better: 'lower', arm: 'adapted', language, counts } as const;
      scores.push({ ...score, withoutInterval: NO_INTERVAL });
    }
  }
  const skipped =
    leftOut > 0 ? [`${leftOut} of ${items.length} items have no frame, or no recording in ${audio}.`] : [];
  return { scores, skipped: skipped.map((reason) => ({ measure: 'abxWithin', reason: `${language}: ${reason}` })) };
}

/** Files below a folder by their name without its ending; of two of one name the first by path. */
function byName(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  const paths = (readdirSync(folder, { recursive: true }) as string[]).filter((name) => extname(name) !== '').sort();
  for (const path of paths) {
    const name = basename(path, extname(path));
    if (!found.has(name)) found.set(name, join(folder, path));
  }
  return found;
}
