/**
 * @file What a stage keeps of the model as it found it, where that is to be kept near to: parameters and their importance
 * for the old languages, in the run's folder until the run is done. Computed once, by the first rank; all read the file.
 */
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder, writeFileAtomic } from '../disk.ts';
import type { DeviceName } from '../engine/session.ts';
import { UserError } from '../errors.ts';
import { assemble } from '../learning/batch.ts';
import { importanceOf, plainly } from '../learning/importance.ts';
import type { Batch, Learner } from '../learning/learner.ts';
import { spanMask } from '../learning/mask.ts';
import { openLearner } from '../learning/open-learner.ts';
import { openSafetensors, writeSafetensors } from '../model/checkpoint/safetensors.ts';
import { permutation } from '../random.ts';
import { isFirst } from '../ranks/ranks.ts';
import { inTurn } from '../ranks/share.ts';
import type { TrainingClip } from './draw.ts';
import type { Training } from './loop.ts';
import type { FrozenBaseModel } from './prepare/base.ts';
import type { Stage } from './stages.ts';

/** Removed when the run is done. */
const FOLDER = 'held';
const fileOf = (run: { path: string }, { number }: Stage) => join(run.path, FOLDER, `stage-${number}.safetensors`);

interface Around {
  run: { path: string };
  frozen: Pick<FrozenBaseModel, 'base' | 'file'>;
  device: DeviceName;
}

/**
 * Makes the first arm keep near to what this stage began with.
 * @param isEntered whether the stage begins now; one that goes on reads what was kept when it began
 */
export async function holdStart(training: Training, around: Around, isEntered: boolean): Promise<void> {
  const { stage, arms, ranks } = training;
  const [{ learner }] = arms;
  await learner.hold();
  const { strength } = stage.experiment.training.ewc;
  const old = strength > 0 ? oldClips(training) : [];
  if (old.length === 0) return;
  const path = fileOf(around.run, stage);
  await inTurn(ranks, async () => {
    if (isEntered && isFirst(ranks)) await training.watch.during('importance', () => keep(path, training, around, old));
  });
  const { start, importance } = read(path, learner);
  await learner.hold({ start, weight: importance.map((x) => strength * x) });
}

/** Once a run is done nothing goes on from it. */
export const forgetStarts = (run: { path: string }): void =>
  rmSync(join(run.path, FOLDER), { recursive: true, force: true });

async function keep(path: string, training: Training, { frozen, device }: Around, old: readonly TrainingClip[]) {
  const { arms, sink } = training;
  // What the arms compute with would lie in memory beside it.
  for (const { learner } of arms) await learner.rest();
  const [{ config, learner }] = arms;
  await learner.pull();
  const own = await openLearner(plainly(config), frozen.base, frozen.file, 0, { device });
  try {
    own.parameters.data.set(learner.parameters.data);
    await own.push();
    const importance = await importanceOf(own, batchesOf(old, training));
    const shape = [importance.length];
    makeFolder(dirname(path));
    writeFileAtomic(
      path,
      writeSafetensors({
        start: { shape, data: learner.parameters.data },
        importance: { shape, data: importance },
      }),
    );
  } finally {
    await own.release();
  }
  const languages = [...new Set(old.map(({ language }) => language))];
  const text = `What ${languages.join(', ')} need of the model is kept near to where it is: importance on ${old.length} clips.`;
  sink.emit({ type: 'note', level: 'info', text });
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
  for (const { hash, frames: whole } of clips) {
    signal.throwIfAborted();
    const frames = Math.min(whole, longest);
    await sources.features.ready?.([hash]);
    yield assemble([{ hash, start: 0, mask: spanMask(frames, mask, seed, 'importance', hash) }], frames, sources);
  }
}

function read(path: string, { parameters }: Learner): { start: Float32Array; importance: Float32Array } {
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
    return { start: whole('start'), importance: whole('importance') };
  } finally {
    file.close();
  }
}
