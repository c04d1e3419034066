/**
 * @file From an experiment to everything that the loop needs, in named steps: base, clips, plan, features, units, arms.
 * Each part is kept in the cache by content, so a second run of the same data starts at once.
 */
import type { Experiment } from '../../config/experiment.ts';
import { joined, rowsBy } from '../../corpus/index.ts';
import { sweepTemporary } from '../../disk.ts';
import type { DeviceName, SessionOptions } from '../../engine/session.ts';
import { evaluateHeldOut, type HeldOutSpeech } from '../../evaluation/heldout.ts';
import type { Sources } from '../../learning/batch.ts';
import { measurements } from '../../learning/meter.ts';
import { openLearners } from '../../learning/open-learner.ts';
import { countParameters, type ParameterCount } from '../../objectives/count.ts';
import { parameterSpecs } from '../../objectives/learnable.ts';
import type { RunEvent } from '../../protocol/events.ts';
import type { Measurement } from '../../protocol/measurement.ts';
import type { FeatureStore } from '../../units/features.ts';
import { type FrozenBase, ownUnits, type Units } from '../../units/fit.ts';
import { ADAPTED, type Arm, type ArmPlan, planArms } from '../arms.ts';
import type { TrainingClip } from '../draw.ts';
import type { ArmSpecs } from '../fork.ts';
import { stagesOf } from '../stages.ts';
import type { CheckpointMeaning } from '../state.ts';
import { Stopwatch } from '../stopwatch.ts';
import { type FrozenBaseModel, loadFrozenBase } from './base.ts';
import { type Clips, collectClips } from './clips.ts';
import { chooseCompute } from './compute.ts';
import { type FeaturesPlan, planFeatures } from './features.ts';
import { learnableConfig, meaningOfSites, refits, whoseExperts } from './learnable.ts';
import { labelClips, planUnits, planUnitsOfStages, type UnitsPlan, unitsFile } from './units.ts';

export interface Around {
  cache: string;
  /** Where the run keeps its centroids, if there is a run. */
  runFolder?: string;
  /** Whether that run has begun before. */
  goesOn?: boolean;
  device: DeviceName;
  emit(event: RunEvent): void;
  /** Told of a file of the cache that was damaged, when what it held has been made anew. */
  onDamage?(path: string): void;
  signal: AbortSignal;
  watch?: Stopwatch;
}

/** All that is known before anything is computed. */
export interface Plan {
  frozen: FrozenBaseModel;
  clips: Clips;
  features: FeaturesPlan;
  units: UnitsPlan;
  /** Of every stage where each fits its own: the first are `units`. */
  stageUnits?: UnitsPlan[];
  arms: ArmPlan[];
  specs: ArmSpecs[];
  meaning: CheckpointMeaning;
  count: ParameterCount;
}

export async function plan(experiment: Experiment, around: Around): Promise<Plan> {
  const { cache, emit, onDamage, watch = new Stopwatch() } = around;
  sweepTemporary(cache);
  const frozen = await watch.during('base', () => loadFrozenBase(experiment, cache, emit, onDamage));
  const { base } = frozen;
  const config = learnableConfig(experiment, base, frozen.trainMask);
  const clips = await watch.during('scan', () => collectClips(experiment, frozen, around));
  const all = joined<TrainingClip>([clips.heard, clips.heldOut]);
  const sized = rowsBy(all.length, (i) => {
    const { hash, frames } = all.at(i)!;
    return { hash, frames, samples: clips.samplesIn({ hash }) };
  });
  const features = planFeatures(experiment, frozen, sized, around);
  const stageUnits = refits(experiment)
    ? planUnitsOfStages(stagesOf(experiment), base, clips, features.kind)
    : undefined;
  const units = stageUnits?.[0] ?? planUnits(experiment, base, clips, features.kind);
  const arms = planArms(experiment, config);
  return {
    frozen,
    clips,
    features,
    units,
    stageUnits,
    arms,
    specs: arms.map(({ name, config }) => ({ name, specs: parameterSpecs(config, base.weights) })),
    meaning: {
      base: base.hash,
      units: units.key,
      ...(stageUnits ? { measuringUnits: units.key } : {}),
      ...whoseExperts(config),
      sites: meaningOfSites(config),
    },
    count: countParameters(config, base),
  };
}

/** What two processes must have alike to train one model: base, units and every clip, by content. */
export function trainedOn({ meaning, clips, frozen }: Plan): Record<string, unknown> {
  const listed = (rows: Iterable<TrainingClip>) => [...rows].map(({ id, hash, frames }) => [id, hash, frames]);
  return {
    base: frozen.base.hash,
    recordings: { heard: listed(clips.heard), heldOut: listed(clips.heldOut) },
    units: meaning.units,
  };
}

