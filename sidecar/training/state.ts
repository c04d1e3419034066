/** @file Everything that the next step depends on, as files of a checkpoint: from it the next step is bit-identical. */
import { UserError } from '../errors.ts';
import type { Learner } from '../learning/learner.ts';
import type { Meter } from '../learning/meter.ts';
import { writeSafetensors } from '../model/checkpoint/safetensors.ts';
import type { TensorFile } from '../model/checkpoint/tensor-file.ts';

export interface Progress {
  /** Updates done. */
  step: number;
  /** How often each pool of clips has been drawn from. */
  sampler: unknown;
  skipped: number;
  skippedInARow: number;
  /** The unfinished logging interval. */
  meters: { adapted: Meter; control: Meter };
  interval: { gradientNorm: number; loss: number; steps: number };
}

export const STATE = 'state.safetensors';
export const PROGRESS = 'progress.json';

export function saveState(learners: Readonly<Record<string, Learner>>, progress: Progress): Record<string, Uint8Array> {
  const tensors: Record<string, { shape: number[]; data: Float32Array }> = {};
  const updates: Record<string, number> = {};
  for (const [who, { parameters, optimiser }] of Object.entries(learners)) {
    const shape = [parameters.size];
    tensors[`${who}.parameters`] = { shape, data: parameters.data };
    tensors[`${who}.first`] = { shape, data: optimiser.first };
    tensors[`${who}.second`] = { shape, data: optimiser.second };
    updates[who] = optimiser.updates;
  }
  return {
    [STATE]: writeSafetensors(tensors),
    [PROGRESS]: new TextEncoder().encode(JSON.stringify({ ...progress, updates })),
  };
}

type Stored = Progress & { updates: Record<string, number> };

/** The file's hash holds, but who wrote it is not known: every number that training goes on from is looked at. */
function parseProgress(text: string, learners: string[], where: string): Stored {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Told below.
  }
  const record = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null && !Array.isArray(x);
  const counts = (x: unknown, keys: string[]) =>
    record(x) && keys.every((key) => Number.isSafeInteger(x[key]) && (x[key] as number) >= 0);
  const sound =
    record(value) &&
    counts(value, ['step', 'skipped', 'skippedInARow']) &&
    counts(value.updates, learners) &&
    record(value.sampler) &&
    record(value.meters) &&
    record(value.meters.adapted) &&
    record(value.meters.control) &&
    record(value.interval) &&
    ['gradientNorm', 'loss', 'steps'].every(
      (key) => typeof (value.interval as Progress['interval'])[key as 'loss'] === 'number',
    );
  if (sound) return value as unknown as Stored;
  throw new UserError({
    code: 'run.progress',
    tried: `resume from ${where}`,
    why: `its ${PROGRESS} does not say how far the run was.`,
    cure: 'Remove this checkpoint to go on from the one before, or start a new run.',
  });
}

/** One flat vector of a checkpoint, as long as the learner's own. */
function vector(tensors: TensorFile, name: string, learner: Learner, where: string): Float32Array {
  const size = tensors.names().includes(name) ? tensors.info(name).shape.reduce((a, b) => a * b, 1) : 0;
  if (size !== learner.parameters.size)
    throw new UserError({
      code: 'run.checkpoint-mismatch',
      tried: `go on from ${where}`,
      why: `its ${name} holds ${size} numbers, and the experiment has ${learner.parameters.size} trainable ones.`,
      cure: 'Keep base, adapter, head and number of units as that run has them, or start a new run.',
    });
  return tensors.float32(name);
}

/** The parameters alone, for a new run that begins where another was: moments, schedule and draws start anew. */
export async function loadParameters(
  learners: Readonly<Record<string, Learner>>,
  tensors: TensorFile,
  where: string,
): Promise<void> {
  for (const [who, learner] of Object.entries(learners)) {
    // A run without a control leaves none behind: its head is the adapted one's.
    const name = tensors.names().includes(`${who}.parameters`) ? who : 'adapted';
    learner.parameters.data.set(vector(tensors, `${name}.parameters`, learner, where));
    await learner.push();
  }
}

/** Puts a checkpoint's numbers into the learners; returns where the run was. */
export async function loadState(
  learners: Readonly<Record<string, Learner>>,
  tensors: TensorFile,
  progress: string,
  where: string,
): Promise<Progress> {
  const parsed = parseProgress(progress, Object.keys(learners), where);
  for (const [who, learner] of Object.entries(learners)) {
    const read = (part: string) => vector(tensors, `${who}.${part}`, learner, where);
    learner.parameters.data.set(read('parameters'));
    learner.optimiser = { first: read('first'), second: read('second'), updates: parsed.updates[who] };
    await learner.push();
  }
  return parsed;
}
