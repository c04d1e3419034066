/**
 * @file How a run computes its frozen products: in float32, or in 8 bits where the calibration vouches for them. Decided once,
 * kept in the run's folder, and read from there by whoever goes on with the run.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Experiment } from '../../config/experiment.ts';
import type { Rows } from '../../corpus/index.ts';
import { writeFileAtomic } from '../../disk.ts';
import { type EightBit, eightBitInstructions } from '../../engine/instructions.ts';
import type { DeviceName } from '../../engine/session.ts';
import { UserError } from '../../errors.ts';
import { parseJson } from '../../json.ts';
import { assemble, type Sources } from '../../learning/batch.ts';
import { type Calibration, calibrate, PRODUCT_BOUND, STEP_BOUND } from '../../learning/calibrate.ts';
import type { Batch } from '../../learning/learner.ts';
import { spanMask } from '../../learning/mask.ts';
import type { LearnableConfig } from '../../model/config.ts';
import type { WeightFile } from '../../weights/file.ts';
import { isRecipe, type QuantisedProducts, quantise, type Recipe } from '../../weights/quantised.ts';
import type { TrainingClip } from '../draw.ts';
import type { Around } from './index.ts';

/** What `calibration.json` of a run holds. */
export interface ComputeRecord {
  version: 1;
  asked: 'int8' | 'auto';
  computes: 'float32' | 'int8';
  /** Why, in words. */
  why: string;
  processor: string;
  bounds: { product: typeof PRODUCT_BOUND; step: typeof STEP_BOUND };
  /** Absent where nothing had to be tried. */
  calibration?: Omit<Calibration, 'recipe'>;
  /** How each projection is computed; what is not named is float32. */
  recipe: Recipe;
}

export const CALIBRATION_FILE = 'calibration.json';
/** Enough rows for every channel's range, few enough that a base's activations fit beside it. */
const FRAMES = 500;
const CLIP_FRAMES = 250;

/** @throws UserError where 8 bits are asked of a device that has no such products */
export function mustCompute({ compute }: Pick<Experiment, 'compute'>, device: DeviceName): void {
  if (compute !== 'int8' || device === 'cpu') return;
  throw new UserError({
    code: 'compute.cpu-only',
    tried: `compute in 8 bits on ${device}`,
    why: 'products in 8 bits are for the CPU alone.',
    cure: 'Write compute: float32, or auto, which takes 8 bits only on a CPU; or train with --device cpu.',
  });
}

/** Of `auto`: whether anything is worth trying here. Undefined where it is. */
export function whyNot(device: DeviceName, instructions: EightBit): string | undefined {
  if (device !== 'cpu') return `it computes on ${device}`;
  return instructions.has ? undefined : instructions.why;
}

/** The decision of a calibration. Asked for 8 bits by name, a run has them whatever the step came to. */
export function decide(
  asked: 'int8' | 'auto',
  { step, passes, recipe }: Pick<Calibration, 'step' | 'passes' | 'recipe'>,
): Pick<ComputeRecord, 'computes' | 'why'> {
  const came = `the gradient's cosine to float32's is ${step.cosine.toFixed(4)} and the loss ${step.lossNats.toFixed(4)} nats apart (bounds ${STEP_BOUND.cosine} and ${STEP_BOUND.lossNats})`;
  const any = Object.values(recipe).some((one) => one.forward.kind !== 'float32' || one.backward.kind !== 'float32');
  if (!any) return { computes: 'float32', why: 'no frozen product is close enough in 8 bits' };
  if (passes) return { computes: 'int8', why: came };
  return asked === 'int8'
    ? { computes: 'int8', why: `it was asked for, though ${came}` }
    : { computes: 'float32', why: came };
}

interface From {
  config: LearnableConfig;
  file: WeightFile;
  clips: Rows<TrainingClip>;
  sources: Sources;
}

