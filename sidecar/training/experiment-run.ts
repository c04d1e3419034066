/** @file One run from beginning to end: makes or reopens its folder, prepares, trains, and leaves the adapter in it. */
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { type Experiment, totalSteps } from '../config/experiment.ts';
import { requireDevice } from '../engine/devices.ts';
import type { DeviceName } from '../engine/session.ts';
import { describe } from '../errors.ts';
import { inWords } from '../machine.ts';
import { saveAdapter } from '../model/adapters/file.ts';
import type { ParameterCount } from '../objectives/count.ts';
import { type CorpusSummary, LOG_VERSION, type RunEvent } from '../protocol/events.ts';
import type { Findings } from '../protocol/findings.ts';
import type { Measurement } from '../protocol/measurement.ts';
import { alone, isFirst, type Ranks } from '../ranks/ranks.ts';
import { fromFirst, inTurn } from '../ranks/share.ts';
import { IGNORED, ignoreInGit } from '../runs/git-ignore.ts';
import { createRun, type RunDir, type RunStudy, recordCompute } from '../runs/run.ts';
import { mustAgree } from './agree.ts';
import { assess, endWorks } from './assess.ts';
import { begin, enter, goOn, openFork, openOrigin } from './beginnings.ts';
import { describeFork, planFork } from './fork.ts';
import { openAmong } from './hold.ts';
import { type Ending, evaluate, fresh, type Training, train } from './loop.ts';
import { trainedClips, trainingSampler } from './prepare/clips.ts';
import { mustCompute } from './prepare/compute.ts';
import { type Plan, type Prepared, plan, prepare, sayDamage, trainedOn } from './prepare/index.ts';
import { routedSites } from './prepare/learnable.ts';
import { PaceKeeper } from './remember-pace.ts';
import { checkpointAmong, evaluationsAt, loggedOf } from './resume.ts';
import { samplingEvent } from './sampling.ts';
import { leaveStage } from './stage-end.ts';
import { forgetStarts, holdStart } from './stage-start.ts';
import { stageAt, stagesOf } from './stages.ts';
import { type Spent, Stopwatch } from './stopwatch.ts';

export interface RunRequest {
  /** The workspace: `.milore/` lies in it. */
  root: string;
  experiment: Experiment;
  configText: string;
  device: DeviceName | 'auto';
  /** Goes on with this run's folder from its newest whole checkpoint. */
  resume?: string;
  /** Tries to take the run's folder until it is free. */
  patiently?<T>(take: () => Promise<T>): Promise<T>;
  /** A new run is to be found again by this job. */
  job?: string;
  /** The sweep that a new run is a point of. */
  study?: RunStudy;
  /** Begins with the parameters of a checkpoint of another run, the newest unless told. */
  from?: { path: string; step?: number };
  version: string;
  /** Everything that is logged, as it happens. */
  onEvent(event: RunEvent): void;
  signal: AbortSignal;
  /** Those that train this together; alone without. */
  ranks?: Ranks;
  /** Asked after each step: whether someone wants a checkpoint now. */
  checkpointAsked?(): boolean;
  /** Told as soon as the run has its folder. */
  onRun?(run: RunDir): void;
}

export interface RunResult {
  run: RunDir;
  state: 'done' | 'stopped' | 'failed';
  reason?: string;
  /** Stopped amid something that is not shared, so that the other ranks do not know of it. */
  unannounced?: boolean;
  /** Before the first step, also of a run that was resumed. */
  before?: Measurement[];
  after?: Measurement[];
  /** Of a run with stages that is done: what held-out speech scored when each ended. */
  stages?: { add: readonly string[]; values: Measurement[] }[];
  /** Of a run that is done: what was learned and forgotten. */
  findings?: Findings;
  count?: ParameterCount;
  corpus: CorpusSummary[];
  seconds: number;
}

