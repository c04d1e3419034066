/**
 * @file The logits of replayed clips as the model gave them when their language became old (DER), in half precision: written
 * when a stage begins, in parts, and read as clips are drawn. A clip is masked once for all, so that they stay its own.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../disk.ts';
import type { DeviceName } from '../engine/session.ts';
import { floats } from '../engine/session.ts';
import { UserError } from '../errors.ts';
import { assemble, type KeptClips } from '../learning/batch.ts';
import { batchBindings, batchFeeds } from '../learning/learner.ts';
import { type MaskOptions, spanMask } from '../learning/mask.ts';
import { freeAt, sizeInWords } from '../machine.ts';
import { openSafetensors, type TensorToWrite, writeSafetensors } from '../model/checkpoint/safetensors.ts';
import type { TensorFile } from '../model/checkpoint/tensor-file.ts';
import { logitsGraph } from '../objectives/learnable.ts';
import { toHalf } from '../units/half.ts';
import type { TrainingClip } from './draw.ts';
import type { Training } from './loop.ts';
import type { FrozenBaseModel } from './prepare/base.ts';

const PART_BYTES = 64 * 2 ** 20;
const NAME = /^logits-(\d+)-(\d+)\.safetensors$/;

/** Of a clip as a whole, whatever is cropped of it. */
const maskOf = (frames: number, mask: MaskOptions, seed: number | string, hash: string) =>
  spanMask(frames, mask, Number(seed), 'kept', hash);

/** The replayed clips whose logits no earlier stage has kept: what they are by the model as it is. */
export async function keepLogits(
  folder: string,
  training: Training,
  { frozen: { file }, device }: { frozen: Pick<FrozenBaseModel, 'file'>; device: DeviceName },
): Promise<void> {
  const { stage, arms, sources, signal, sink } = training;
  const { mask, seed } = stage.experiment;
  const [{ config, learner }] = arms;
  const before = parts(folder, stage.number - 1);
  const known = new Set(before.flatMap((part) => part.names()));
  for (const part of before) part.close();
  const clips = [...replayed(training)].filter(({ hash }) => !known.has(hash));
  mustFit(folder, training, clips);
  const { parameters } = learner;
  const specs = parameters.names.map((name) => ({ name, shape: parameters.shape(name) }));
  const own = specs.map(({ name, shape }) => [name, { data: parameters.view(name), shape }]);
  const session = await file.open(logitsGraph(config, file, specs), { device });
  let [part, bytes] = [0, 0];
  let tensors: Record<string, TensorToWrite> = {};
  const write = () => {
    if (bytes === 0) return;
    part++;
    const name = `logits-${stage.number}-${part}.safetensors`;
    writeFileAtomic(join(folder, name), writeSafetensors(tensors, { seed: String(seed) }));
    [tensors, bytes] = [{}, 0];
  };
  try {
    for (const { hash, language, frames } of clips) {
      signal.throwIfAborted();
      await sources.features.ready?.([hash]);
      const batch = assemble([{ hash, language, start: 0, mask: maskOf(frames, mask, seed, hash) }], frames, sources);
      const feeds = { ...batchFeeds(batch, config), ...Object.fromEntries(own) };
      const data = toHalf(floats((await session.run(feeds, batchBindings(batch))).logits));
      if (!data) throw tooLarge(hash);
      tensors[hash] = { shape: [batch.masked.length, config.head.units], data, dtype: 'F16' };
      bytes += data.byteLength;
      if (bytes >= PART_BYTES) write();
    }
    write();
  } finally {
    await session.release();
  }
  if (clips.length === 0) return;
  const text = `The model’s logits are kept of ${clips.length} replayed clips.`;
  sink.emit({ type: 'note', level: 'info', text });
}

/** What this stage and those before it have kept of the clips that are replayed. */
export function openKeptLogits(folder: string, training: Training): KeptClips {
  const { mask } = training.stage.experiment;
  const frames = new Map([...replayed(training)].map((clip) => [clip.hash, clip.frames]));
  const files = new Map<string, TensorFile>();
  for (const part of parts(folder, training.stage.number)) for (const hash of part.names()) files.set(hash, part);
  return {
    maskOf(hash) {
      const [whole, file] = [frames.get(hash), files.get(hash)];
      return whole && file ? maskOf(whole, mask, file.metadata.seed, hash) : undefined;
    },
    logitsOf: (hash) => files.get(hash)!.float32(hash),
  };
}

const replayed = ({ stage: { experiment }, clips }: Training) =>
  clips.filter(({ language }) => experiment.languages[language].role === 'existing');

/** In the order of stages and parts. */
function parts(folder: string, upTo: number): TensorFile[] {
  const found = readdirSync(folder).flatMap((name) => {
    const [, stage, part] = NAME.exec(name)?.map(Number) ?? [];
    return stage <= upTo ? [{ name, stage, part }] : [];
  });
  found.sort((a, b) => a.stage - b.stage || a.part - b.part);
  return found.map(({ name }) => openSafetensors(join(folder, name)));
}

/** @throws UserError before anything is written */
function mustFit(folder: string, { arms, stage }: Training, clips: readonly TrainingClip[]): void {
  const frames = clips.reduce((sum, one) => sum + one.frames, 0);
  // Spans overlap: at probability p a share of 1 − e^−p of the frames is masked.
  const masked = frames * (1 - Math.exp(-stage.experiment.mask.probability));
  const bytes = Math.round(masked * arms[0].config.head.units * 2);
  const free = freeAt(folder) ?? Number.POSITIVE_INFINITY;
  if (bytes <= free / 2) return;
  throw new UserError({
    code: 'der.disk-too-small',
    tried: `keep the logits of ${clips.length} replayed clips`,
    why: `they take about ${sizeInWords(bytes)}, and of ${sizeInWords(free)} that are free in ${folder} half may be used.`,
    cure: 'Set replay.hours, which says how much is replayed at all, or free space there.',
  });
}

const tooLarge = (hash: string) =>
  new UserError({
    code: 'der.half-precision',
    tried: `keep the logits of the clip ${hash.slice(0, 12)}`,
    why: 'they are beyond half precision.',
    cure: 'Raise head.temperature.',
  });
