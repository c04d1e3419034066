/** @file One run from beginning to end: makes or reopens its folder, prepares, trains, and leaves the adapter in it. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Experiment } from '../config/experiment.ts';
import { checkResolved } from '../config/parse.ts';
import { removeIfPossible } from '../disk.ts';
import { selectDevice } from '../engine/devices.ts';
import type { DeviceName } from '../engine/session.ts';
import { describe, UserError } from '../errors.ts';
import { inWords } from '../machine.ts';
import { saveAdapter } from '../model/adapters/file.ts';
import { openSafetensors } from '../model/checkpoint/safetensors.ts';
import type { ParameterCount } from '../objectives/count.ts';

import { type CorpusSummary, LOG_VERSION, type RunEvent } from '../protocol/events.ts';
import type { Measurement } from '../protocol/measurement.ts';
import type { Checkpoint } from '../runs/checkpoints.ts';
import { type Claim, claimRun } from '../runs/claim.ts';
import { createRun, openRun, type RunDir, readResolved, runFiles } from '../runs/run.ts';
import { applyFork, describeFork, type Fork, planFork } from './fork.ts';
import { startHead } from './head-start.ts';
import { evaluate, fresh, type Training, train } from './loop.ts';
import { type Plan, type Prepared, plan, prepare, sayDamage } from './prepare/index.ts';
import { routedSites } from './prepare/learnable.ts';
import { checkpointToResume, forkPoint, loggedOf, refuseOlder } from './resume.ts';
import { samplingEvent } from './sampling.ts';
import { RunSink } from './sink.ts';
import { loadState, PROGRESS, parseProgress, STATE, type StoredProgress } from './state.ts';

export interface RunRequest {
  /** The workspace: `.milore/` lies in it. */
  root: string;
  experiment: Experiment;
  configText: string;
  device: DeviceName | 'auto';
  /** Goes on with this run's folder from its newest whole checkpoint. */
  resume?: string;
  /** Begins with the parameters of a checkpoint of another run, the newest unless told. */
  from?: { path: string; step?: number };
  version: string;
  /** Everything that is logged, as it happens. */
  onEvent(event: RunEvent): void;
  signal: AbortSignal;
  /** Asked after each step: whether someone wants a checkpoint now. */
  checkpointAsked?(): boolean;
  /** Told as soon as the run has its folder. */
  onRun?(run: RunDir): void;
}

export interface RunResult {
  run: RunDir;
  state: 'done' | 'stopped' | 'failed';
  reason?: string;
  /** Before the first step, also of a run that was resumed. */
  before?: Measurement[];
  after?: Measurement[];
  count?: ParameterCount;
  corpus: CorpusSummary[];
  seconds: number;
}

/** The experiment of a run that is to go on. @throws UserError where another version began it */
export function experimentOf(path: string): { run: RunDir; experiment: Experiment } {
  const run = openRun(path);
  refuseOlder(run);
  return { run, experiment: checkResolved(readResolved(run), join(run.path, runFiles.resolved)) };
}

