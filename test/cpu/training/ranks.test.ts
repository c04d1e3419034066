/** One adapter, however many ranks train it: in one process, by promises; by MPI in ranks-mpi.test.ts. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { inOneProcess } from '../../support/ranks.ts';
import { eventsOf, type TinyRun, tinyRuns } from '../../support/tiny-run.ts';

const { root, run } = tinyRuns();
afterAll(() => rmSync(root, { recursive: true }));

const shards = ['training.shards=4', 'training.batchSeconds=4', 'replay.fraction=0.3', 'checkpoint.every=2'];
const adapter = ({ result }: TinyRun) =>
  readFileSync(join(result.run.path, 'adapter', 'adapter_model.safetensors')).toString('hex');

/** The run as its first rank tells of it. */
const among = async (size: number, settings: string[], more: Parameters<typeof run>[1] = {}) =>
  (await Promise.all(inOneProcess(size).map((ranks) => run(settings, { ...more, ranks }))))[0];

it.each([
  ['a dense mixture', []],
  [
    'a top-k mixture with penalties, a router a block, dropout and accumulation',
    [
      'adapter.router={kind: top-k, k: 1, share: block, balance: 0.01, zLoss: 0.001}',
      'adapter.experts=3',
      'adapter.dropout=0.1',
      'training.accumulate=2',
      'training.shards=2',
    ],
  ],
] as const)(
  '%s is the same to the bit on 1, 2 and 3 ranks, and so is what is logged of it',
  async (_, settings) => {
    const all = [...shards, ...settings];
    const one = await run(all);
    for (const size of [2, 3]) {
      const several = await among(size, all);
      expect(several.result.state).toBe('done');
      expect(adapter(several)).toBe(adapter(one));
      for (const type of ['metrics', 'evaluation', 'sampling'] as const) {
        const told = (of: TinyRun) =>
          eventsOf(of, type).map(({ seq, time, ...event }: Record<string, unknown>) => withoutClock(event));
        expect(told(several)).toEqual(told(one));
      }
      expect(several.result.findings?.tables).toEqual(one.result.findings?.tables);
    }
  },
  240_000,
);

it('what every shard counts is the mean over all of them: other shards of the same batches train alike', async () => {
  const norms = async (settings: string[]) =>
    eventsOf(await run([...settings, 'log.every=1']), 'metrics').map(
      ({ values }) => values.find(({ measure, arm }) => measure === 'gradientNorm' && arm === 'adapted')!.value,
    );
  const exact = await norms(['training.shards=3', 'training.batchSeconds=4']);
  const float = await norms(['training.accumulate=3', 'training.batchSeconds=4']);
  for (const [i, one] of exact.entries()) expect(Math.abs(one / float[i] - 1)).toBeLessThan(1e-5);
}, 180_000);

it('a stop that one rank is asked for stops all at one step, and another number of ranks goes on to the same adapter', async () => {
  const settings = [...shards, 'training.steps=6'];
  const whole = await run(settings);
  const asked = new AbortController();
  const [first, second] = inOneProcess(2);
  const parts = await Promise.all([
    run(settings, { ranks: first, onEvent: (event) => void (event.type === 'checkpoint' && asked.abort()) }),
    run(settings, { ranks: second, signal: asked.signal }),
  ]);
  expect(parts.map(({ result }) => result.state)).toEqual(['stopped', 'stopped']);
  const resumed = await among(3, settings, { resume: parts[0].result.run.path });
  expect(resumed.result.state).toBe('done');
  expect(adapter(resumed)).toBe(adapter(whole));
}, 180_000);

function withoutClock({ values, ...event }: Record<string, unknown>) {
  const kept = (values as { measure: string }[] | undefined)?.filter(
    ({ measure }) => !/second|resident/i.test(measure),
  );
  return { ...event, values: kept };
}