export async function runExperiment(request: RunRequest): Promise<RunResult> {
  const { root, experiment, signal } = request;
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const { chosen, passedOver } = await requireDevice(request.device, 'train');
  mustCompute(experiment, chosen.device);
  const source = request.from && openFork(request.from);
  const { ranks = alone } = request;
  const versions = { milore: request.version, node: process.versions.node, onnxruntime: runtimeVersion() };
  await mustAgree(
    ranks,
    { experiment, version: versions, device: chosen.device },
    'Start all ranks with one installation and one experiment file.',
  );
  const ignored = isFirst(ranks) && !request.resume && ignoreInGit(root);
  const { run, sink } = await openAmong(ranks, request, () =>
    createRun(root, {
      name: experiment.name,
      configText: request.configText,
      resolved: experiment,
      versions,
      device: chosen.device,
      job: request.job,
      study: request.study,
      parent: source && { run: basename(resolve(request.from!.path)), step: source.step },
    }),
  );
  if (isFirst(ranks)) request.onRun?.(run);
  const watch = new Stopwatch();
  const timed = (step: number) => {
    const spent = watch.take();
    if (step === 0) paces.hear(spent, 0);
    sink.emit({ type: 'spent', step, ...spent });
  };
  const paces = new PaceKeeper(
    root,
    experiment,
    chosen.device,
    () => planned?.frozen.base.config,
    () => planned?.clips.summaries ?? [],
  );
  let planned: Plan | undefined;
  let prepared: Prepared | undefined;
  const result = (state: RunResult['state'], rest: Partial<RunResult> = {}): RunResult => ({
    run,
    state,
    count: planned?.count,
    corpus: planned?.clips.summaries ?? [],
    seconds: seconds(),
    ...rest,
  });
  try {
    const steps = totalSteps(experiment);
    const checkpoint = await checkpointAmong(ranks, request.resume !== undefined, run, (problem) =>
      sink.emit({ type: 'note', level: 'warning', text: describe(problem) }),
    );
    const origin = source ?? (checkpoint ? undefined : openOrigin(run));
    sink.begin(request.resume ? (checkpoint?.step ?? NOTHING_KEPT) : undefined);
    const deviceNotes = passedOver.map(({ device, reason }) => `${device}: ${reason}`);
    const step = checkpoint?.step ?? 0;
    sink.emit({ type: 'started', version: LOG_VERSION, step, steps, device: chosen.device, deviceNotes });
    if (ignored) sink.emit({ type: 'note', level: 'info', text: IGNORED });
    const around = {
      cache: join(root, '.milore', 'cache'),
      runFolder: run.path,
      goesOn: checkpoint !== undefined,
      device: chosen.device,
      emit: (event: RunEvent) => sink.emit(event),
      onDamage: sayDamage((event) => sink.emit(event)),
      signal,
      watch,
    };
    planned = await inTurn(ranks, () => plan(experiment, around));
    const oneDisk = 'Let all ranks read the same recordings and the same base, on one disk or in whole copies.';
    await mustAgree(ranks, trainedOn(planned), oneDisk);
    const fork = origin && planFork(origin.progress, planned.specs, planned.meaning);
    if (fork) sink.emit({ type: 'note', level: 'info', text: `Begins with ${origin.dir}. ${describeFork(fork)}` });
    const whole = planned;
    prepared = await inTurn(ranks, () => prepare(experiment, whole, around));
    const { arms, computes, stageSources } = prepared;
    if (isFirst(ranks)) recordCompute(run, computes);
    const stages = stagesOf(experiment);
    const { framesPerSecond } = planned.frozen;
    const common = {
      ...prepared,
      sites: routedSites(arms[0].config),
      framesPerSecond,
      totalSteps: steps,
      sink,
      ranks,
      watch,
      signal,
      checkpointAsked: request.checkpointAsked,
      onSpent: (spent: Spent, steps: number) => paces.hear(spent, steps),
    };
    const trainings = stages.map((stage): Training => {
      const clips = trainedClips(stage.experiment, planned!.clips, framesPerSecond);
      const units = planned!.stageUnits?.[stage.number - 1] ?? planned!.units;
      const sources = stageSources[stage.number - 1];
      const meaning = { ...planned!.meaning, units: units.key };
      return {
        ...common,
        stage,
        clips,
        sources,
        meaning,
        units,
        sampler: trainingSampler(stage.experiment, clips, framesPerSecond),
      };
    });
    const progress = checkpoint ? await goOn(arms, checkpoint) : fresh();
    const current = stageAt(stages, progress.step);
    if (!checkpoint) await begin(trainings[0], planned, origin && { ...origin, fork: fork! });
    await mustAgree(ranks, { parameters: arms[0].learner.parameters.data, step: progress.step }, oneDisk);
    const logged =
      checkpoint && (await fromFirst(ranks, isFirst(ranks) ? await loggedOf(run, checkpoint.step) : undefined));
    const { cache, onDamage } = around;
    const assessing = { run, experiment, stages, planned, session: { device: chosen.device }, cache, onDamage };
    let before = logged?.before;
    if (!logged) {
      const measured = await evaluate(common);
      before = measured.values;
      if (isFirst(ranks)) await watch.during('assess', () => assess(assessing, trainings[0], 0, measured));
      sink.emit({ type: 'evaluation', step: 0, values: before });
      sink.emit(samplingEvent(0, trainings[0]));
    }
    timed(progress.step);
    const info = { baseHash: planned.meaning.base, version: request.version, run: run.id };
    let ending: Ending | undefined;
    let findings: Findings | undefined;
    for (let training of trainings.slice(current.number - 1)) {
      const { stage } = training;
      // Gone on with at its very end, a stage has nothing left to enter.
      if (progress.step === stage.start) await enter(training, progress, planned);
      const fromItsStart = progress.step === stage.start;
      const around = { run, frozen: planned.frozen, device: chosen.device };
      if (progress.step < stage.end) training = await holdStart(training, around, fromItsStart);
      const enteredAt = performance.now();
      ending = await train(training, progress, stage === current ? logged?.last : undefined);
      if (ending.state !== 'done') break;
      // The others wait where they next have to agree.
      if (!isFirst(ranks)) continue;
      const { evaluation } = ending;
      const seconds = fromItsStart ? (performance.now() - enteredAt) / 1000 : undefined;
      findings = await watch.during('assess', () => assess(assessing, training, stage.number, evaluation, seconds));
      sink.mustHold('write the adapter');
      if (experiment.stages)
        leaveStage(run, arms[0], trainings.slice(0, stage.number), {
          framesPerSecond,
          summaries: planned.clips.summaries,
          info,
        });
    }
    if (ending?.state === 'done') timed(progress.step);
    if (ending?.state === 'done' && isFirst(ranks)) {
      saveAdapter(join(run.path, 'adapter'), arms[0].config, arms[0].learner.parameters, {
        ...info,
        units: trainings.at(-1)!.meaning.units,
      });
      endWorks(run);
      paces.keep();
      sink.emit({ type: 'done', step: steps, seconds: seconds() });
      forgetStarts(run);
    }
    const rows = await evaluationsAt(
      run,
      stages.map(({ end }) => end),
    );
    return result(ending!.state, {
      stages:
        experiment.stages && ending?.state === 'done'
          ? stages.map(({ add }, i) => ({ add, values: rows[i] ?? [] }))
          : undefined,
      before,
      reason: ending?.state === 'failed' ? ending.reason : undefined,
      findings: ending?.state === 'done' ? findings : undefined,
      after: ending?.state === 'done' ? ending.evaluation.values : undefined,
    });
  } catch (fault) {
    const error = inWords(fault);
    // Any other error is one, also after someone asked to stop: what was to be kept may not have been.
    if (signal.aborted && fault === signal.reason) {
      sink.emit({ type: 'stopped', step: sink.step, reason: { code: 'preparing' } });
      return result('stopped', { unannounced: true });
    }
    try {
      sink.emit({ type: 'failed', step: sink.step, reason: (error as Error).message });
    } catch {
      // The log cannot be written either: the first error says more.
    }
    throw error;
  } finally {
    try {
      await prepared?.release();
    } finally {
      sink.close();
    }
  }
}

/** Before step 0: nothing that was logged counts any more. */
const NOTHING_KEPT = -1;

function runtimeVersion(): string {
  try {
    return createRequire(import.meta.url)('onnxruntime-node/package.json').version;
  } catch {
    return 'unknown';
  }
}
