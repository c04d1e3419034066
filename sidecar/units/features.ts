/**
 * @file The front end's output for every clip. The convolutions are frozen, so it may be computed once and kept; where
 * the disk is too small for that, the sound is kept instead, or nothing, and the convolutions run again with each batch.
 */
import type { Rows } from '../corpus/index.ts';
import type { SessionOptions } from '../engine/session.ts';
import type { BaseModel } from '../model/checkpoint/base.ts';
import type { WeightFile } from '../weights/file.ts';
import { ComputedFeatures } from './computed-features.ts';
import { KeptFeatures } from './kept-features.ts';

/** What is kept on disk: features in single or half precision, sound in 16 bits, or nothing. */
export type FeatureKind = 'float32' | 'float16' | 'audio' | 'none';

export interface FeatureClip {
  hash: string;
  /** How long it is, where that is known. */
  frames?: number;
}

export interface Crop {
  hash: string;
  /** Its first frame. */
  start: number;
}

/** How a missing or damaged clip is computed (again). */
export interface FeatureSource {
  /** A clip's samples at 16 kHz, already normalised if the base wants it. */
  load(clip: FeatureClip): Promise<Float32Array>;
  /** How many are worth loading before the first is needed; one after the other unless told. */
  ahead?: number;
  options: SessionOptions;
}

export interface FeatureStore {
  /** Of a feature, in channels. */
  readonly width: number;
  /** Puts on disk what is missing there, and takes what another process has put there meanwhile. */
  ensure(
    clips: Rows<FeatureClip>,
    source: FeatureSource,
    onProgress?: (done: number, total: number) => void,
  ): Promise<void>;
  /** Makes these clips readable: looks at checksums, computes what is damaged or was never kept. */
  ready(hashes: readonly string[]): Promise<void>;
  /** `frames` rows from row `start`, all without them: [frames · width]. Of clips that were lately made ready. */
  read(hash: string, start?: number, frames?: number): Float32Array;
  /**
   * Reads crops of so many frames ahead, while the thread that asks computes: each crop's rows, or undefined where it is
   * still to be made ready and read. Absent where nobody else can.
   */
  fetch?(crops: readonly Crop[], frames: number): Promise<(Float32Array | undefined)[]>;
  /** Whether a clip needs nothing more to be written. */
  has(hash: string): boolean;
  close(): Promise<void>;
}

export function openFeatures(
  kind: FeatureKind,
  base: BaseModel,
  file: WeightFile,
  cache: string,
  onDamage?: (path: string) => void,
): FeatureStore {
  return kind === 'float32' || kind === 'float16'
    ? new KeptFeatures(kind, base, file, cache, onDamage)
    : new ComputedFeatures(kind, base, file, cache, onDamage);
}

/** On disk, of a clip of so many frames and samples. */
export function bytesOf(kind: FeatureKind, width: number, clip: { frames: number; samples: number }): number {
  switch (kind) {
    case 'float32':
      return 4 * width * clip.frames;
    case 'float16':
      return 2 * width * clip.frames;
    case 'audio':
      return 2 * clip.samples;
    case 'none':
      return 0;
  }
}
