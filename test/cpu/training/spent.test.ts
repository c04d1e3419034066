/** A run tells where its time went, and the whole-run bench reads it. */
import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { Stopwatch } from '../../../sidecar/training/stopwatch.ts';
import { eventsOf, tinyRuns } from '../../support/tiny-run.ts';

const { root, run } = tinyRuns();
afterAll(() => rmSync(root, { recursive: true }));

describe('where the time goes', () => {
  it('is told of the preparation, of every logged step and of the end, and leaves little out', async () => {
    const began = performance.now();
    const one = await run(['log.every=2']);
    const whole = (performance.now() - began) / 1000;
    const spent = eventsOf(one, 'spent');
    expect(spent.map(({ step }) => step)).toEqual([0, 2, 4, 4]);
    const named = spent.map(({ seconds }) => Object.keys(seconds).sort());
    expect(named[0]).toEqual(expect.arrayContaining(['base', 'evaluate', 'features', 'head', 'scan', 'units']));
    expect(named[1]).toEqual(['compute', 'load', 'log', 'update']);
    expect(named[3]).toEqual(expect.arrayContaining(['checkpoint', 'evaluate']));
    const told = spent.flatMap(({ seconds }) => Object.values(seconds)).reduce((a, b) => a + b, 0);
    // What is not told: opening the device, the folder, the adapter.
    expect(told / whole).toBeGreaterThan(0.7);
    expect(told / whole).toBeLessThanOrEqual(1);
    for (const { seconds, processorSeconds } of spent)
      expect(Object.keys(processorSeconds)).toEqual(Object.keys(seconds));
  });

  it('counts each second once, and what ends in an error too', async () => {
    const watch = new Stopwatch();
    const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    await watch.during('scan', () => wait(30));
    await expect(
      watch.during('scan', async () => {
        await wait(30);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    const { scan } = watch.take().seconds;
    expect(scan).toBeGreaterThan(0.055);
    expect(scan).toBeLessThan(0.5);
    expect(watch.take()).toEqual({ seconds: {}, processorSeconds: {} });
  });
});
