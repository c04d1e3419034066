/** @file `milore train`: one experiment from its file to its adapter. */
import { dirname, resolve } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { endOfAllocation } from '../allocation.ts';
import { type Experiment, totalSteps } from '../config/experiment.ts';
import { loadExperiment } from '../config/resolve.ts';
import { devices } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import { noSigns, type Signs } from '../protocol/result-words.ts';
import { type Joined, joinRanks } from '../ranks/join.ts';
import { launchedBy } from '../ranks/launched.ts';
import { isFirst } from '../ranks/ranks.ts';
import { fromFirst } from '../ranks/share.ts';
import { hasCheckpoints } from '../runs/checkpoints.ts';
import type { RunDir } from '../runs/run.ts';
import { readSigns } from '../runs/signs.ts';
import { type RunResult, runExperiment } from '../training/experiment-run.ts';
import { experimentOf } from '../training/hold.ts';
import { VERSION } from '../version.ts';
import { jobName, requeue, runOfJob, whenFree } from './auto-resume.ts';
import { leftOut } from './left-out.ts';
import { setOption } from './options.ts';
import {
  count,
  percent,
  printable,
  progressPrinter,
  RUN_FAILED,
  RUN_STOPPED,
  STOPPED_EXIT,
  tell,
  tellJson,
  warn,
} from './output.ts';
import { answered, results, stageMatrix } from './results.ts';
import { startRanks } from './start-ranks.ts';
import { type StopSignals, stopSignals } from './stop-signals.ts';
import { tooFewShards } from './too-few-shards.ts';

interface Options {
  resume?: string;
  autoResume?: string | true;
  requeue?: number;
  from?: string;
  fromStep?: number;
  workspace?: string;
  devices?: number;
  device?: Experiment['device'];
  set: string[];
  json: boolean;
}

export const train = () =>
  new Command('train')
    .description('Train an experiment to its end, or go on with a run that was interrupted.')
    .argument('[experiment]', 'an experiment file, *.milore.yaml; not needed to go on')
    .option('--resume <run>', "go on with a run's folder from its newest checkpoint")
    .option(
      '--auto-resume [job]',
      'go on with the run that this job began, or begin it; the job is Slurm’s, or the name given here',
    )
    .option('--from <run>', 'begin with the parameters of a checkpoint of this run, the newest unless told')
    .option('--from-step <n>', 'the checkpoint after this step', wholeNumber)
    .option('--devices <n>', 'processes of this machine that train together, started through mpirun', times)
    .option('--requeue <times>', 'put the Slurm job back into its queue when the scheduler stops it, so often', times)
    .option('--workspace <folder>', 'where .milore/ lies; the file’s folder unless told')
    .addOption(new Option('--device <device>', 'where to compute').choices([...devices]))
    .addOption(setOption())
    .option('--json', 'one JSON object a line on standard output', false)
    .action(async (file: string | undefined, options: Options, command: Command) => {
      if (!file && !options.resume)
        command.error('error: give an experiment file, or --resume with a run', { exitCode: 2 });
      if (options.resume && options.set.length > 0)
        command.error('error: --set does not go with --resume: a run keeps its own settings', { exitCode: 2 });
      if (options.resume && options.autoResume)
        command.error('error: --auto-resume finds its run itself: leave --resume out', { exitCode: 2 });
      if (options.from && (options.resume || options.autoResume))
        command.error('error: --from begins a new run: leave --resume and --auto-resume out', { exitCode: 2 });
      if (options.fromStep !== undefined && !options.from)
        command.error('error: --from-step goes with --from', { exitCode: 2 });
      if (options.devices && options.devices > 1 && !launchedBy(process.env))
        return startRanks(options.devices, process.argv.slice(2));
      const stop = stopSignals(endOfAllocation());
      try {
        await trainOn(file, options, stop);
      } finally {
        stop.release();
      }
    });

async function trainOn(file: string | undefined, options: Options, stop: StopSignals): Promise<void> {
  const ranks = await joinRanks(rootOf(file, options));
  try {
    await trainAmong(ranks, file, options, stop);
  } catch (error) {
    // One that leaves unannounced takes the others with it: what started them ends them.
    if (error instanceof Stopped) await (error.unannounced ? undefined : ranks.end());
    // One rank's words are enough; the others say why only where they are the first to fail.
    else if (!ranks.fail((error as Error).message)) throw new CommanderError(1, RUN_FAILED, '');
    throw error;
  }
  await ranks.end();
}

