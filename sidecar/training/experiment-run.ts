/** @file One run from beginning to end: makes or reopens its folder, prepares, trains, and leaves the adapter in it. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Experiment } from '../config/experiment.ts';
import { checkResolved } from '../config/parse.ts';
import { selectDevice } from '../engine/devices.ts';
import type { DeviceName } from '../engine/session.ts';
import { describe, UserError } from '../errors.ts';
import type { Learner } from '../learning/learner.ts';
import { saveAdapter } from '../model/adapters/file.ts';
import { openSafetensors } from '../model/checkpoint/safetensors.ts';
import { countParameters, type ParameterCount } from '../objectives/count.ts';
import { type CorpusSummary, type EvaluationResult, type RunEvent, stopReasons } from '../protocol/events.ts';
import {
  type Checkpoint,
  checkpointSteps,
  hasCheckpoints,
  latestCheckpoint,
  writeCheckpoint,
} from '../runs/checkpoints.ts';
import { createRun, openRun, type RunDir, RunLogs, readResolved, runFiles } from '../runs/run.ts';
import { startHeartbeat } from '../runs/status.ts';
import { TensorBoardWriter } from '../runs/tensorboard.ts';
import { startHead } from './head-start.ts';
import { type Prepared, prepare } from './prepare.ts';
import { loadParameters, loadState, PROGRESS, STATE, saveState } from './state.ts';
import { evaluate, fresh, type Training, train } from './trainer.ts';

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
  before?: EvaluationResult;
  after?: EvaluationResult;
  count: ParameterCount;
  corpus: CorpusSummary[];
  seconds: number;
}

/** The experiment of a run that is to go on. */
export function experimentOf(path: string): { run: RunDir; experiment: Experiment } {
  const run = openRun(path, { write: true });
  return { run, experiment: checkResolved(readResolved(run), join(run.path, runFiles.resolved)) };
}

export async function runExperiment(request: RunRequest): Promise<RunResult> {
  const { root, experiment, signal, onEvent } = request;
  const began = performance.now();
  const { chosen, passedOver } = await selectDevice(request.device);
  if (!chosen.usable)
    throw new UserError({
      code: 'device.unusable',
      tried: `train on ${chosen.device}`,
      why: `${chosen.reason}.`,
      cure: 'Run "milore devices" to see what works here, or use --device auto.',
    });
  const versions = { milore: request.version, node: process.versions.node, onnxruntime: runtimeVersion() };
  const run = request.resume
    ? openRun(request.resume, { write: true })
    : createRun(root, {
        name: experiment.name,
        configText: request.configText,
        resolved: experiment,
        versions,
        device: chosen.device,
      });
  const logs = new RunLogs(run);
  request.onRun?.(run);
  let step = 0;
  const stopBeating = startHeartbeat(run, () => step);
  const emit = (event: RunEvent) => {
    if ('step' in event) step = event.step;
    // Progress of a stage is for the screen; the log keeps what a paper could need.
    if (event.type !== 'stage') logs.log.append({ ...event });
    onEvent(event);
  };
  let prepared: Prepared | undefined;
  let board: TensorBoardWriter | undefined;
  try {
    const { steps } = experiment.training;
    const deviceNotes = passedOver.map(({ device, reason }) => `${device}: ${reason}`);
    const checkpoint = request.resume
      ? latestCheckpoint(run, (problem) => emit({ type: 'note', level: 'warning', text: describe(problem) }))
      : undefined;
    if (request.resume && !checkpoint && hasCheckpoints(run)) throw nothingToResumeFrom(run);
    if (request.resume) logs.resumed(checkpoint?.step ?? 0);
    emit({ type: 'started', step: checkpoint?.step ?? 0, steps, device: chosen.device, deviceNotes });
    prepared = await prepare(experiment, {
      cache: join(root, '.milore', 'cache'),
      device: chosen.device,
      emit,
      signal,
    });
    const { adapted, control } = prepared;
    const learners: Record<string, Learner> = control ? { adapted, control } : { adapted };
    const sampler = prepared.sampler();
    let progress = fresh();
    if (checkpoint) {
      const state = openSafetensors(join(checkpoint.dir, STATE));
      progress = await loadState(learners, state, new TextDecoder().decode(checkpoint.read(PROGRESS)), checkpoint.dir);
      state.close();
    } else if (request.from) {
      const source = forkPoint(request.from);
      const state = openSafetensors(join(source.dir, STATE));
      await loadParameters(learners, state, source.dir);
      state.close();
      emit({ type: 'note', level: 'info', text: `Begins with the parameters of ${source.dir}.` });
    } else {
      await startHead(experiment, prepared, signal, (done, total) =>
        emit({ type: 'stage', name: 'head', done, total }),
      );
    }
    board = new TensorBoardWriter(join(run.path, runFiles.tensorboard), { resumeFromStep: checkpoint?.step });
    const training: Training = {
      ...prepared,
      experiment,
      sampler,
      signal,
      checkpointAsked: request.checkpointAsked,
      emit(event) {
        emit(event);
        if (event.type === 'metrics' || event.type === 'evaluation') board?.scalars(event.step, scalarsOf(event));
      },
      emitUtilisation: (point) => logs.utilisation.append({ type: 'utilisation', ...point }),
      emitBatch: (at, seen) => logs.batches.append({ type: 'batch', step: at, seen }),
      save(state) {
        logs.sync();
        board?.sync();
        writeCheckpoint(run, state.step, saveState(learners, state), experiment.checkpoint.keep);
      },
    };
    let before: EvaluationResult | undefined;
    if (!checkpoint) {
      before = await evaluate(training);
      training.emit({ type: 'evaluation', step: 0, ...before });
    }
    const ending = await train(training, progress);
    const count = countParameters(prepared.config, prepared.base);
    const seconds = (performance.now() - began) / 1000;
    if (ending.state === 'done') {
      saveAdapter(join(run.path, 'adapter'), prepared.config, adapted.parameters, {
        baseHash: prepared.base.hash,
        version: request.version,
        run: run.id,
        units: prepared.units.key,
      });
      emit({ type: 'done', step: steps, seconds });
    }
    return {
      run,
      state: ending.state,
      reason: ending.state === 'failed' ? ending.reason : undefined,
      before,
      after: ending.state === 'done' ? ending.evaluation : undefined,
      count,
      corpus: prepared.corpus,
      seconds,
    };
  } catch (error) {
    if (signal.aborted) {
      emit({ type: 'stopped', step, reason: stopReasons.preparing });
      return { run, state: 'stopped', count: emptyCount, corpus: [], seconds: (performance.now() - began) / 1000 };
    }
    emit({ type: 'failed', step, reason: (error as Error).message });
    throw error;
  } finally {
    stopBeating();
    board?.close();
    await prepared?.release();
    logs.sync();
    logs.close();
  }
}

