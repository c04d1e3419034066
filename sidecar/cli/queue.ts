/** @file `milore queue`: what is to be trained next, told, changed, and worked through where no editor is. */
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, CommanderError, Option } from 'commander';
import { endOfAllocation } from '../allocation.ts';
import { type Experiment, totalSteps } from '../config/experiment.ts';
import { loadExperiment, readExperimentFile } from '../config/resolve.ts';
import { devices } from '../config/schema.ts';
import { sweepIn } from '../config/sweep.ts';
import { UserError } from '../errors.ts';
import {
  addToQueue,
  continueQueue,
  isTaken,
  moveInQueue,
  pauseQueue,
  type QueueItem,
  readQueue,
  removeFromQueue,
} from '../runs/queue.ts';
import { openRun, runsFolder } from '../runs/run.ts';
import { hasWork, type Outcome, settle, type Taken, takeNext } from '../studies/queue-work.ts';
import { loadStudy } from '../studies/study.ts';
import { trainPoint } from '../studies/train-point.ts';
import { runExperiment } from '../training/experiment-run.ts';
import { experimentOf } from '../training/hold.ts';
import { VERSION } from '../version.ts';
import { setOption } from './options.ts';
import {
  printable,
  progressPrinter,
  RUN_FAILED,
  RUN_STOPPED,
  STOPPED_EXIT,
  table,
  tell,
  tellJson,
  warn,
} from './output.ts';
import { type StopSignals, stopSignals } from './stop-signals.ts';

type Device = Experiment['device'];

const here = () => new Option('--workspace <folder>', 'where .milore/ lies').default('.');
const onDevice = () => new Option('--device <device>', 'where to compute').choices([...devices]);

export function queue(): Command {
  const all = new Command('queue').description('What is to be trained next in a workspace: shown, changed, trained.');
  all
    .command('list', { isDefault: true })
    .description('what stands in it, in its order')
    .addOption(here())
    .option('--json', 'one JSON object a line on standard output', false)
    .action(({ workspace, json }: { workspace: string; json: boolean }) => list(resolve(workspace), json));
  all
    .command('add')
    .description('puts an experiment, every point of a sweep, or an interrupted run at its end')
    .argument('[file]', 'an experiment or a sweep')
    .option('--resume <run>', "in place of a file, a run's folder or id")
    .addOption(here())
    .addOption(onDevice())
    .addOption(setOption())
    .action(add);
  all
    .command('remove')
    .description('takes one out; what is at work on it goes on to its end')
    .argument('<item>', 'its number in the list, from 1, or its id')
    .addOption(here())
    .action(async (which: string, { workspace }: { workspace: string }) => {
      const root = resolve(workspace);
      const item = itemAt(root, which);
      await removeFromQueue(root, item.id);
      tell(`Removed ${item.name}.`);
    });
  all
    .command('move')
    .description('gives one another place')
    .argument('<item>', 'its number in the list, from 1, or its id')
    .argument('<to>', 'its new number')
    .addOption(here())
    .action(async (which: string, to: string, { workspace }: { workspace: string }) => {
      const root = resolve(workspace);
      if (!/^\d{1,6}$/.test(to)) throw noItem(to);
      await moveInQueue(root, itemAt(root, which).id, Number(to) - 1);
      list(root, false);
    });
  all
    .command('pause')
    .description('begins nothing more; what is at work goes on')
    .addOption(here())
    .action(async ({ workspace }: { workspace: string }) => {
      await pauseQueue(resolve(workspace));
      tell('Paused. Go on with: milore queue continue');
    });
  all
    .command('continue')
    .description('goes on after a pause, with what failed as well')
    .addOption(here())
    .action(async ({ workspace }: { workspace: string }) => {
      await continueQueue(resolve(workspace));
      list(resolve(workspace), false);
    });
  all
    .command('run')
    .description('trains what stands in it, one after the other, until nothing is left')
    .addOption(here())
    .addOption(onDevice())
    .option('--json', 'one JSON object a line on standard output', false)
    .action(async ({ workspace, device = 'auto', json }: { workspace: string; device?: Device; json: boolean }) => {
      const stop = stopSignals(endOfAllocation());
      try {
        await work(resolve(workspace), device, json, stop);
      } finally {
        stop.release();
      }
    });
  for (const one of all.commands) one.exitOverride();
  return all;
}

interface AddOptions {
  resume?: string;
  workspace: string;
  device?: Device;
  set: string[];
}