export async function runExperiment(request: RunRequest): Promise<RunResult> {
  const { root, experiment, signal } = request;
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const { chosen, passedOver } = await selectDevice(request.device);
  if (!chosen.usable) throw unusable(chosen);
  const source = request.from && openFork(request.from);
  const held = request.resume
    ? takeUp(request.resume)
    : begun(
        createRun(root, {
          name: experiment.name,
          configText: request.configText,
          resolved: experiment,
          versions: { milore: request.version, node: process.versions.node, onnxruntime: runtimeVersion() },
          device: chosen.device,
        }),
      );
  const { run } = held;
  const sink = openSink(held, experiment.checkpoint.keep, request);
  request.onRun?.(run);
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
    const { steps } = experiment.training;
    const checkpoint = request.resume
      ? checkpointToResume(run, (problem) => sink.emit({ type: 'note', level: 'warning', text: describe(problem) }))
      : undefined;
    sink.begin(request.resume ? (checkpoint?.step ?? NOTHING_KEPT) : undefined);
    const deviceNotes = passedOver.map(({ device, reason }) => `${device}: ${reason}`);
    const step = checkpoint?.step ?? 0;
    sink.emit({ type: 'started', version: LOG_VERSION, step, steps, device: chosen.device, deviceNotes });
    const around = {
      cache: join(root, '.milore', 'cache'),
      runFolder: run.path,
      device: chosen.device,
      emit: (event: RunEvent) => sink.emit(event),
      onDamage: sayDamage((event) => sink.emit(event)),
      signal,
    };
    planned = await plan(experiment, around);
    const fork = source && planFork(source.progress, planned.specs, planned.meaning);
    if (fork) sink.emit({ type: 'note', level: 'info', text: `Begins with ${source.dir}. ${describeFork(fork)}` });
    prepared = await prepare(experiment, planned, around);
    const { arms } = prepared;
    const training: Training = {
      ...prepared,
      experiment,
      sampler: prepared.trainingSampler(),
      clips: planned.clips.train,
      sites: routedSites(arms[0].config),
      meaning: planned.meaning,
      framesPerSecond: planned.frozen.framesPerSecond,
      sink,
      signal,
      checkpointAsked: request.checkpointAsked,
    };
    const progress = checkpoint ? await goOn(training, checkpoint) : fresh();
    if (!checkpoint) await begin(training, planned, prepared, source && { ...source, fork: fork! });
    const logged = checkpoint && (await loggedOf(run, checkpoint.step));
    const before = logged ? logged.before : await evaluate(training);
    if (!logged) {
      sink.emit({ type: 'evaluation', step: 0, values: before! });
      sink.emit(samplingEvent(0, training));
    }
    const ending = await train(training, progress, logged?.last);
    if (ending.state === 'done') {
      sink.mustHold('write the adapter');
      saveAdapter(join(run.path, 'adapter'), arms[0].config, arms[0].learner.parameters, {
        baseHash: planned.meaning.base,
        version: request.version,
        run: run.id,
        units: planned.meaning.units,
      });
      sink.emit({ type: 'done', step: steps, seconds: seconds() });
    }
    return result(ending.state, {
      before,
      reason: ending.state === 'failed' ? ending.reason : undefined,
      after: ending.state === 'done' ? ending.evaluation : undefined,
    });
  } catch (fault) {
    const error = inWords(fault);
    // Any other error is one, also after someone asked to stop: what was to be kept may not have been.
    if (signal.aborted && fault === signal.reason) {
      sink.emit({ type: 'stopped', step: sink.step, reason: { code: 'preparing' } });
      return result('stopped');
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

/** A new run's folder is nobody else's; where it cannot be written, nothing of it stays. */
function begun(run: RunDir): Held {
  try {
    return { run, claim: claimRun(run) };
  } catch (error) {
    removeIfPossible(run.path);
    throw error;
  }
}

interface Held {
  run: RunDir;
  claim: Claim;
}

/** A claim that outlived its failure would lock the run for as long as a service lives. */
function openSink(held: Held, keep: number, request: RunRequest): RunSink {
  try {
    return new RunSink(held.run, held.claim, keep, request.onEvent);
  } catch (error) {
    held.claim.release();
    if (!request.resume) removeIfPossible(held.run.path);
    throw error;
  }
}

/** Of two that go on with a run one has it; only that one clears away what a crash left. */
function takeUp(path: string): Held {
  const { run } = experimentOf(path);
  const claim = claimRun(run);
  try {
    return { run: openRun(path, { write: true }), claim };
  } catch (error) {
    claim.release();
    throw error;
  }
}

interface Source extends Checkpoint {
  progress: StoredProgress;
}

function openFork(from: { path: string; step?: number }): Source {
  const checkpoint = forkPoint(from);
  return {
    ...checkpoint,
    progress: parseProgress(new TextDecoder().decode(checkpoint.read(PROGRESS)), checkpoint.dir),
  };
}

async function goOn({ arms }: Training, checkpoint: Checkpoint): Promise<StoredProgress> {
  const progress = parseProgress(new TextDecoder().decode(checkpoint.read(PROGRESS)), checkpoint.dir);
  const state = openSafetensors(join(checkpoint.dir, STATE));
  try {
    await loadState(arms, state, progress, checkpoint.dir);
  } finally {
    state.close();
  }
  return progress;
}

/** What is carried over from another run, and a head that has heard every language unless that run brought one. */
async function begin(
  { experiment, arms, sources, sink, signal }: Training,
  { clips }: Plan,
  prepared: Prepared,
  source: (Source & { fork: Fork }) | undefined,
): Promise<void> {
  if (source) {
    const state = openSafetensors(join(source.dir, STATE));
    try {
      await applyFork(source.fork, arms, state);
    } finally {
      state.close();
    }
  }
  if (source?.fork.headCarried) return;
  const heard = { clips: clips.heard, sources, sampler: prepared.headSampler() };
  await startHead(experiment, arms, heard, signal, (done, total) =>
    sink.emit({ type: 'stage', name: 'head', done, total }),
  );
}

const unusable = ({ device, reason }: { device: string; reason?: string }) =>
  new UserError({
    code: 'device.unusable',
    tried: `train on ${device}`,
    why: `${reason}.`,
    cure: 'Run "milore devices" to see what works here, or use --device auto.',
  });

function runtimeVersion(): string {
  try {
    return createRequire(import.meta.url)('onnxruntime-node/package.json').version;
  } catch {
    return 'unknown';
  }
}
