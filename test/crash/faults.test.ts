import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyedOrder } from '../../sidecar/random.ts';
import { flip, type Warm, warm } from './faults/flips.ts';
import { byWhatIsKept, fill } from './faults/full.ts';
import type { How } from './faults/processes.ts';
import { remove, scenarios } from './faults/scenarios.ts';
import { alone, atOnce } from './faults/together.ts';
import { attempt, each, operations, type Prepared, phaseOf, prepare } from './faults/trials.ts';
import { makeData } from './faults/workspace.ts';

// A sample, always the same, so that a test fails for what was changed alone; all of it is npm run faults.
const sampled = 'sample';
const data = makeData();
afterAll(() => rmSync(data, { recursive: true, force: true }));

/** Of each phase one operation, of so many phases. */
async function sample(prepared: Prepared, how: How, most: number) {
  const all = await operations(prepared, how);
  const phases = keyedOrder([...new Set(all.map(phaseOf))], (phase) => phase, sampled, how).slice(0, most);
  return phases.map(
    (phase) =>
      keyedOrder(
        all.filter((one) => phaseOf(one) === phase),
        ({ at }) => String(at),
        sampled,
      )[0],
  );
}

describe('a training', () => {
  let prepared: Prepared;
  beforeAll(async () => {
    prepared = await prepare(scenarios[0], data);
  });
  afterAll(() => remove(prepared.template));

  it.each([
    ['kill', 5],
    ['torn', 2],
    ['ENOSPC', 4],
    ['EMFILE', 2],
  ] as const)(
    'that meets %s in any phase goes on to the identical result, in plain words, and nothing is left behind',
    async (how, most) => {
      const chosen = await sample(prepared, how, most);
      expect(chosen).toHaveLength(most);
      const trials = await each(chosen, 2, (operation) => attempt(prepared, operation, how));
      expect(trials.filter(({ faults }) => faults.length > 0)).toEqual([]);
    },
    240_000,
  );
});

it.each(['export', 'export again'])(
  '%s: killed at any operation, it is whole after the next',
  async (name) => {
    const prepared = await prepare(scenarios.find((one) => one.name === name)!, data);
    const all = await operations(prepared, 'kill');
    const some = keyedOrder(all, ({ at }) => String(at), sampled).slice(0, 2);
    const trials = await each(some, 2, (operation) => attempt(prepared, operation, 'kill'));
    expect(trials.filter(({ faults }) => faults.length > 0)).toEqual([]);
    remove(prepared.template);
  },
  120_000,
);

it('a disk that is really full says so with what it takes, and is gone on with when there is room', async () => {
  const expected = await byWhatIsKept(data);
  for (const kilobytes of [128, 768, 1024]) {
    const filled = await fill(data, kilobytes, expected);
    if (!filled) return console.log('left out: nothing can be mounted here');
    expect(filled).toMatchObject({ wasFull: true, faults: [] });
  }
}, 120_000);

it('trainings, an estimate and an inspection at once on a cold cache come to what they come to alone', async () => {
  const expected = await alone(data, 2);
  expect(await atOnce(data, { trainings: 2, estimate: true, inspection: true }, expected)).toEqual([]);
}, 120_000);

describe('bits flipped in the cache', () => {
  let cache: Warm;
  beforeAll(async () => {
    cache = await warm(data);
  });
  afterAll(() => remove(cache.workspace));

  it('are noticed, said once, mended, and change nothing, whichever file they are in', async () => {
    const kinds = ['weights.bin', '.onnx', 'scan.jsonl', 'features', 'units/'];
    const files = kinds.map((kind) => cache.files.find((file) => file.includes(kind))!);
    const faults = await each(files, 2, (file) => flip(cache, file, 1));
    expect(faults.flat()).toEqual([]);
  }, 120_000);
});