/** Whatever is wrong with it is better said now than when its turn comes. */
async function add(file: string | undefined, { resume, workspace, device, set }: AddOptions, command: Command) {
  const root = resolve(workspace);
  if ((file === undefined) === (resume === undefined))
    command.error('error: give a file, or --resume with a run', { exitCode: 2 });
  const more = { ...(device ? { device } : {}), ...(set.length > 0 ? { overrides: set } : {}) };
  if (resume !== undefined) {
    const run = openRun(existsSync(resume) ? resume : join(runsFolder(root), resume));
    await addToQueue(root, { kind: 'resume', what: run.id, name: run.name, ...more });
  } else {
    const path = resolve(file!);
    if (sweepIn(await readExperimentFile(path), path)) {
      if (set.length > 0)
        command.error('error: --set does not go with a sweep: write it under sweep.keys', { exitCode: 2 });
      const study = await loadStudy(path, root);
      await addToQueue(root, {
        kind: 'sweep',
        what: path,
        name: `${study.name}: ${study.points.length} runs`,
        ...more,
      });
    } else {
      const { experiment } = await loadExperiment(path, set);
      await addToQueue(root, { kind: 'experiment', what: path, name: experiment.name, ...more });
    }
  }
  list(root, false);
}

function list(root: string, json: boolean): void {
  const { paused, items } = readQueue(root);
  if (json) {
    tellJson({ type: 'queue', paused, items });
    return;
  }
  if (items.length === 0) tell('Nothing is queued.');
  else tell(table([['', 'id', 'state', 'what', 'file'], ...items.map(row)], 5));
  if (paused) tell('Paused. Go on with: milore queue continue');
  for (const { name, failed } of items) if (failed) warn(`${printable(name)}: ${printable(failed)}`);
}

const row = (item: QueueItem, i: number) => [
  String(i + 1),
  item.id,
  item.failed !== undefined ? 'failed' : isTaken(item) ? 'at work' : 'waits',
  printable(item.name),
  printable(item.what),
];

function itemAt(root: string, which: string): QueueItem {
  const { items } = readQueue(root);
  const found =
    items.find(({ id }) => id === which) ?? (/^\d{1,6}$/.test(which) ? items[Number(which) - 1] : undefined);
  if (!found) throw noItem(which);
  return found;
}

const noItem = (which: string) =>
  new UserError({
    code: 'queue.no-such-item',
    tried: `find ${which} in the queue`,
    why: 'it has no such number or id.',
    cure: 'milore queue shows them.',
  });

const waitMs = 2000;

async function work(root: string, device: Device, json: boolean, stop: StopSignals): Promise<void> {
  const worker = { root, device, anyHost: true };
  let told = '';
  for (let failed = 0; ; ) {
    const next = await takeNext(worker);
    if (next.kind === 'busy') {
      if (told !== next.why) warn(`Waiting: ${next.why}`);
      told = next.why;
      await sleep(waitMs, undefined, { signal: stop.signal }).catch(() => {});
    } else if (next.kind === 'taken') {
      told = '';
      const outcome = await train(root, next.taken, json, stop);
      await settle(root, next.taken, outcome);
      if (outcome.state === 'failed') failed++;
      if (outcome.state === 'failed') warn(`${next.taken.item.name}: ${outcome.reason}`);
    } else if (next.kind === 'paused') {
      tell('Paused. Go on with: milore queue continue');
      return;
    } else if (!hasWork(worker)) {
      if (failed > 0) throw new CommanderError(1, RUN_FAILED, `${failed} failed`);
      if (!json) tell('Nothing is queued any more.');
      return;
    } else await sleep(waitMs, undefined, { signal: stop.signal }).catch(() => {});
    if (stop.signal.aborted) throw new CommanderError(STOPPED_EXIT, RUN_STOPPED, 'the queue was stopped');
  }
}

async function train(root: string, { task, item, device }: Taken, json: boolean, stop: StopSignals): Promise<Outcome> {
  try {
    const { state, reason } = await begin(root, { task, device: item.device ? device : undefined }, json, stop);
    if (state === 'stopped') return { state, asked: false };
    return state === 'failed' ? { state, reason: reason ?? 'it failed' } : { state };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { state: 'failed', reason: error.message };
  }
}

async function begin(
  root: string,
  { task, device: asked }: { task: Taken['task']; device?: string },
  json: boolean,
  { signal }: StopSignals,
): Promise<{ state: 'done' | 'stopped' | 'failed'; reason?: string }> {
  const device = asked as Device | undefined;
  const following = (experiment: Experiment) => ({
    version: VERSION,
    signal,
    onEvent: progressPrinter(totalSteps(experiment), json),
  });
  if (task.kind === 'point') {
    const study = await loadStudy(task.file, root);
    const point = study.points.find(({ identity }) => identity === task.identity);
    if (!point) return { state: 'done' };
    if (!json) tell(`${study.name}: ${point.point}, seed ${point.seed}`);
    const outcome = await trainPoint(study, point, { ...following(point.experiment), device });
    return outcome.kind === 'trained' ? outcome.result : { state: 'done' };
  }
  const { experiment, text } =
    task.kind === 'resume' ? { ...experimentOf(task.run), text: '' } : await loadExperiment(task.file, task.overrides);
  if (!json) tell(`${printable(experiment.name)} (${basename(task.kind === 'resume' ? task.run : task.file)})`);
  return runExperiment({
    ...following(experiment),
    root,
    experiment,
    configText: text,
    device: device ?? experiment.device,
    ...(task.kind === 'resume' ? { resume: task.run } : { job: task.job }),
  });
}