/** Where `.milore/` lies: of a run that goes on it is known, else it is said, else it is the experiment's folder. */
function rootOf(file: string | undefined, { resume, workspace }: Options): string {
  if (resume) return resolve(resume, '..', '..', '..');
  return workspace === undefined ? dirname(resolve(file!)) : resolve(workspace);
}

class Stopped extends CommanderError {
  constructor(readonly unannounced: boolean) {
    super(STOPPED_EXIT, RUN_STOPPED, 'the run was stopped');
  }
}

async function trainAmong(ranks: Joined, file: string | undefined, options: Options, stop: StopSignals): Promise<void> {
  const job = options.autoResume && jobName(options.autoResume);
  const found = job && isFirst(ranks) ? runOfJob(rootOf(file, options), job)?.path : undefined;
  const own = await fromFirst(ranks, found);
  const resume = options.resume ?? own;
  const loaded = resume ? { ...experimentOf(resolve(resume)), text: '' } : await loadExperiment(file!, options.set);
  const { experiment } = loaded;
  if (file && resume) await mustBeOf(file, options.set, experiment, resume);
  const root = resume ? resolve(resume, '..', '..', '..') : rootOf(file, options);
  const { shards } = experiment.training;
  if (ranks.size > 1 && (shards ?? 1) < ranks.size) throw tooFewShards(ranks.size, shards);
  let run: RunDir | undefined;
  const result = await runExperiment({
    root,
    experiment,
    configText: loaded.text,
    device: options.device ?? experiment.device,
    resume: resume && resolve(resume),
    from: options.from === undefined ? undefined : { path: resolve(options.from), step: options.fromStep },
    patiently: own ? (take) => whenFree(take, stop.signal) : undefined,
    job,
    version: VERSION,
    onEvent: progressPrinter(totalSteps(experiment), options.json),
    signal: stop.signal,
    ranks,
    onRun(begun) {
      run = begun;
    },
  }).catch((error) => {
    // Beside the fault itself, which is told last. Who resumes knows the command.
    if (run && !resume && hasCheckpoints(run))
      process.stderr.write(`The run has checkpoints. Once this is cured: milore train --resume ${run.path}\n`);
    throw error;
  });
  if (isFirst(ranks)) {
    if (options.json) tellJson({ type: 'result', ...result });
    else tell(summary(experiment, result, result.findings ? await readSigns(result.run) : noSigns));
  }
  if (result.state === 'stopped') {
    if (stop.scheduled && options.requeue && isFirst(ranks)) warn(requeue(options.requeue));
    throw new Stopped(result.unannounced === true);
  }
  if (result.state === 'failed') throw new CommanderError(1, RUN_FAILED, result.reason ?? 'the run failed');
}

/** A run keeps its own settings: a file named beside it must not say others in silence. */
async function mustBeOf(file: string, set: string[], experiment: Experiment, run: string): Promise<void> {
  const { experiment: now } = await loadExperiment(file, set);
  const differ = Object.keys(now).filter((key) => {
    const [a, b] = [now, experiment].map((one) => JSON.stringify(one[key as keyof Experiment]));
    return a !== b;
  });
  if (differ.length === 0) return;
  throw new UserError({
    code: 'run.other-experiment',
    tried: `go on with ${run} as ${file} says`,
    why: `the run was begun with other settings: ${differ.join(', ')} ${differ.length === 1 ? 'differs' : 'differ'}.`,
    cure: `Leave ${file} out to go on with the run's own, or leave --resume out to start a new run.`,
  });
}

export function summary(
  experiment: Experiment,
  { run, state, reason, after, before, stages, findings, count: n, corpus, seconds }: RunResult,
  signs: Signs = noSigns,
): string {
  const lines = leftOut(corpus, { named: false });
  if (state === 'stopped') lines.push(`Stopped. Go on with: milore train --resume ${run.path}`);
  if (state === 'failed') lines.push(`Failed: ${printable(reason ?? '')}`);
  if (findings) lines.push('', ...answered(findings, signs));
  if (after) lines.push('', ...results(experiment, after, before));
  if (stages) lines.push('', ...stageMatrix(experiment, before ?? [], stages));
  if (n)
    lines.push(
      '',
      `${count(n.experts + n.routers + n.baseTrained)} trained parameters (${count(n.experts)} in experts, ${count(n.routers)} in routers): ` +
        `${percent(n.shareWithoutHead)} of the base's ${count(n.base)}; with the head's ${count(n.head)}, ${percent(n.shareWithHead)}.`,
    );
  lines.push(`${printable(experiment.name)}: ${Math.round(seconds)} s. The run lies in ${run.path}`);
  return lines.join('\n');
}

function times(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('Write a whole number.');
  return Number(text);
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Write a whole number.');
  return Number(text);
}
