/** @file Units: hidden states of the frozen base, k-means over a balanced sample, and every clip's labels on disk. */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Rows } from '../corpus/index.ts';
import { writeFileAtomic } from '../disk.ts';
import { floats, type SessionOptions } from '../engine/session.ts';
import { UserError } from '../errors.ts';
import type { BaseModel } from '../model/checkpoint/base.ts';
import type { LearnableConfig } from '../model/config.ts';
import { featureGraph } from '../objectives/learnable.ts';
import { permutation } from '../random.ts';
import type { WeightFile } from '../weights/file.ts';
import { cachedCentroids, centroidsFile } from './centroids.ts';
import type { FeatureKind, FeatureStore } from './features.ts';
import { Assigner, type Centroids, fitKMeans } from './kmeans.ts';
import { Pack } from './pack.ts';

export interface UnitClip {
  hash: string;
  language: string;
  frames: number;
}

export interface FrozenBase {
  base: BaseModel;
  file: WeightFile;
  features: FeatureStore;
  options: SessionOptions;
}

const BATCH_FRAMES = 2000;
/** Of hidden states that the fit has made and the labelling need not make again: a quarter of an hour at 768 wide. */
const KEPT_BYTES = 128 << 20;
const frozen = (base: BaseModel): LearnableConfig => ({
  base: base.config,
  adapter: { kind: 'none' },
  head: { projection: 1, units: 1, temperature: 1 },
  trainMask: false,
});

/** Visits each clip with an output of the unmasked base: a hidden state [frames · hidden], or its own head's units. */
async function visit<T>(
  { base, file, features, options }: FrozenBase,
  clips: Iterable<UnitClip>,
  output: { layer: number } | 'own units',
  read: (
    tensor: Awaited<ReturnType<Awaited<ReturnType<WeightFile['open']>>['run']>>[string],
  ) => ArrayLike<T> & { slice(a: number, b: number): ArrayLike<T> },
  each: (clip: UnitClip, rows: ArrayLike<T>) => void | Promise<void>,
  onProgress?: (done: number, total: number) => void,
): Promise<void> {
  const own = output === 'own units';
  const all = featureGraph(frozen(base), file, [], own ? [] : [output.layer], own ? base.head : undefined);
  const name = own ? 'baseUnits' : `hidden:${output.layer}`;
  const session = await file.open({ [name]: all[name] }, options);
  const order = [...clips].sort((a, b) => a.frames - b.frames);
  for (let i = 0; i < order.length; ) {
    const { frames } = order[i];
    let end = i;
    while (
      end < order.length &&
      order[end].frames === frames &&
      (end - i + 1) * frames <= Math.max(frames, BATCH_FRAMES)
    )
      end++;
    const group = order.slice(i, end);
    await features.ready(group.map(({ hash }) => hash));
    const speech = new Float32Array(group.length * frames * features.width);
    group.forEach(({ hash }, b) => {
      speech.set(features.read(hash), b * frames * features.width);
    });
    const feed = { data: speech, shape: [group.length * frames, features.width] };
    const rows = read((await session.run({ features: feed }, { B: group.length, T: frames }))[name]);
    const size = rows.length / group.length;
    for (const [b, clip] of group.entries()) await each(clip, rows.slice(b * size, (b + 1) * size));
    i = end;
    onProgress?.(end, order.length);
  }
  await session.release();
}

export interface UnitsConfig {
  /** Encoder block, from 1. */
  layer: number;
  clusters: number;
  framesPerLanguage: number;
  iterations: number;
  restarts: number;
  seed: number;
}

export interface Units {
  centroids: Centroids;
  /** Names this set of units: the same data, base and settings give the same key. */
  key: string;
  of(hash: string): Uint16Array;
  /** Times each unit was given, by language. */
  use: Record<string, number[]>;
}

/**
 * Names a set of units before it is fitted: the same base, settings and speech give the same units. So do features that
 * are kept as they are computed, and features that are computed each time.
 */
export function unitsKey(
  baseHash: string,
  config: UnitsConfig,
  fitOn: Rows<UnitClip>,
  features: FeatureKind = 'float32',
): string {
  const rounded = features === 'float16' || features === 'audio' ? [features] : [];
  return createHash('sha256')
    .update(JSON.stringify([baseHash, config, fitOn.map(({ hash }) => hash).sort(), ...rounded]))
    .digest('hex')
    .slice(0, 32);
}

/**
 * Fits (or reads) centroids over `fitOn` and labels every clip of `label`. Both are kept in `cache` by content; an
 * interrupted fit starts again, an interrupted labelling goes on.
 */
