/**
 * @file What a recogniser's training leaves on disk, so that a kill costs little: checkpoints that are believed by their hashes,
 * then the result with the recogniser. A folder is named by all that decides its content; it knows no scores.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, removeIfPossible, writeFileAtomic } from '../disk.ts';
import {
  type RecognitionOptions,
  type RecognitionTask,
  recipeOf,
  SIDES,
  type TaskResult,
  type Work,
} from '../evaluation/recognition-task.ts';
import { parseJson } from '../json.ts';
import { writeFolder } from '../model/checkpoint/files.ts';
import { keptFiles, type Origin } from '../recognition/kept.ts';
import { latestCheckpoint, recoverCheckpoints, writeCheckpoint } from '../runs/checkpoints.ts';
import { type Claim, claimRun } from '../runs/claim.ts';
import { VERSION } from '../version.ts';

/** Of what is written here. */
const FORMAT = 1;
const RESULT = 'result.json';
const RECOGNISER = 'recogniser';

export interface WorkOptions {
  /** Folder of all works. */
  folder: string;
  /** A folder above it, of a run, that is not made anew where somebody removed it. */
  within?: string;
  options: RecognitionOptions;
  /** Updates between checkpoints. */
  every: number;
  /** Of an arm's recogniser: the base it reads with, and the adapter's files. Where it is left out none is kept. */
  originOf?(arm: string): Origin;
}

/** All that the result depends on. */
export function workKey(modelKey: string, task: RecognitionTask, options: RecognitionOptions): string {
  const { symbols, sides } = task;
  const { size, augment, session } = options;
  const recipe = recipeOf(task, options);
  const hash = createHash('sha256').update(
    JSON.stringify([FORMAT, VERSION, modelKey, symbols, recipe, size, augment ?? null, session.device]),
  );
  for (const side of SIDES)
    for (const { id, hash: audio, target } of sides[side]) hash.update(JSON.stringify([side, id, audio, target]));
  return hash.digest('hex').slice(0, 32);
}

export function workOf(
  { folder, within, options, every, originOf }: WorkOptions,
  arm: string,
  modelKey: string,
  task: RecognitionTask,
): Work & { recogniser: string } {
  const key = workKey(modelKey, task, options);
  const path = join(folder, key);
  const file = join(path, RESULT);
  const recogniser = join(path, RECOGNISER);
  let claim: Claim | undefined;
  return {
    recogniser,
    keeps: originOf !== undefined,
    result() {
      const whole = existsSync(file) && (!originOf || existsSync(recogniser));
      const found = whole ? readResult(file) : undefined;
      // A kill may have come between the result and this.
      if (found) removeIfPossible(join(path, 'checkpoints'));
      return found;
    },
    newest() {
      makeFolder(path, within);
      // Of two processes at the same work one goes on; the claim of one that was killed counts for nothing.
      claim = claimRun({ id: `${arm} ${task.name}`, path });
      recoverCheckpoints({ path });
      const checkpoint = latestCheckpoint({ path });
      return checkpoint && Object.fromEntries(checkpoint.names.map((name) => [name, checkpoint.read(name)]));
    },
    due: (update) => update % every === 0,
    save: (update, files) => void writeCheckpoint({ path }, update, files, { keep: 1 }),
    finish(result, trained) {
      if (originOf) writeFolder(recogniser, keptFiles(trained, task.name, originOf(arm)));
      const text = JSON.stringify(result);
      writeFileAtomic(file, `${sumOf(text)}\n${text}\n`);
      removeIfPossible(join(path, 'checkpoints'));
    },
    release: () => claim?.release(),
  };
}

const sumOf = (text: string) => createHash('sha256').update(text).digest('hex');

/** One that is not what was written is no result: the training is done again. */
function readResult(file: string): TaskResult | undefined {
  const [sum, text = ''] = readFileSync(file, 'utf8').split('\n');
  return sumOf(text) === sum ? (parseJson(text) as TaskResult) : undefined;
}
