/**
 * @file Writes down how long a run's parts took over what was expected of them, beside the runs, for the next estimate
 * on this machine. Nothing of a run depends on it: where it cannot be written, nothing is said.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { BaseConfig } from '../architecture/config.ts';
import { expectRun } from '../config/expect.ts';
import { expectPreparation } from '../config/expect-whole.ts';
import type { Experiment } from '../config/experiment.ts';
import { PACE_FILE, type Pace, paceOf, parsePaces, withPace } from '../config/pace.ts';
import { makeFolder, writeFileAtomic } from '../disk.ts';
import { machineName } from '../machine.ts';
import type { CorpusSummary } from '../protocol/events.ts';
import type { Spent } from './stopwatch.ts';

/** Below such a share of what is expected the cache had most of it. */
const FROM_CACHE = 0.1;
/** Fewer steps are the first ones, in which memory is claimed. */
const FEWEST_STEPS = 10;

const sum = (seconds: Record<string, number>, names: readonly string[]) =>
  names.reduce((total, name) => total + (seconds[name] ?? 0), 0);

export class PaceKeeper {
  private preparation?: number;
  private steps = 0;
  private stepSeconds = 0;

  constructor(
    private readonly root: string,
    private readonly experiment: Experiment,
    private readonly device: string,
    private readonly base: () => BaseConfig | undefined,
    private readonly corpus: () => readonly CorpusSummary[],
  ) {}

  /** What `spent` tells: at step 0 the preparation, later some steps. @param made since the last time */
  hear({ seconds }: Spent, made: number): void {
    const base = this.base();
    if (!base) return;
    if (made === 0) {
      const speech = this.corpus().reduce((all, one) => all + one.trainSeconds + one.heldOutSeconds, 0);
      const expected = expectPreparation(this.experiment, base, availableParallelism(), speech);
      const ratio = sum(seconds, ['scan', 'features', 'units']) / expected;
      if (expected > 0 && ratio > FROM_CACHE) this.preparation = ratio;
    } else {
      this.steps += made;
      this.stepSeconds += sum(seconds, ['load', 'compute', 'share', 'update', 'log']);
    }
  }

  keep(): void {
    const base = this.base();
    if (!base || this.steps < FEWEST_STEPS) return;
    remember(this.root, this.experiment, this.device, base, this.stepSeconds / this.steps, this.preparation);
  }
}

/** What measuring some steps tells, without a run. @param root the workspace */
export const rememberSteps = (
  root: string,
  experiment: Experiment,
  device: string,
  base: BaseConfig,
  stepSeconds: number,
): void => remember(root, experiment, device, base, stepSeconds);

/** What is written down of this machine. @param root the workspace */
export const rememberedPace = (root: string, device: string, base: BaseConfig): Pace | undefined =>
  paceOf(parsePaces(readIfThere(join(root, '.milore', PACE_FILE)), machineName()), device, base);

function remember(
  root: string,
  experiment: Experiment,
  device: string,
  base: BaseConfig,
  stepSeconds: number,
  preparation?: number,
): void {
  const expected = expectRun(experiment, base, availableParallelism()).wholeStepSeconds;
  const path = join(root, '.milore', PACE_FILE);
  const entry = { device, hidden: base.hidden, layers: base.layers, steps: stepSeconds / expected };
  try {
    const before = parsePaces(readIfThere(path), machineName());
    const next = withPace(before, preparation === undefined ? entry : { ...entry, preparation });
    makeFolder(join(root, '.milore'));
    writeFileAtomic(path, `${JSON.stringify(next)}\n`, { durable: false });
  } catch {
    // A full disk or a folder that is gone is told by the run itself.
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
