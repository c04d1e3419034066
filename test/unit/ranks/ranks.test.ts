/** What ranks are told by their launcher, and what they compute together without any model. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ExactSum } from '../../../sidecar/ranks/exact-sum.ts';
import { launchedBy } from '../../../sidecar/ranks/launched.ts';
import { everyone, fromFirst, inTurn, isMine, together } from '../../../sidecar/ranks/share.ts';
import { tellFailure } from '../../../sidecar/ranks/watchdog.ts';
import { mustAgree } from '../../../sidecar/training/agree.ts';
import { inOneProcess } from '../../support/ranks.ts';

describe('a launcher says in the environment', () => {
  it.each([
    ['nothing', {}, undefined],
    ['one rank of Open MPI, which is no company', { OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '1' }, undefined],
    ['Open MPI', { OMPI_COMM_WORLD_RANK: '1', OMPI_COMM_WORLD_SIZE: '4' }, { rank: 1, size: 4, speaks: 'openmpi' }],
    ['MPICH', { PMI_RANK: '2', PMI_SIZE: '3' }, { rank: 2, size: 3, speaks: 'mpich' }],
    [
      'a step of Slurm by PMIx',
      { SLURM_STEP_NUM_TASKS: '2', SLURM_PROCID: '1', PMIX_RANK: '1' },
      { rank: 1, size: 2, speaks: 'pmix' },
    ],
    [
      'a step of Slurm by PMI',
      { SLURM_STEP_NUM_TASKS: '2', SLURM_PROCID: '1', PMI_RANK: '1', PMI_SIZE: '2' },
      { rank: 1, size: 2, speaks: 'pmi' },
    ],
    ['a job’s script, whose tasks are not started yet', { SLURM_NTASKS: '4', SLURM_PROCID: '0' }, undefined],
    ['a number that is none', { OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '4; rm' }, undefined],
  ])('%s', (_, env, expected) => expect(launchedBy(env)).toEqual(expected));

  it('several tasks without MPI: each would train alone, so none does', () => {
    expect(() => launchedBy({ SLURM_STEP_NUM_TASKS: '2', SLURM_PROCID: '1' })).toThrow(/srun --mpi=pmix/);
  });
});

describe('a sum of gradients', () => {
  const parts = [
    Float32Array.of(1e8 / 2 ** 20, 3e-5, -1),
    Float32Array.of(-95, 1e-7, 1),
    Float32Array.of(1e-6, 7e-12, 0),
  ];
  const summed = (order: number[]) => {
    const sum = new ExactSum(3, parts.length);
    for (const i of order) sum.add(parts[i]);
    return sum;
  };

  it('is the same to the bit in every order and grouping, where float32’s is not', () => {
    const straight = summed([0, 1, 2]);
    for (const order of [
      [2, 1, 0],
      [1, 0, 2],
      [1, 2, 0],
    ])
      expect(summed(order).values).toEqual(straight.values);
    const [left, right] = [summed([0]), summed([2, 1])];
    expect(left.values.map((value, i) => value + right.values[i])).toEqual(straight.values);
    const float = (order: number[]) => order.reduce((sum, i) => Math.fround(sum + parts[i][0]), 0);
    expect(float([0, 1, 2])).not.toBe(float([1, 2, 0]));
  });

  it('is the true sum, rounded once: 2⁻⁴⁴ is its last digit', () => {
    expect([...summed([0, 1, 2]).total()]).toEqual(
      [0, 1, 2].map((i) => Math.fround(Math.round(parts.reduce((sum, part) => sum + part[i], 0) * 2 ** 44) / 2 ** 44)),
    );
    const small = new ExactSum(1, 1);
    small.add(Float32Array.of(2 ** -46));
    expect(small.total()[0]).toBe(0);
  });

  it('has no value where one of its parts is beyond what is exact, or is none', () => {
    for (const [value, finite] of [
      [512 / 4, true],
      [512 / 4 + 1e-3, false],
      [-512 / 4, true],
      [-512 / 4 - 1e-3, false],
      [Number.NaN, false],
      [Number.NEGATIVE_INFINITY, false],
    ] as const) {
      const sum = new ExactSum(1, 4);
      sum.add(Float32Array.of(value));
      expect(Number.isFinite(sum.total()[0]), String(value)).toBe(finite);
    }
  });
});

describe('ranks', () => {
  it('share out parts, and all know every result in the parts’ order', async () => {
    const all = await Promise.all(
      inOneProcess(3).map((ranks) => {
        const mine = [0, 1, 2, 3, 4].filter((index) => isMine(ranks, index));
        return together(
          ranks,
          mine.map((index) => ({ index, result: Float32Array.of(index, ranks.rank) })),
        );
      }),
    );
    for (const one of all)
      expect(one.map(([index, rank]) => [index, rank])).toEqual([
        [0, 0],
        [1, 1],
        [2, 2],
        [3, 0],
        [4, 1],
      ]);
  });

  it('hear the first, and each other', async () => {
    const ranks = inOneProcess(2);
    expect(await Promise.all(ranks.map((one) => fromFirst(one, new Set([one.rank]))))).toEqual([
      new Set([0]),
      new Set([0]),
    ]);
    expect(await Promise.all(ranks.map((one) => everyone(one, one.rank)))).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  it('wait for the first where it makes what they read', async () => {
    const order: number[] = [];
    const work = (rank: number) => async () => {
      await new Promise((done) => setTimeout(done, rank === 0 ? 30 : 0));
      return order.push(rank);
    };
    await Promise.all(inOneProcess(3).map((one) => inTurn(one, work(one.rank))));
    expect(order[0]).toBe(0);
    expect(order.sort()).toEqual([0, 1, 2]);
  });

  it('that have something else say so on every rank, with whose it is', async () => {
    const asked = inOneProcess(3).map((one) =>
      mustAgree(one, { base: 'b', recordings: one.rank === 2 ? ['x'] : ['y'] }, 'Use one disk.'),
    );
    for (const result of await Promise.allSettled(asked)) {
      expect(result.status).toBe('rejected');
      const { reason } = result as PromiseRejectedResult;
      expect(reason.message).toMatch(/rank 2 on .* does not have the same recordings as rank 0.*Use one disk/s);
    }
  });

  it('keep the first reason of a failure', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ranks-'));
    try {
      expect([tellFailure(folder, 'first'), tellFailure(folder, 'second')]).toEqual([true, false]);
      expect(readFileSync(join(folder, 'failed'), 'utf8')).toBe('first');
      expect(tellFailure(join(folder, 'gone'), 'third'), 'nobody can have been first').toBe(true);
      expect(existsSync(join(folder, 'gone'))).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
