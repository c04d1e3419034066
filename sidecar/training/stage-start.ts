/**
 * @file What a stage keeps of the model as it found it, where it is to hold on to that: parameters, their importance for the
 * old languages, logits of replayed clips; in the run's folder until the run is done. Computed once, by the first rank; all
 * read the files.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, writeFileAtomic } from '../disk.ts';
import type { DeviceName } from '../engine/session.ts';
import { UserError } from '../errors.ts';
import { assemble } from '../learning/batch.ts';
import { importanceOf, plainly } from '../learning/importance.ts';
import type { Batch, Learner } from '../learning/learner.ts';
import { spanMask } from '../learning/mask.ts';
import { openLearner } from '../learning/open-learner.ts';
import { openSafetensors, type TensorToWrite, writeSafetensors } from '../model/checkpoint/safetensors.ts';
import { permutation } from '../random.ts';
import { isFirst } from '../ranks/ranks.ts';
import { inTurn } from '../ranks/share.ts';
import type { TrainingClip } from './draw.ts';
import { keepLogits, openKeptLogits } from './kept-logits.ts';
import type { Training } from './loop.ts';
import type { FrozenBaseModel } from './prepare/base.ts';
import type { Stage } from './stages.ts';

/** In a run's folder; removed when the run is done. */
const FOLDER = 'held';
const fileOf = (folder: string, { number }: Stage) => join(folder, `stage-${number}.safetensors`);

export interface Around {
  run: { path: string };
  frozen: Pick<FrozenBaseModel, 'base' | 'file'>;
  device: DeviceName;
}

/**
 * The stage as it trains, holding on to what the model knew when it began.
 * @param isEntered whether the stage begins now; one that goes on reads what was kept when it began
 */
export async function holdStart(training: Training, around: Around, isEntered: boolean): Promise<Training> {
  const { stage, arms, ranks, watch } = training;
  const [{ config, learner }] = arms;
  const folder = join(around.run.path, FOLDER);
  await learner.hold();
  await learner.teach();
  const { strength } = stage.experiment.training.ewc;
  const old = strength > 0 ? oldClips(training) : [];
  const teaches = config.retention?.distil?.teacher === 'stage';
  const replays = config.retention?.replayed !== undefined;
  const holds = old.length > 0 || teaches;
  if (!holds && !replays) return training;
  await inTurn(ranks, async () => {
    if (!isEntered || !isFirst(ranks)) return true;
    makeFolder(folder, around.run.path);
    // What the arms compute with would lie in memory beside it.
    for (const arm of arms) await arm.learner.rest();
    await learner.pull();
    if (holds) await watch.during('importance', () => keepStart(fileOf(folder, stage), training, around, old));
    if (replays) await watch.during('importance', () => keepLogits(folder, training, around));
    return true;
  });
  if (holds) {
    const { start, importance } = read(fileOf(folder, stage), learner, old.length > 0);
    if (importance) await learner.hold({ start, weight: importance.map((x) => strength * x) });
    if (teaches) await learner.teach(start);
  }
  return replays ? { ...training, sources: { ...training.sources, kept: openKeptLogits(folder, training) } } : training;
}

/** Once a run is done nothing goes on from it. */
export const forgetStarts = (run: { path: string }): void =>
  rmSync(join(run.path, FOLDER), { recursive: true, force: true });

async function keepStart(path: string, training: Training, { frozen, device }: Around, old: readonly TrainingClip[]) {
  const [{ config, learner }] = training.arms;
  const { data } = learner.parameters;
  const tensors: Record<string, TensorToWrite> = { start: { shape: [data.length], data } };
  if (old.length > 0) {
    const own = await openLearner(plainly(config), frozen.base, frozen.file, 0, { device });
    try {
      own.parameters.data.set(data);
      await own.push();
      const importance = await importanceOf(own, batchesOf(old, training));
      tensors.importance = { shape: [importance.length], data: importance };
    } finally {
      await own.release();
    }
    const languages = [...new Set(old.map(({ language }) => language))];
    const text = `What ${languages.join(', ')} need of the model is kept near to where it is: importance on ${old.length} clips.`;
    training.sink.emit({ type: 'note', level: 'info', text });
  }
  writeFileAtomic(path, writeSafetensors(tensors));
}

/** Of each old language some of what is replayed, or could be; the same whenever it is asked. */
function oldClips({ stage: { experiment }, clips }: Training): TrainingClip[] {
  const { languages, seed, training } = experiment;
  const old = Object.keys(languages).filter((code) => languages[code].role === 'existing');
  return old.flatMap((code) => {
    const own = clips.filter(({ language }) => language === code);
    const order = permutation(own.length, 'importance', seed, code);
    return Array.from(order.subarray(0, training.ewc.clips), (place) => own.at(place)!);
  });
}

/** One clip each, as long as a training batch may be, masked as in training. */
async function* batchesOf(
  clips: readonly TrainingClip[],
  { stage, sources, signal, framesPerSecond }: Training,
): AsyncGenerator<Batch> {
  const { mask, seed, training } = stage.experiment;
  const longest = Math.max(1, Math.round(training.batchSeconds * framesPerSecond));
  for (const { hash, language, frames: whole } of clips) {
    signal.throwIfAborted();
    const frames = Math.min(whole, longest);
    await sources.features.ready?.([hash]);
    yield assemble(
      [{ hash, language, start: 0, mask: spanMask(frames, mask, seed, 'importance', hash) }],
      frames,
      sources,
    );
  }
}

function read(
  path: string,
  { parameters }: Learner,
  withImportance: boolean,
): { start: Float32Array; importance?: Float32Array } {
  const file = openSafetensors(path);
  try {
    const whole = (name: string) => {
      const values = file.float32(name);
      if (values.length === parameters.size && values.every(Number.isFinite)) return values;
      throw new UserError({
        code: 'run.stage-start',
        tried: `go on as ${path} says`,
        why: `its ${name} is not that of ${parameters.size} trained numbers.`,
        cure: 'Restore the file, or start a new run.',
      });
    };
    return { start: whole('start'), ...(withImportance ? { importance: whole('importance') } : {}) };
  } finally {
    file.close();
  }
}
