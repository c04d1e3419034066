/** @file `milore sweep`: the points of a sweep listed, trained one after the other or one by its number, and their table. */
import { resolve } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { endOfAllocation } from '../allocation.ts';
import { type Experiment, totalSteps } from '../config/experiment.ts';
import { devices } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import type { Block } from '../report/document.ts';
import { toLatex } from '../report/latex.ts';
import { toMarkdown } from '../report/markdown.ts';
import { type PointProgress, progressOf, type Stale, type StudyProgress } from '../studies/progress.ts';
import { loadStudy, type Study, type StudyPoint } from '../studies/study.ts';
import { studyBlocks, studyCsv } from '../studies/table.ts';
import { inWords, trainPoint } from '../studies/train-point.ts';
import { studyResult } from '../studies/verdicts.ts';
import { VERSION } from '../version.ts';
import { jobName, requeue, whenFree } from './auto-resume.ts';
import {
  progressPrinter,
  RUN_FAILED,
  RUN_STOPPED,
  STOPPED_EXIT,
  table,
  tell,
  tellJson,
  tellTable,
  warn,
} from './output.ts';
import { type StopSignals, stopSignals } from './stop-signals.ts';
import { summary } from './train.ts';

interface Options {
  index?: number;
  list: boolean;
  table?: 'text' | 'markdown' | 'csv' | 'latex';
  measure?: string;
  device?: Experiment['device'];
  workspace?: string;
  requeue?: number;
  json: boolean;
}

export const sweep = () =>
  new Command('sweep')
    .description('Train every point of a sweep that is not done, or one of them; list them; compare them.')
    .argument('<file>', 'an experiment with a section sweep, or a file of its own that names one')
    .option('--list', 'say which points there are and how far each is, and train nothing', false)
    .option('--index <number>', 'train this one alone, as --list counts them from 0: a job of an array', natural)
    .addOption(
      new Option('--table [form]', 'compare the points that are done, and train nothing')
        .choices(['text', 'markdown', 'csv', 'latex'])
        .preset('text'),
    )
    .option('--measure <names>', 'of the table: loss, ownHeadLoss, accuracy, cer, …, separated by commas')
    .addOption(new Option('--device <device>', 'where to compute').choices([...devices]))
    .option('--workspace <folder>', 'where .milore/ lies; the file’s folder unless told')
    .option('--requeue <times>', 'put the Slurm job back into its queue when the scheduler stops it, so often', natural)
    .option('--json', 'one JSON object a line on standard output', false)
    .action(async (file: string, options: Options) => {
      const study = await loadStudy(file, options.workspace === undefined ? undefined : resolve(options.workspace));
      if (options.list) return list(study, options.json);
      if (options.table) return compare(study, options);
      const chosen = options.index === undefined ? study.points : [pointAt(study, options.index)];
      for (const one of staleInWords(progressOf(study).stale)) warn(`warning: ${one}`);
      const stop = stopSignals(endOfAllocation());
      try {
        await trainAll(study, chosen, options, stop);
      } finally {
        stop.release();
      }
    });

async function trainAll(
  study: Study,
  points: readonly StudyPoint[],
  options: Options,
  stop: StopSignals,
): Promise<void> {
  const left: string[] = [];
  for (const point of points) {
    const at = `${point.index + 1} of ${study.points.length}: ${inWords(point)}`;
    const train = () =>
      trainPoint(study, point, {
        version: VERSION,
        signal: stop.signal,
        device: options.device,
        job: process.env.SLURM_JOB_ID ? jobName(true) : undefined,
        onEvent: progressPrinter(totalSteps(point.experiment), options.json),
      });
    try {
      // A job of an array has this one alone to do: the node that had it may be gone.
      const outcome = await (options.index === undefined ? train() : whenFree(train, stop.signal));
      if (outcome.kind === 'already done') {
        if (!options.json) tell(`${at}: done before, in ${outcome.progress.run!.path}`);
        continue;
      }
      const { result } = outcome;
      if (options.json)
        tellJson({ type: 'result', index: point.index, point: point.point, seed: point.seed, ...result });
      else tell(`${at}\n\n${summary(point.experiment, result)}\n`);
      if (result.state === 'stopped') {
        if (stop.scheduled && options.requeue) warn(requeue(options.requeue));
        throw new CommanderError(STOPPED_EXIT, RUN_STOPPED, 'the sweep was stopped');
      }
      if (result.state === 'failed') left.push(`${at}: ${result.reason ?? 'it failed'}`);
    } catch (error) {
      if (!(error instanceof UserError) || options.index !== undefined) throw error;
      // One that another has, or that cannot be trained, keeps none of the others from it.
      left.push(`${at}: ${error.message}`);
    }
  }
  if (left.length === 0) return;
  for (const one of left) warn(one);
  throw new CommanderError(1, RUN_FAILED, `${left.length} of ${points.length} are not done`);
}

