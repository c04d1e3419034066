/**
 * @file From an experiment to everything that the loop needs: base, clips, features, units, learners. Each part is kept
 * in the cache by content, so a second run of the same data starts at once.
 */
import { join } from 'node:path';
import { sites } from '../architecture/mixture.ts';
import { framesOf } from '../architecture/time.ts';
import { type Experiment, perLayer } from '../config/experiment.ts';
import { type Clip, clipSamples, createSampler } from '../corpus/index.ts';
import type { DeviceName, SessionOptions } from '../engine/session.ts';
import { UserError } from '../errors.ts';
import { evaluateHeldOut } from '../evaluation/heldout.ts';
import type { Sources } from '../learning/batch.ts';
import type { Learner } from '../learning/learner.ts';
import type { Meter } from '../learning/meter.ts';
import { openLearner } from '../learning/open-learner.ts';
import { type BaseModel, loadBase } from '../model/checkpoint/base.ts';
import type { AdapterConfig, LearnableConfig } from '../model/config.ts';
import type { CorpusSummary, RunEvent } from '../protocol/events.ts';
import { FeatureStore } from '../units/features.ts';
import { ownUnits, prepareUnits, type Units } from '../units/fit.ts';
import { WeightFile } from '../weights/file.ts';
import { makeLanguage } from './language.ts';
import type { Sampler, Training, TrainingClip } from './trainer.ts';

export interface Prepared {
  base: BaseModel;
  config: LearnableConfig;
  adapted: Learner;
  control?: Learner;
  units: Units;
  sampler: () => Sampler;
  clips: TrainingClip[];
  heldOut: TrainingClip[];
  sources: Sources;
  baseOwn?: Meter;
  sites: Training['sites'];
  corpus: CorpusSummary[];
  release(): Promise<void>;
}

export interface PrepareOptions {
  cache: string;
  device: DeviceName;
  emit(event: RunEvent): void;
  signal: AbortSignal;
}

/** Tensors of the base are as they are; this is what trains on top of them. */
export function learnableConfig(experiment: Experiment, base: BaseModel['config']): LearnableConfig {
  const { adapter, head, units } = experiment;
  const { layers } = base;
  let what: AdapterConfig = { kind: 'none' };
  if (adapter.kind === 'full') what = { kind: 'full' };
  if (adapter.kind === 'lora-mixture')
    what = {
      kind: 'lora-mixture',
      mixture: {
        experts: perLayer(adapter.experts, layers, 'adapter.experts'),
        rank: perLayer(adapter.rank, layers, 'adapter.rank'),
        alpha: adapter.alpha,
        targets: adapter.targets,
        router: adapter.router,
        init: adapter.init,
      },
    };
  return {
    base,
    adapter: what,
    head: { projection: head.projection, units: units.clusters, temperature: head.temperature },
    trainMask: false,
  };
}