const emptyCount: ParameterCount = {
  base: 0,
  experts: 0,
  routers: 0,
  baseTrained: 0,
  head: 0,
  shareWithoutHead: 0,
  shareWithHead: 0,
};

function scalarsOf(event: Extract<RunEvent, { type: 'metrics' | 'evaluation' }>): Record<string, number> {
  const scalars: Record<string, number> = {};
  if (event.type === 'metrics') {
    for (const [code, { lossNats, accuracy }] of Object.entries(event.languages)) {
      scalars[`train/loss/${code}`] = lossNats;
      scalars[`train/accuracy/${code}`] = accuracy;
    }
    scalars['train/learning_rate'] = event.learningRate;
    scalars['train/gradient_norm'] = event.gradientNorm;
    return scalars;
  }
  for (const [code, { adapted, control, ownHead }] of Object.entries(event.languages)) {
    scalars[`heldout/loss/${code}`] = adapted.lossNats;
    scalars[`heldout/accuracy/${code}`] = adapted.accuracy;
    if (control) scalars[`heldout/control_loss/${code}`] = control.lossNats;
    if (ownHead) scalars[`heldout/own_head_loss/${code}`] = ownHead.adapted.lossNats;
  }
  return scalars;
}

function forkPoint({ path, step }: { path: string; step?: number }): Checkpoint {
  const run = openRun(path);
  const found = latestCheckpoint(run, undefined, step);
  if (found) return found;
  const steps = checkpointSteps(run);
  throw new UserError({
    code: 'run.no-such-checkpoint',
    tried: `fork from ${step === undefined ? 'the newest checkpoint' : `step ${step}`} of ${run.path}`,
    why: steps.length > 0 ? `it has checkpoints at ${steps.join(', ')}.` : 'it has no checkpoint.',
    cure: 'Choose one that is there; an experiment keeps as many as checkpoint.keep says.',
  });
}

/** Starting over would take back every step that the log has seen. */
const nothingToResumeFrom = (run: RunDir) =>
  new UserError({
    code: 'run.no-sound-checkpoint',
    tried: `go on with ${run.path}`,
    why: `none of the checkpoints in ${join(run.path, runFiles.checkpoints)} is whole.`,
    cure: `Restore one, or start anew with: milore train ${join(run.path, runFiles.config)}`,
  });

function runtimeVersion(): string {
  try {
    return createRequire(import.meta.url)('onnxruntime-node/package.json').version;
  } catch {
    return 'unknown';
  }
}