/** The products of the run's steps; undefined where they are float32. Says what it decided and keeps it. */
export async function chooseCompute(
  experiment: Experiment,
  from: From,
  { device, runFolder, emit, onDamage, signal }: Around,
): Promise<QuantisedProducts | undefined> {
  const { compute: asked } = experiment;
  if (asked === 'float32') return undefined;
  const path = runFolder && join(runFolder, CALIBRATION_FILE);
  let record = path && existsSync(path) ? readRecord(path) : undefined;
  if (!record) {
    record = await find(asked, experiment, from, device, (done, total) => {
      signal.throwIfAborted();
      emit({ type: 'stage', name: 'calibrate', done, total });
    });
    if (path) writeFileAtomic(path, `${JSON.stringify(record, null, 1)}\n`);
    emit({
      type: 'note',
      level: record.computes === 'int8' && !record.calibration?.passes ? 'warning' : 'info',
      text: inWords(record),
    });
  }
  return record.computes === 'int8' ? quantise(from.file, record.recipe, onDamage) : undefined;
}

async function find(
  asked: 'int8' | 'auto',
  experiment: Experiment,
  { config, file, clips, sources }: From,
  device: DeviceName,
  onProgress: (done: number, total: number) => void,
): Promise<ComputeRecord> {
  const instructions = eightBitInstructions();
  const common = {
    version: 1,
    asked,
    processor: instructions.why,
    bounds: { product: PRODUCT_BOUND, step: STEP_BOUND },
  } as const;
  const reason = asked === 'auto' ? whyNot(device, instructions) : undefined;
  if (reason) return { ...common, computes: 'float32', why: reason, recipe: {} };
  const batch = await someSpeech(experiment, clips, sources);
  const { recipe, ...calibration } = await calibrate(config, file, batch, experiment.seed, onProgress);
  return { ...common, ...decide(asked, { ...calibration, recipe }), calibration, recipe };
}

/** Real clips as training crops and masks them, of all languages, the same whenever it is asked. */
async function someSpeech({ mask, seed }: Experiment, clips: Rows<TrainingClip>, sources: Sources): Promise<Batch> {
  const inOrder = [...clips].sort((a, b) => (a.hash < b.hash ? -1 : 1));
  const frames = Math.min(CLIP_FRAMES, Math.max(...inOrder.map((clip) => clip.frames)));
  const chosen = inOrder.filter((clip) => clip.frames >= frames).slice(0, Math.max(1, Math.floor(FRAMES / frames)));
  await sources.features.ready?.(chosen.map(({ hash }) => hash));
  const crops = chosen.map(({ hash, language }) => {
    return { hash, language, start: 0, mask: spanMask(frames, mask, seed, 'calibrate', hash) };
  });
  return { ...assemble(crops, frames, sources), key: [seed, 'calibrate'] };
}

/** What was decided, for the log: counts, and by name what stays float32. */
export function inWords({ computes, why, calibration }: ComputeRecord): string {
  if (!calibration) return `Computes in float32: ${why}.`;
  const { products, frames } = calibration;
  const count = (has: (one: (typeof products)[number]) => boolean) => products.filter(has).length;
  const left = products.filter(({ kind }) => kind === 'float32');
  const names = left.map(({ projection, direction }) => `${projection} (${direction})`);
  const exact = left.length > 0 ? ` In float32 stay ${some(names)}.` : '';
  const told = `Of ${products.length} frozen products ${count(({ kind }) => kind === 'int8')} are close enough in 8 bits (${count(({ smoothed }) => smoothed)} of them smoothed) and ${count(({ kind }) => kind === 'blocks')} in blocks, on ${frames} frames;`;
  return `Computes in ${computes === 'int8' ? '8 bits' : 'float32'}. ${told} for the whole step ${why}.${exact}`;
}

const some = (names: readonly string[]) =>
  names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ');

/** @throws UserError where the file does not say how the run computed */
function readRecord(path: string): ComputeRecord {
  let value: unknown;
  try {
    value = parseJson(readFileSync(path, 'utf8'));
  } catch {
    // Told below.
  }
  const record = value as Partial<ComputeRecord> | undefined | null;
  const isKnown = record?.version === 1 && (record.computes === 'float32' || record.computes === 'int8');
  if (isKnown && typeof record.why === 'string' && isRecipe(record.recipe)) return record as ComputeRecord;
  throw new UserError({
    code: 'run.calibration',
    tried: `go on as ${path} says`,
    why: 'it does not say how the run computed, or another version wrote it.',
    cure: 'Restore the file, or start a new run.',
  });
}
