/**
 * @file The methods that a sweep compares by name: what each changes in an experiment. Numbers that a method needs come from
 * the experiment itself, so that all have the same budget. It must not know files.
 */
import { languagesOf } from './experiment.ts';
import type { ParsedExperiment } from './schema.ts';
import type { Preset } from './schema-sweep.ts';

/** Keys with what they become; `undefined` removes one. */
export type Changes = Record<string, unknown>;

/** What a preset is of: no run, where every run has measured it before its first step. */
export interface PresetPoint {
  name: string;
  changes: Changes;
  measured?: 'base';
}

/** Full fine-tuning takes a quarter of the adapter's rate: 1e-3 beside 4e-3 in our reference experiment. */
const FULL_RATE = 1 / 4;
/** Where the experiment itself replays nothing. */
const SOME_REPLAY = 0.125;
/** A place to begin, and no recommendation: vary training.l2ToStart over decades. */
const L2_TO_START = 0.01;
/** Likewise of training.ewc.strength, whose scale follows the importance: vary it over decades. */
const EWC = 1e4;
/** LwF’s own λ_o, and a place to begin of DER’s α. */
const LWF = 1;
const DER = 0.5;
/** Of a top-k router without one: Lamer-SSL (arXiv 2602.12746). */
const BALANCE = 0.001;

/** @returns a reason where this experiment cannot be varied so */
export function presetPoints(
  preset: Preset,
  experiment: ParsedExperiment,
): PresetPoint[] | { why: string; cure: string } {
  const one = (changes: Changes): PresetPoint[] => [
    { name: preset, changes: { ...unpulled(experiment, changes), ...unrivalled(preset, experiment), ...changes } },
  ];
  const { training } = experiment;
  switch (preset) {
    case 'base':
      return [{ name: preset, changes: {}, measured: 'base' }];
    case 'head':
      return one({ 'adapter.kind': 'none' });
    case 'full':
      return one({ ...full(experiment), ...replayed(experiment, 0) });
    case 'full+replay':
      return one({ ...full(experiment), ...someReplay(experiment) });
    case 'l2':
      return one({
        ...full(experiment),
        ...replayed(experiment, 0),
        'training.l2ToStart': training.l2ToStart > 0 ? training.l2ToStart : L2_TO_START,
      });
    case 'ewc':
      return one({
        ...full(experiment),
        ...replayed(experiment, 0),
        'training.ewc.strength': training.ewc.strength > 0 ? training.ewc.strength : EWC,
      });
    case 'lwf':
      return one({
        ...full(experiment),
        ...replayed(experiment, 0),
        'training.lwf.weight': training.lwf.weight > 0 ? training.lwf.weight : LWF,
      });
    case 'der':
    case 'der++':
      return one({
        ...full(experiment),
        ...someReplay(experiment),
        'training.der.weight': training.der.weight > 0 ? training.der.weight : DER,
        'training.der.labels': preset === 'der' ? 0 : training.der.labels > 0 ? training.der.labels : 1,
      });
    case 'lora':
      return one(singleLora(experiment));
    case 'dense':
      return one({ 'adapter.kind': 'lora-mixture', 'adapter.router.kind': 'dense' });
    case 'top-k':
      return one(topK(experiment));
    case 'shared':
      return one(sharedExpert(experiment));
    case 'by-language':
      return one({
        'adapter.kind': 'lora-mixture',
        'adapter.experts':
          languagesOf(experiment, 'new').length + Math.min(1, languagesOf(experiment, 'existing').length),
        'adapter.router.kind': 'language',
        'adapter.router.balance': 0,
        'adapter.router.zLoss': 0,
      });
    case 'no-replay':
      return one(replayed(experiment, 0));
    case 'replay-1':
    case 'replay-5':
    case 'replay-10':
    case 'replay-20':
      return one(replayed(experiment, Number(preset.slice('replay-'.length)) / 100));
    case 'orders':
      return orders(experiment);
    case 'joint':
      return one(joint(experiment));
  }
}

/** Where the base itself does not move, nothing pulls it back. */
const unpulled = ({ training }: ParsedExperiment, changes: Changes): Changes =>
  training.l2ToStart > 0 && (changes['adapter.kind'] ?? 'full') !== 'full' ? { 'training.l2ToStart': 0 } : {};

/** Methods that are compared with each other are what their names say, whatever the experiment holds on to. */
function unrivalled(preset: Preset, { training: { ewc, lwf, der } }: ParsedExperiment): Changes {
  const off = {
    ...(ewc.strength > 0 ? { 'training.ewc.strength': 0 } : {}),
    ...(lwf.weight > 0 ? { 'training.lwf.weight': 0 } : {}),
    ...(der.weight > 0 ? { 'training.der.weight': 0 } : {}),
  };
  if (['head', 'full', 'full+replay', 'l2', 'ewc', 'lwf', 'der', 'der++'].includes(preset)) return off;
  return preset === 'no-replay' && der.weight > 0 ? { 'training.der.weight': 0 } : {};
}