export async function prepareUnits(
  from: FrozenBase,
  config: UnitsConfig,
  fitOn: Rows<UnitClip>,
  label: Rows<UnitClip>,
  cache: string,
  {
    key = unitsKey(from.base.hash, config, fitOn),
    centroids: known,
    onDamage,
    onProgress,
  }: {
    key?: string;
    /** Those of a run that goes on; fitted where there are none. */
    centroids?: Centroids;
    /** Told of a file of the cache that was damaged, when what it held is made anew. */
    onDamage?: (path: string) => void;
    onProgress?: (part: 'fit' | 'label', done: number, total: number) => void;
  } = {},
): Promise<Units> {
  const { base, options } = from;
  const width = base.config.hidden;
  const pack = new Pack(join(cache, 'units'), key, onDamage);
  const path = join(cache, 'units', `${key}.safetensors`);
  // Asked before it is read: another process may put it there meanwhile.
  const wasThere = existsSync(path);
  /** Whole clips of the fit's sample, as many as fit: small corpora are all of it. */
  const kept = new Map<string, Float32Array>();
  let room = KEPT_BYTES;
  const keep = (hash: string, rows: Float32Array) => {
    if (rows.byteLength > room) return;
    room -= rows.byteLength;
    kept.set(hash, rows);
  };
  const centroids = known ?? cachedCentroids(path, config.clusters, width) ?? (await fitted());

  async function fitted(): Promise<Centroids> {
    const rows = await sample(from, config, fitOn, keep, (done, total) => onProgress?.('fit', done, total));
    if (rows.length / width < config.clusters) throw tooFew(rows.length / width, config.clusters);
    const centroids = await fitKMeans(rows, width, config, options);
    writeFileAtomic(path, centroidsFile(centroids, { layer: String(config.layer), key }));
    if (wasThere) onDamage?.(path);
    return centroids;
  }

  const missing = label.filter(({ hash }) => !pack.isSound(hash));
  if (missing.length > 0) {
    const assigner = await Assigner.open(config.clusters, width, options);
    const name = async ({ hash }: UnitClip, rows: Float32Array) => {
      const { units } = await assigner.assign(rows, centroids);
      pack.write(hash, new Uint8Array(units.buffer));
    };
    let done = 0;
    for (const clip of missing) {
      const rows = kept.get(clip.hash);
      if (!rows) continue;
      kept.delete(clip.hash);
      await name(clip, rows);
      onProgress?.('label', ++done, missing.length);
    }
    kept.clear();
    const rest = done === 0 ? missing : missing.filter(({ hash }) => !pack.has(hash));
    if (rest.length > 0)
      await visit<number>(
        from,
        rest,
        { layer: config.layer },
        floats,
        (clip, rows) => name(clip, rows as Float32Array),
        (more) => onProgress?.('label', done + more, missing.length),
      );
    await assigner.release();
  }
  const labels = new Map<string, Uint16Array>();
  const use: Record<string, number[]> = {};
  for (const { hash, language } of label) {
    const units = new Uint16Array(pack.read(hash));
    labels.set(hash, units);
    use[language] ??= new Array(config.clusters).fill(0);
    for (const unit of units) use[language][unit]++;
  }
  pack.close();
  return { centroids, key, of: (hash) => labels.get(hash)!, use };
}

/** The base's own head's units of unmasked speech, the labels of the yardstick of forgetting. */
export async function ownUnits(from: FrozenBase, clips: readonly UnitClip[]): Promise<Map<string, Uint16Array>> {
  const labels = new Map<string, Uint16Array>();
  await visit<bigint>(
    from,
    clips,
    'own units',
    (t) => t.data as BigInt64Array,
    (clip, rows) => {
      labels.set(clip.hash, Uint16Array.from(rows as unknown as ArrayLike<number>, Number));
    },
  );
  return labels;
}

/** Up to `framesPerLanguage` frames of each language, from clips in a keyed order, every clip thinned alike. */
async function sample(
  from: FrozenBase,
  config: UnitsConfig,
  clips: Rows<UnitClip>,
  whole: (hash: string, rows: Float32Array) => void,
  onProgress: (done: number, total: number) => void,
) {
  const width = from.base.config.hidden;
  const chosen: UnitClip[] = [];
  const keep = new Map<string, number>();
  for (const language of [...new Set(clips.map((clip) => clip.language))].sort()) {
    const own = clips
      .filter((clip) => clip.language === language)
      .map(({ hash, frames }) => ({ hash, language, frames }))
      .sort((a, b) => (a.hash < b.hash ? -1 : 1));
    const total = own.reduce((sum, { frames }) => sum + frames, 0);
    // Twice as much speech as is needed, every second frame: neighbours are nearly the same frame.
    let enough = Math.min(total, 2 * config.framesPerLanguage);
    const share = Math.min(1, config.framesPerLanguage / enough);
    for (const i of permutation(own.length, config.seed, 'fit', language)) {
      if (enough <= 0) break;
      chosen.push(own[i]);
      keep.set(own[i].hash, Math.max(1, Math.floor(own[i].frames * share)));
      enough -= own[i].frames;
    }
  }
  const rows = new Float32Array([...keep.values()].reduce((a, b) => a + b, 0) * width);
  const offsets = new Map<string, number>();
  let offset = 0;
  for (const { hash } of chosen) {
    offsets.set(hash, offset);
    offset += keep.get(hash)!;
  }
  await visit<number>(
    from,
    chosen,
    { layer: config.layer },
    floats,
    ({ hash, frames }, all) => {
      whole(hash, all as Float32Array);
      const picked = permutation(frames, config.seed, 'frames', hash).subarray(0, keep.get(hash));
      picked.forEach((t, i) => {
        rows.set((all as Float32Array).subarray(t * width, (t + 1) * width), (offsets.get(hash)! + i) * width);
      });
    },
    onProgress,
  );
  return rows;
}

const tooFew = (frames: number, clusters: number) =>
  new UserError({
    code: 'units.too-few-frames',
    tried: `fit ${clusters} units`,
    why: `there are only ${frames} frames to fit them on.`,
    cure: 'Add audio, raise units.framesPerLanguage, or lower units.clusters.',
  });