function list(study: Study, json: boolean): void {
  const progress = progressOf(study);
  if (json) {
    for (const one of progress.points) tellJson({ type: 'point', ...pointForMachines(one) });
    for (const { run, changed } of progress.stale)
      tellJson({ type: 'stale', run: run.path, point: run.study!.point, seed: run.study!.seed, changed });
    return;
  }
  tell(listed(study, progress));
}

function compare(study: Study, { table: form, measure }: Options): void {
  const result = studyResult(study, progressOf(study), measure?.split(','));
  if (result.measures.length === 0)
    throw new UserError({
      code: 'sweep.nothing-to-compare',
      tried: `compare the points of ${study.file}`,
      why: 'no run of it has measured that to its end.',
      cure: 'Train it first; --list says how far it is.',
    });
  if (form === 'csv') tellTable(studyCsv(result));
  else if (form === 'latex') tellTable(toLatex(studyBlocks(result)));
  else if (form === 'markdown') tellTable(toMarkdown(studyBlocks(result)));
  else tell(studyBlocks(result).flatMap(blockInWords).join('\n'));
}

function blockInWords(block: Block): string[] {
  if (block.kind === 'table') return [block.caption, '', table([block.head, ...block.rows], block.words), ''];
  return block.kind === 'heading' || block.kind === 'text' ? [block.text, ''] : [];
}

const pointForMachines = ({ point, state, run, step, steps }: PointProgress) => ({
  index: point.index,
  point: point.point,
  seed: point.seed,
  identity: point.identity,
  settings: point.settings,
  state,
  run: run?.path,
  step,
  steps,
});

export function listed({ name, rows, points, baseline }: Study, { points: all, stale }: StudyProgress): string {
  const done = all.filter(({ state }) => state === 'done').length;
  const measured = rows.filter((row) => row.measured).map((row) => row.name);
  return [
    table(
      [
        ['point', 'seed', 'state', 'index', 'step'],
        ...all.map(({ point, state, step, steps }) => [
          point.point,
          String(point.seed),
          state,
          String(point.index),
          step === undefined ? '' : `${step}/${steps}`,
        ]),
      ],
      3,
    ),
    '',
    `${name}: ${done} of ${points.length} done; compared with ${baseline}.`,
    ...measured.map((one) => `${one} takes no run of its own: every run measures it before its first step.`),
    ...staleInWords(stale),
  ].join('\n');
}

/** Runs that this file asked for before it was changed. */
function staleInWords(stale: readonly Stale[]): string[] {
  return stale.map(({ run, changed }) => {
    const which = `${run.id} (${inWords({ point: run.study!.point, seed: run.study!.seed })})`;
    if (!changed) return `stale: ${which}: the file has no such point any more.`;
    const some = changed.slice(0, 4).map(({ key, before, after }) => `${key} was ${value(before)}, is ${value(after)}`);
    return `stale: ${which}: ${some.join('; ')}${changed.length > 4 ? '; and more' : ''}.`;
  });
}

const value = (one: unknown) => (one === undefined ? 'absent' : JSON.stringify(one).slice(0, 60));

function pointAt({ points }: Study, index: number): StudyPoint {
  if (index < points.length) return points[index];
  throw new UserError({
    code: 'sweep.no-such-index',
    tried: `train point ${index}`,
    why: `there are ${points.length}, counted from 0.`,
    cure: `Write 0 to ${points.length - 1}; --list shows them.`,
  });
}

function natural(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Write a whole number.');
  return Number(text);
}
