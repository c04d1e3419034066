/** @file What every way of `milore superb` needs: the models that are compared, the recipe, where work is kept, and progress. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { requireDevice } from '../engine/devices.ts';
import type { DeviceName } from '../engine/session.ts';
import { UserError } from '../errors.ts';
import { adaptedBase } from '../evaluation/frozen-states.ts';
import type { RecognitionOptions } from '../evaluation/recognition-task.ts';
import { type Compared, type Keeping, ML_SUPERB_SIZE, type SuperbWatcher } from '../evaluation/superb.ts';
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS } from '../model/checkpoint/adapter.ts';
import { loadBase } from '../model/checkpoint/base.ts';
import { writeFolder } from '../model/checkpoint/files.ts';
import type { Origin } from '../recognition/kept.ts';
import { ML_SUPERB_RECIPE } from '../recognition/recipe.ts';
import { ML_SUPERB_AUGMENT } from '../recognition/spec-augment.ts';
import { experimentOf } from '../training/hold.ts';
import { workOf } from '../training/recogniser-work.ts';
import { WeightFile } from '../weights/file.ts';
import { clock, printable, warn } from './output.ts';

export interface SetupOptions {
  model?: string;
  adapter?: string;
  /** Of the data, where it is one. */
  language?: string;
  run?: string;
  updates?: number;
  rate: number;
  width: number;
  accumulate: number;
  checkpointEvery: number;
  seed: number;
  augment: boolean;
  device: DeviceName | 'auto';
  cache: string;
  removeStates: boolean;
  keep?: string;
  json: boolean;
}

export interface Setup {
  compared: Compared;
  options: RecognitionOptions;
  keeping: Keeping;
  watcher: SuperbWatcher;
  /** Copies the recognisers that were trained to where they are to be kept. */
  keep(): void;
}

export async function setUp(given: SetupOptions): Promise<Setup> {
  const { model, adapter } = given.run ? ofRun(resolve(given.run)) : given;
  const base = loadBase(resolve(model!));
  const cache = resolve(given.cache);
  const file = WeightFile.prepare(base, cache);
  const arms = [{ name: 'base', adapted: adaptedBase(base) }];
  if (adapter) arms.push({ name: 'adapted', adapted: adaptedBase(base, resolve(adapter), given.language) });
  const { chosen } = await requireDevice(given.device, 'train a recogniser');
  const { rate, accumulate, seed, width } = given;
  const share = width / ML_SUPERB_SIZE.model;
  const options: RecognitionOptions = {
    recipe: { ...ML_SUPERB_RECIPE, updates: given.updates ?? ML_SUPERB_RECIPE.updates, rate, accumulate, seed },
    size: { ...ML_SUPERB_SIZE, model: width, feedForward: Math.round(share * ML_SUPERB_SIZE.feedForward) },
    augment: given.augment ? ML_SUPERB_AUGMENT : undefined,
    session: { device: chosen.device },
  };
  const originOf = (arm: string): Origin => ({
    base: { hash: base.hash, folder: resolve(model!) },
    ...(arm === 'base' ? {} : { adapter: filesOf(resolve(adapter!)) }),
  });
  const works: { arm: string; task: string; recogniser: string }[] = [];
  const shared = { folder: join(cache, 'superb'), options, every: given.checkpointEvery, originOf };
  return {
    compared: { base, file, arms },
    options,
    watcher: watcherOf(given),
    keeping: {
      cache,
      removeStates: given.removeStates,
      workOf(arm, key, task) {
        const work = workOf(shared, arm, key, task);
        works.push({ arm, task: task.name, recogniser: work.recogniser });
        return work;
      },
      onDamage: (path) =>
        warn(
          `The file ${path} of the cache was damaged or cut short; what it held is computed anew. Unless something was interrupted, check the disk.`,
        ),
    },
    keep() {
      if (!given.keep) return;
      for (const { arm, task, recogniser } of works) {
        const target = resolve(given.keep, `${arm}-${task.replaceAll('/', '-')}`);
        const names = [
          'recogniser.json',
          'recogniser.safetensors',
          ...(arm === 'base' ? [] : [ADAPTER_CONFIG, ADAPTER_WEIGHTS]),
        ];
        writeFolder(target, Object.fromEntries(names.map((name) => [name, readFileSync(join(recogniser, name))])));
        warn(`kept: ${target}`);
      }
    },
  };
}

const filesOf = (folder: string) =>
  Object.fromEntries([ADAPTER_CONFIG, ADAPTER_WEIGHTS].map((name) => [name, readFileSync(join(folder, name))]));

/** A run says by itself which base it was trained on. */
function ofRun(run: string): { model: string; adapter: string } {
  const { experiment } = experimentOf(run);
  const adapter = join(run, 'adapter');
  try {
    readFileSync(join(adapter, ADAPTER_CONFIG));
  } catch {
    throw new UserError({
      code: 'superb.run-unfinished',
      tried: `take the adapter of the run ${run}`,
      why: 'it has none: a run writes it at its end.',
      cure: `Finish it with: milore train --resume ${run}`,
    });
  }
  return { model: experiment.base.model, adapter };
}

/** Between two lines about a training. */
const quietMs = 5000;

function watcherOf({ json }: SetupOptions): SuperbWatcher {
  let said = 0;
  let begun = { of: '', atMs: 0, update: 0 };
  const isDue = (last: boolean) => {
    if (json || (Date.now() - said < quietMs && !last)) return false;
    said = Date.now();
    return true;
  };
  return {
    note: (text) => warn(printable(text)),
    states(arm, done, total) {
      if (isDue(done === total)) warn(`${arm}: hidden states ${done}/${total}`);
    },
    resumed: (arm, task, update) => warn(printable(`${arm}, ${task}: goes on from update ${update}`)),
    progress(arm, task, { update, updates, loss, validationLoss }) {
      const last = update === updates;
      const of = `${arm} ${task}`;
      if (begun.of !== of) begun = { of, atMs: Date.now(), update };
      if (!isDue(last)) return;
      const each = (Date.now() - begun.atMs) / (update - begun.update);
      const left = Number.isFinite(each) && !last ? `  ${clock((each * (updates - update)) / 1000)} left` : '';
      const validation = validationLoss === undefined ? '' : `  validation ${validationLoss.toFixed(2)}`;
      warn(printable(`${arm}, ${task}: ${update}/${updates}  loss ${loss.toFixed(2)}${validation} nats a clip${left}`));
    },
  };
}