export interface Prepared {
  arms: Arm[];
  /** How the steps multiply by frozen weights. */
  computes: 'float32' | 'int8';
  units: Units;
  /** Of every stage, what trains in it is labelled by. */
  stageSources: Sources[];
  /** Of held-out speech. */
  sources: Sources;
  heldOut: HeldOutSpeech;
  /** By the base's own frozen head. */
  base: Measurement[];
  release(): Promise<void>;
}

/** Front-end features and units of every clip, from the cache where they are there. */
export async function label(
  { frozen: { base, file }, clips, features: kept, units: unitsPlan, stageUnits = [unitsPlan] }: Plan,
  around: Around,
): Promise<{ features: FeatureStore; units: Units; stageUnits: Units[]; from: FrozenBase }> {
  const { watch = new Stopwatch() } = around;
  const options: SessionOptions = { device: around.device };
  const stage = (name: 'features' | 'units') => (done: number, total: number) => {
    around.signal.throwIfAborted();
    around.emit({ type: 'stage', name, done, total });
  };
  const features = kept.open();
  try {
    const source = { load: clips.samples, options, ahead: clips.ahead };
    const every = joined<TrainingClip>([clips.heard, clips.heldOut]);
    await watch.during('features', () => features.ensure(every, source, stage('features')));
    const from = { base, file, features, options };
    const all: Units[] = [];
    for (const [i, one] of stageUnits.entries()) {
      const keptIn = around.runFolder && unitsFile({ path: around.runFolder }, i + 1);
      const named = () => labelClips(one, from, clips, { ...around, keptIn }, stage('units'));
      all.push(await watch.during('units', named));
    }
    return { features, from, units: all[0], stageUnits: all };
  } catch (error) {
    await features.close();
    throw error;
  } finally {
    await clips.rest();
  }
}

export async function prepare(experiment: Experiment, planned: Plan, around: Around): Promise<Prepared> {
  const { frozen, clips, arms: armPlans } = planned;
  const { base, file, framesPerSecond } = frozen;
  const { watch = new Stopwatch() } = around;
  const { features, units, stageUnits, from } = await label(planned, around);
  const arms: Arm[] = [];
  const release = async () => {
    for (const { learner } of arms) await learner.release();
    await features.close();
    await clips.rest();
  };
  try {
    const own = base.head && (await watch.during('units', () => ownUnits(from, clips.heldOut)));
    const baseUnits = own && ((hash: string) => own.get(hash) ?? none);
    const sources: Sources = { features, units: (hash) => units.of(hash), baseUnits };
    const sourcesOf = (own: Units): Sources =>
      own === units ? sources : { ...sources, units: (hash) => own.of(hash), measuringUnits: sources.units };
    const models = armPlans.map(({ name, config }) => {
      // The control's encoder is the base, of which the base's own head has said all.
      return { config, baseHead: name === ADAPTED ? base.head : undefined };
    });
    // Tried on labels alone: a frozen teacher has no way back.
    const plain = { ...armPlans[0].config, retention: undefined };
    const speech = { config: plain, file, clips: clips.heard, sources };
    const quantised = await watch.during('calibrate', () => chooseCompute(experiment, speech, around));
    const learners = await openLearners(models, base, file, experiment.seed, from.options, quantised);
    arms.push(...armPlans.map((arm, i) => ({ ...arm, learner: learners[i] })));
    // Before anything is put into them: the start is the base, of a run that goes on or forks as well.
    if (experiment.training.l2ToStart > 0) for (const { learner } of arms) await learner.anchor();
    const heldOut: HeldOutSpeech = {
      clips: clips.heldOut,
      sources,
      mask: experiment.evaluation.mask,
      batchFrames: Math.round(experiment.training.batchSeconds * framesPerSecond),
    };
    return {
      arms,
      computes: quantised ? 'int8' : 'float32',
      units,
      stageSources: stagesOf(experiment).map((_, i) => sourcesOf(stageUnits[i] ?? units)),
      sources,
      heldOut,
      base: own ? await watch.during('evaluate', () => byOwnHead(arms[0], heldOut)) : [],
      release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Says it once for each file. */
export function sayDamage(emit: Around['emit']): (path: string) => void {
  const said = new Set<string>();
  return (path) => {
    if (said.has(path)) return;
    said.add(path);
    const text = `The file ${path} of the cache was damaged or cut short; what it held has been computed anew. Unless something was interrupted, check the disk.`;
    emit({ type: 'note', level: 'warning', text });
  };
}

const none = new Uint16Array(0);

/** The untrained adapter is the base bit for bit, so its own-head scores are the base's. */
async function byOwnHead({ learner }: Arm, heldOut: HeldOutSpeech): Promise<Measurement[]> {
  const all = measurements('base', (await evaluateHeldOut(learner, heldOut)).meter);
  await learner.rest();
  return all.filter(({ measure }) => measure.startsWith('ownHead'));
}
