/** @file The run's units: their key before anything is computed, their centroids kept with the run, every clip's labels. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Experiment } from '../../config/experiment.ts';
import { joined } from '../../corpus/index.ts';
import { makeFolder, writeFileAtomic } from '../../disk.ts';
import { UserError } from '../../errors.ts';
import { centroidsFile, readCentroids } from '../../units/centroids.ts';
import type { FeatureKind } from '../../units/features.ts';
import {
  type FrozenBase,
  prepareUnits,
  type UnitClip,
  type Units,
  type UnitsConfig,
  unitsKey,
} from '../../units/fit.ts';
import type { Stage } from '../stages.ts';
import type { Clips } from './clips.ts';

export interface UnitsPlan {
  key: string;
  config: UnitsConfig;
  fitOn: Clips['heard'];
}

/** @throws UserError where the base has no such layer */
export function planUnits(
  experiment: Pick<Experiment, 'units' | 'languages'>,
  base: { hash: string; config: { layers: number } },
  { heard }: Pick<Clips, 'heard'>,
  features: FeatureKind,
): UnitsPlan {
  const { layer: asked, fitOn, clusters, framesPerLanguage, iterations, restarts, seed } = experiment.units;
  const { layers } = base.config;
  const layer = asked === 'auto' ? Math.max(1, Math.round(layers * 0.75)) : asked;
  if (layer > layers) throw layerTooDeep(layer, layers);
  const fitted = (language: string) =>
    fitOn === 'all' ||
    (Array.isArray(fitOn) ? fitOn.includes(language) : experiment.languages[language].role === fitOn);
  const clips = heard.filter(({ language }) => fitted(language));
  const config = { layer, clusters, framesPerLanguage, iterations, restarts, seed };
  return { key: unitsKey(base.hash, config, clips, features), config, fitOn: clips };
}

/**
 * The units of every stage where each fits its own (`units.refit`): on the languages that are there by then. The first
 * stage's are those of held-out speech.
 */
export const planUnitsOfStages = (
  stages: readonly Stage[],
  base: Parameters<typeof planUnits>[1],
  { heard }: Pick<Clips, 'heard'>,
  features: FeatureKind,
): UnitsPlan[] =>
  stages.map(({ experiment }) => {
    const there = heard.filter(({ language }) => language in experiment.languages);
    return planUnits(experiment, base, { heard: there }, features);
  });

export const UNITS_FILE = 'units.safetensors';

/** Where a run keeps the units of a stage; those of the first are the run's. */
export const unitsFile = (run: { path: string }, stage = 1): string =>
  stage === 1 ? join(run.path, UNITS_FILE) : join(run.path, 'stages', String(stage), UNITS_FILE);

/** The labels of every clip; the centroids are those that `keptIn` holds, or are fitted and, with a file named, kept there. */
export async function labelClips(
  { key, config, fitOn }: UnitsPlan,
  from: FrozenBase,
  { heard, heldOut }: Clips,
  { cache, keptIn: path, onDamage }: { cache: string; keptIn?: string; onDamage?(path: string): void },
  onProgress: (done: number, total: number) => void,
): Promise<Units> {
  const kept =
    path && existsSync(path) ? readCentroids(path, config.clusters, from.base.config.hidden, key) : undefined;
  const units = await prepareUnits(from, config, fitOn, joined<UnitClip>([heard, heldOut]), cache, {
    key,
    onDamage,
    centroids: kept,
    onProgress: (_, done, total) => onProgress(done, total),
  });
  if (path && !kept) keepCentroids(path, units, config);
  return units;
}

/** What a unit is, beside what predicts it: without the centroids neither run nor export could label new speech. */
function keepCentroids(path: string, { centroids, key }: Units, { layer }: UnitsConfig): void {
  makeFolder(dirname(path));
  writeFileAtomic(path, centroidsFile(centroids, { layer: String(layer), key }));
}

const layerTooDeep = (layer: number, layers: number) =>
  new UserError({
    code: 'units.layer-too-deep',
    tried: `take the units from layer ${layer}`,
    why: `the base has ${layers} layers.`,
    cure: `Set units.layer to a number from 1 to ${layers}, or to auto.`,
  });
