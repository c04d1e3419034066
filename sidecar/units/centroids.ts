/** @file Centroids on disk, with a checksum: one flipped bit would give other labels, and no error. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { UserError } from '../errors.ts';
import { openSafetensors, writeSafetensors } from '../model/checkpoint/safetensors.ts';
import type { Centroids } from './kmeans.ts';

const sumOf = (data: Float32Array) =>
  createHash('sha256')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');

export const centroidsFile = (
  { clusters, width, data }: Centroids,
  about: { layer: string; key: string },
): Uint8Array => writeSafetensors({ centroids: { shape: [clusters, width], data } }, { ...about, sha256: sumOf(data) });

/** @throws UserError where the file is damaged, or of other units */
export function readCentroids(path: string, clusters: number, width: number, key: string): Centroids {
  const file = openSafetensors(path);
  try {
    const fault = (code: string, why: string) =>
      new UserError({
        code,
        tried: `label speech with the centroids of ${path}`,
        why,
        cure: 'Restore the file, or start a new run.',
      });
    const shape = file.has('centroids') ? file.info('centroids').shape : [];
    if (shape.join() !== `${clusters},${width}` || file.metadata.key !== key)
      throw fault(
        'units.other-centroids',
        'they are not those that this run began with: its speech, its base or its units have changed.',
      );
    const data = file.float32('centroids');
    if (sumOf(data) !== file.metadata.sha256)
      throw fault('units.damaged-centroids', 'their numbers are not those that were written.');
    return { clusters, width, data };
  } finally {
    file.close();
  }
}

/** Those of the cache, where they are whole; else they are fitted again. */
export function cachedCentroids(path: string, clusters: number, width: number): Centroids | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return readCentroids(path, clusters, width, basename(path, '.safetensors'));
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
