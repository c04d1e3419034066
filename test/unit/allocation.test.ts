import { availableParallelism } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { allocatedCpus, allocation, durationSeconds, endOfAllocation } from '../../sidecar/allocation.ts';
import { requeue } from '../../sidecar/cli/auto-resume.ts';
import { stopSignals } from '../../sidecar/cli/stop-signals.ts';

describe('what Slurm has given', () => {
  it('is nothing outside a job', () => {
    expect(allocation({})).toBeUndefined();
    expect(allocatedCpus({ SLURM_CPUS_ON_NODE: '4' })).toBeUndefined();
    expect(endOfAllocation({ SLURM_JOB_END_TIME: '1700000000' })).toBeUndefined();
  });

  it('is named as its commands name it, each point of an array apart', () => {
    expect(allocation({ SLURM_JOB_ID: '17' })).toEqual({ job: '17', restarts: 0 });
    const array = { SLURM_JOB_ID: '18', SLURM_ARRAY_JOB_ID: '17', SLURM_ARRAY_TASK_ID: '3', SLURM_RESTART_COUNT: '2' };
    expect(allocation(array)).toEqual({ job: '17_3', restarts: 2 });
    expect(allocation({ SLURM_JOB_ID: '$(reboot)' })).toBeUndefined();
  });

  it('are the processors of this task, not of the machine', () => {
    const most = availableParallelism();
    expect(allocatedCpus({ SLURM_JOB_ID: '1', SLURM_CPUS_PER_TASK: '1', SLURM_CPUS_ON_NODE: '64' })).toBe(1);
    expect(allocatedCpus({ SLURM_JOB_ID: '1', SLURM_CPUS_ON_NODE: '2', SLURM_TASKS_PER_NODE: '2(x3)' })).toBe(1);
    expect(allocatedCpus({ SLURM_JOB_ID: '1', SLURM_CPUS_ON_NODE: '512' })).toBe(most);
    expect(allocatedCpus({ SLURM_JOB_ID: '1' })).toBeUndefined();
  });

  it('ends when the environment says', () => {
    expect(endOfAllocation({ SLURM_JOB_ID: '1', SLURM_JOB_END_TIME: '1700000000' })).toBe(1.7e12);
    expect(durationSeconds('1-02:03:04')).toBe(93_784);
    expect(durationSeconds('5:06')).toBe(306);
    expect(durationSeconds('UNLIMITED')).toBeUndefined();
  });
});

describe('before an allocation ends', () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it.each([
    ['an hour', 3600, 90],
    ['a minute', 60, 6],
    ['sixty days, which are longer than a timer', 60 * 86_400, 90],
    ['ten seconds', 10, 1],
  ])('a run is told in time: %s', (_, seconds, reserve) => {
    vi.useFakeTimers();
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const stop = stopSignals(Date.now() + 1000 * seconds);
    try {
      vi.advanceTimersByTime(1000 * (seconds - reserve) - 1);
      expect(stop.signal.aborted).toBe(false);
      vi.advanceTimersByTime(2);
      expect([stop.signal.reason, stop.scheduled]).toEqual([{ code: 'allocation' }, true]);
      expect(said).toHaveBeenCalledTimes(1);
    } finally {
      stop.release();
    }
  });
});

describe('a job is put back into its queue', () => {
  afterEach(() => vi.unstubAllEnvs());
  const asked = (restarts: string, most: number) => {
    vi.stubEnv('SLURM_JOB_ID', '7');
    vi.stubEnv('SLURM_RESTART_COUNT', restarts);
    // Nobody here takes it: what is seen is whether it was asked.
    vi.stubEnv('PATH', '');
    return requeue(most);
  };

  it('as often as was said, and no more', () => {
    expect(asked('0', 1)).toMatch(/^Could not requeue job 7: .*scontrol ENOENT/);
    expect(asked('', 1)).toMatch(/^Could not requeue/);
    expect(asked('1', 1)).toBe('Not requeued: this job has been requeued 1 times already.');
    expect(asked('2', 3)).toMatch(/^Could not requeue/);
    expect(asked('3', 3)).toMatch(/^Not requeued/);
  });

  it('and only where it is one', () => {
    vi.stubEnv('SLURM_JOB_ID', undefined);
    expect(requeue(3)).toBe('There is no Slurm job here to requeue.');
  });
});
