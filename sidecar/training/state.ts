/** @file Everything that the next step depends on, as files of a checkpoint: from it the next step is bit-identical. */
import type { SamplerState } from '../corpus/index.ts';
import { UserError } from '../errors.ts';
import { parseJson } from '../json.ts';
import type { Meter } from '../learning/meter.ts';
import { writeSafetensors } from '../model/checkpoint/safetensors.ts';
import type { TensorFile } from '../model/checkpoint/tensor-file.ts';
import type { Arm } from './arms.ts';

export interface Progress {
  /** Updates done. */
  step: number;
  sampler?: SamplerState;
  skipped: number;
  skippedInARow: number;
  /** The unfinished logging interval, by arm. */
  meters: Record<string, Meter>;
  interval: { gradientNorm: Record<string, number>; loss: Record<string, number>; steps: number };
}

/** What the numbers of a checkpoint stand for: whoever forks from it carries over what means the same. */
export interface CheckpointMeaning {
  /** Hash of the frozen base. */
  base: string;
  /** Names the set of units that the head predicts, and of those that one predicts which only measures. */
  units: string;
  measuringUnits?: string;
  /** Whose each expert is, where they go by language. */
  experts?: string;
  /** By the name of an adapted projection; `scale` is alpha / rank. */
  sites: Record<string, { experts: number; rank: number; scale: number; shared?: number }>;
}

type Layout = Record<string, { name: string; shape: readonly number[] }[]>;

export const STATE = 'state.safetensors';
export const PROGRESS = 'progress.json';
/** Of `progress.json`; MiLorE 0.2.0 wrote none. */
const VERSION = 2;

export function saveState(
  arms: readonly Arm[],
  progress: Progress,
  meaning: CheckpointMeaning,
): Record<string, Uint8Array> {
  const tensors: Record<string, { shape: number[]; data: Float32Array }> = {};
  const updates: Record<string, number> = {};
  const layout: Layout = {};
  for (const { name, learner } of arms) {
    const { parameters, optimiser } = learner;
    const shape = [parameters.size];
    tensors[`${name}.parameters`] = { shape, data: parameters.data };
    tensors[`${name}.first`] = { shape, data: optimiser.first };
    tensors[`${name}.second`] = { shape, data: optimiser.second };
    updates[name] = optimiser.updates;
    layout[name] = parameters.names.map((name) => ({ name, shape: parameters.shape(name) }));
  }
  const text = JSON.stringify({ version: VERSION, ...progress, updates, meaning, layout });
  return { [STATE]: writeSafetensors(tensors), [PROGRESS]: new TextEncoder().encode(text) };
}

export interface StoredProgress extends Progress {
  updates: Record<string, number>;
  meaning: CheckpointMeaning;
  layout: Layout;
}

const isRecord = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null && !Array.isArray(x);
const areCounts = (x: unknown, keys: readonly string[]) =>
  isRecord(x) && keys.every((key) => Number.isSafeInteger(x[key]) && (x[key] as number) >= 0);
const areNumbers = (x: unknown) => isRecord(x) && Object.values(x).every((one) => typeof one === 'number');

function isLayout(x: unknown): x is Layout {
  const sizes = (shape: unknown) => Array.isArray(shape) && shape.every((n) => Number.isSafeInteger(n) && n >= 0);
  const specs = (list: unknown) =>
    Array.isArray(list) && list.every((one) => isRecord(one) && typeof one.name === 'string' && sizes(one.shape));
  return isRecord(x) && Object.values(x).every(specs);
}

/** The file's hash holds, but who wrote it is not known: every number that training goes on from is looked at. */
export function parseProgress(text: string, where: string): StoredProgress {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    // Told below.
  }
  const fault = (why: string, cure: string) =>
    new UserError({ code: 'run.progress', tried: `go on from ${where}`, why, cure });
  if (isRecord(value) && value.version !== VERSION && areCounts(value, ['step', 'skipped']))
    throw fault(
      `another version of MiLorE wrote it (its ${PROGRESS} is of version ${String(value.version ?? 1).slice(0, 20)}, not ${VERSION}).`,
      'Go on with the version that began the run, or start a new one.',
    );
  const sound =
    isRecord(value) &&
    areCounts(value, ['step', 'skipped', 'skippedInARow']) &&
    isLayout(value.layout) &&
    areCounts(value.updates, Object.keys(value.layout)) &&
    isRecord(value.meters) &&
    Object.values(value.meters).every(isRecord) &&
    isRecord(value.interval) &&
    typeof value.interval.steps === 'number' &&
    areNumbers(value.interval.loss) &&
    areNumbers(value.interval.gradientNorm) &&
    isRecord(value.meaning) &&
    typeof value.meaning.base === 'string' &&
    typeof value.meaning.units === 'string' &&
    ['string', 'undefined'].includes(typeof value.meaning.measuringUnits) &&
    ['string', 'undefined'].includes(typeof value.meaning.experts) &&
    isRecord(value.meaning.sites) &&
    Object.values(value.meaning.sites).every(areNumbers);
  if (sound) return value as unknown as StoredProgress;
  throw fault(
    `its ${PROGRESS} does not say how far the run was.`,
    'Remove this checkpoint to go on from the one before, or start a new run.',
  );
}

/** Puts a checkpoint's numbers into the arms, which must be those that it was written with. */
export async function loadState(
  arms: readonly Arm[],
  tensors: TensorFile,
  progress: StoredProgress,
  where: string,
): Promise<void> {
  for (const { name, learner } of arms) {
    const read = (part: string): Float32Array => {
      const tensor = `${name}.${part}`;
      const size = tensors.names().includes(tensor) ? tensors.info(tensor).shape.reduce((a, b) => a * b, 1) : 0;
      if (size === learner.parameters.size && name in progress.updates) return tensors.float32(tensor);
      throw new UserError({
        code: 'run.checkpoint-mismatch',
        tried: `go on from ${where}`,
        why: `its ${tensor} holds ${size} numbers, and the experiment has ${learner.parameters.size} trainable ones.`,
        cure: 'Keep base, adapter, head and number of units as that run has them, or start a new run.',
      });
    };
    learner.parameters.data.set(read('parameters'));
    learner.optimiser = { first: read('first'), second: read('second'), updates: progress.updates[name] };
    await learner.push();
  }
}