/** The head's rate stays what it was, though the one that it follows changes. */
const full = ({ training }: ParsedExperiment): Changes => ({
  'adapter.kind': 'full',
  'training.learningRate': training.learningRate * FULL_RATE,
  'training.headLearningRate': training.headLearningRate ?? training.learningRate,
});

/** The same share in every stage, whatever each says for itself. */
function replayed({ stages }: ParsedExperiment, fraction: number): Changes {
  if (!stages) return { 'replay.fraction': fraction };
  return {
    'replay.fraction': fraction,
    stages: stages.map((stage) => ({ ...stage, replay: { ...stage.replay, fraction } })),
  };
}

const someReplay = (experiment: ParsedExperiment): Changes =>
  experiment.replay.fraction > 0 ? {} : replayed(experiment, SOME_REPLAY);

/**
 * As many parameters as all experts have: their ranks together, E·r a layer, less the router. Its scale alpha / rank stays
 * that of one expert; where layers differ in experts, of their mean.
 */
function singleLora({ adapter: { experts, sharedExperts, rank, alpha } }: ParsedExperiment): Changes {
  const layers = Math.max(...[experts, rank].map((one) => (Array.isArray(one) ? one.length : 1)));
  const at = (one: number | number[], layer: number) => (Array.isArray(one) ? (one[layer] ?? 1) : one);
  const count = (layer: number) => at(experts, layer) + sharedExperts;
  const ranks = Array.from({ length: layers }, (_, layer) => count(layer) * at(rank, layer));
  const mean = Array.from({ length: layers }, (_, layer) => count(layer)).reduce((a, b) => a + b, 0) / layers;
  return {
    'adapter.kind': 'lora-mixture',
    'adapter.experts': 1,
    ...(sharedExperts > 0 ? { 'adapter.sharedExperts': 0 } : {}),
    'adapter.rank': Array.isArray(experts) || Array.isArray(rank) ? ranks : ranks[0],
    'adapter.alpha': alpha * mean,
    'adapter.router.kind': 'dense',
    'adapter.router.balance': 0,
    'adapter.router.zLoss': 0,
  };
}

function topK({ adapter: { experts, router } }: ParsedExperiment): Changes {
  const fewest = Math.min(...[experts].flat());
  return {
    'adapter.kind': 'lora-mixture',
    'adapter.router.kind': 'top-k',
    'adapter.router.k': Math.min(router.k, fewest),
    'adapter.router.balance': router.balance > 0 ? router.balance : BALANCE,
  };
}

/** One of the experts always on: as many parameters, but for a row of each router. */
function sharedExpert({ adapter: { experts, sharedExperts } }: ParsedExperiment): Changes {
  const fewer = (count: number) => Math.max(1, count - 1);
  return {
    'adapter.kind': 'lora-mixture',
    'adapter.router.kind': 'dense',
    ...(sharedExperts > 0
      ? {}
      : {
          'adapter.experts': Array.isArray(experts) ? experts.map(fewer) : fewer(experts),
          'adapter.sharedExperts': 1,
        }),
  };
}

/** As written, the other way round, and, of three or more, turned on by one; each stage keeps its steps and its replay. */
function orders(experiment: ParsedExperiment): PresetPoint[] | { why: string; cure: string } {
  const fresh = languagesOf(experiment, 'new');
  const stages =
    experiment.stages ??
    fresh.map((code) => ({
      add: [code],
      steps: Math.max(1, Math.floor(experiment.training.steps / fresh.length)),
      replay: {},
    }));
  if (stages.length < 2)
    return {
      why: 'there is but one order of a single stage.',
      cure: 'Give the role new to two languages at least, or leave orders out.',
    };
  const adds = stages.map(({ add }) => add);
  const turned = adds.length > 2 ? [[...adds.slice(1), adds[0]]] : [];
  return [adds, [...adds].reverse(), ...turned].map((order) => ({
    name: `order ${order.map((add) => add.join('+')).join('-')}`,
    changes: { stages: stages.map((stage, i) => ({ ...stage, add: order[i] })) },
  }));
}

/** Every language at once, old and new heard alike often: what no order of stages can do better than. */
function joint(experiment: ParsedExperiment): Changes {
  const { stages, training } = experiment;
  const [old, fresh] = (['existing', 'new'] as const).map((role) => languagesOf(experiment, role).length);
  return {
    stages: undefined,
    'training.steps': stages?.reduce((sum, { steps }) => sum + (steps ?? training.steps), 0) ?? training.steps,
    ...(old > 0 && fresh > 0
      ? {
          'replay.fraction': Math.min(0.9, Number((old / (old + fresh)).toPrecision(3))),
          'replay.hours': undefined,
          'replay.languages': undefined,
        }
      : {}),
  };
}
