import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { allocatedCpus, allocation, durationSeconds, endOfAllocation } from '../../sidecar/allocation.ts';
import { delayMs } from '../../sidecar/cli/stop-signals.ts';

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

  it('ends when the environment says, and leaves time to write', () => {
    expect(endOfAllocation({ SLURM_JOB_ID: '1', SLURM_JOB_END_TIME: '1700000000' })).toBe(1.7e12);
    expect(durationSeconds('1-02:03:04')).toBe(93_784);
    expect(durationSeconds('5:06')).toBe(306);
    expect(durationSeconds('UNLIMITED')).toBeUndefined();
    expect(delayMs(3_600_000)).toBe(3_510_000);
    expect(delayMs(60_000)).toBe(54_000);
    expect(delayMs(-5)).toBe(0);
    expect(delayMs(1e12)).toBe(2 ** 31 - 1);
  });
});