export async function prepare(
  experiment: Experiment,
  { cache, device, emit, signal }: PrepareOptions,
): Promise<Prepared> {
  const options: SessionOptions = { device };
  const base = loadBase(experiment.base.model, { head: experiment.base.head });
  for (const text of base.notes) emit({ type: 'note', level: 'info', text });
  if (!base.weights.has('masked_spec_embed'))
    base.weights.set('masked_spec_embed', { shape: [base.config.hidden], data: new Float32Array(base.config.hidden) });
  const config = learnableConfig(experiment, base.config);
  const file = WeightFile.prepare(base, cache);
  base.weights = file.weights; // from here on they lie in the file alone

  const scanned: { clip: Clip; frames: number }[] = [];
  const corpus: CorpusSummary[] = [];
  const codes = Object.entries(experiment.languages);
  for (const [i, [code, spec]] of codes.entries()) {
    emit({ type: 'stage', name: 'scan', done: i, total: codes.length, detail: code });
    const { clips, summary } = await makeLanguage(
      code,
      spec,
      experiment,
      join(cache, 'corpus'),
      signal,
      (done, total) => emit({ type: 'stage', name: 'scan', done, total, detail: code }),
    );
    corpus.push(summary);
    emit({ type: 'corpus', ...summary });
    for (const clip of clips) scanned.push({ clip, frames: framesOf(base.config, clip.samples) });
    signal.throwIfAborted();
  }
  emit({ type: 'stage', name: 'scan', done: codes.length, total: codes.length });

  const features = new FeatureStore(base, file, cache);
  const byHash = new Map(scanned.map(({ clip }) => [clip.hash, clip]));
  const load = ({ hash }: { hash: string }) => clipSamples(byHash.get(hash)!, { normalise: base.normalise });
  const stage = (name: 'features' | 'units') => (done: number, total: number) => {
    signal.throwIfAborted();
    emit({ type: 'stage', name, done, total });
  };
  await features.ensure(
    scanned.map(({ clip }) => clip),
    load,
    options,
    stage('features'),
  );

  const all: (TrainingClip & { split: 'train' | 'dev' })[] = scanned.map(({ clip, frames }) => ({
    id: clip.id,
    hash: clip.hash,
    language: clip.language,
    frames,
    split: clip.split,
  }));
  const clips = all.filter(({ split }) => split === 'train');
  const heldOut = limitHeldOut(
    all.filter(({ split }) => split === 'dev'),
    experiment.evaluation.secondsPerLanguage,
  );
  if (clips.length === 0) throw nothingToTrainOn();

  const from = { base, file, features, options };
  const { layer, clusters, framesPerLanguage, iterations, restarts, seed, fitOn } = experiment.units;
  const fitted = (language: string) =>
    fitOn === 'all' ||
    (Array.isArray(fitOn) ? fitOn.includes(language) : experiment.languages[language].role === fitOn);
  const unitLayer = layer === 'auto' ? Math.max(1, Math.round(base.config.layers * 0.75)) : layer;
  if (unitLayer > base.config.layers) throw layerTooDeep(unitLayer, base.config.layers);
  const units = await prepareUnits(
    from,
    { layer: unitLayer, clusters, framesPerLanguage, iterations, restarts, seed },
    clips.filter(({ language }) => fitted(language)),
    [...clips, ...heldOut],
    cache,
    (_, done, total) => stage('units')(done, total),
  );
  const own = base.head && (await ownUnits(from, heldOut));

  const adapted = await openLearner(config, base, file, experiment.seed, options, base.head);
  const withControl = experiment.control && config.adapter.kind !== 'none';
  const headOnly: LearnableConfig = { ...config, adapter: { kind: 'none' } };
  const control = withControl
    ? await openLearner(headOnly, base, file, experiment.seed, options, base.head)
    : undefined;
  const sources: Sources = {
    features,
    units: (hash) => units.of(hash),
    baseUnits: own && ((hash) => own.get(hash) ?? new Uint16Array(0)),
  };
  // The untrained adapter is the base bit for bit, so its own-head scores are the base's.
  const frames = Math.round(experiment.training.batchSeconds * 50);
  const baseOwn = own && (await evaluateHeldOut(adapted, heldOut, sources, experiment.mask, frames));
  const languages = codes.map(([code, { role, weight }]) => ({ code, role, weight }));
  const { fraction, languages: replayed } = experiment.replay;
  const sampler = () =>
    createSampler({
      clips,
      languages: languages.filter(({ code, role }) => role === 'new' || replayed.includes(code)),
      replayFraction: fraction,
      samplingExponent: experiment.sampling.exponent,
      batchSeconds: experiment.training.batchSeconds,
      seed: experiment.seed,
    });
  return {
    base,
    config,
    adapted,
    control,
    units,
    sampler,
    clips,
    heldOut,
    sources,
    baseOwn,
    sites: routedSites(config),
    corpus,
    async release() {
      await adapted.release();
      await control?.release();
      features.close();
    },
  };
}

/** The sites that have a router, with their number of experts. */
function routedSites({ base, adapter }: LearnableConfig): Training['sites'] {
  if (adapter.kind !== 'lora-mixture') return [];
  const { experts } = adapter.mixture;
  return sites(base, adapter.mixture)
    .map((site) => ({ ...site, experts: experts[site.layer] }))
    .filter((site) => site.experts > 1);
}

/** The first clips in hash order, so that the choice does not depend on the run. */
function limitHeldOut<T extends TrainingClip>(clips: T[], secondsPerLanguage: number): T[] {
  const left = new Map<string, number>();
  return [...clips]
    .sort((a, b) => (a.hash < b.hash ? -1 : 1))
    .filter(({ language, frames }) => {
      const rest = left.get(language) ?? secondsPerLanguage;
      left.set(language, rest - frames / 50);
      return rest > 0;
    });
}

const nothingToTrainOn = () =>
  new UserError({
    code: 'corpus.nothing-to-train-on',
    tried: 'collect the training clips',
    why: 'every clip was skipped or held out.',
    cure: 'Look at the skipped files, lower audio.minSeconds or a language’s heldOut, or add audio.',
  });

const layerTooDeep = (layer: number, layers: number) =>
  new UserError({
    code: 'units.layer-too-deep',
    tried: `take the units from layer ${layer}`,
    why: `the base has ${layers} layers.`,
    cure: `Set units.layer to a number from 1 to ${layers}, or to auto.`,
  });
