import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { measuredValue } from '../../../sidecar/protocol/measurement.ts';
import { eventsOf, tinyRuns } from '../../support/tiny-run.ts';

const deu = resolve('extension/sample/speech/deu');

describe('replay', () => {
  const { root, run } = tinyRuns();
  afterAll(() => rmSync(root, { recursive: true }));
  const withGerman = [`languages.deu={role: existing, data: ${JSON.stringify(deu)}, hours: 0.015}`];

  it('of some existing languages trains on those alone and measures the others too', async () => {
    const one = await run([...withGerman, 'replay.languages=[eng]', 'replay.fraction=0.3']);
    expect(one.result.state).toBe('done');
    const last = eventsOf(one, 'sampling').at(-1)!;
    expect(Object.keys(last.languages).sort()).toEqual(['eng', 'fin']);
    expect(last.languages.eng.share).toBeGreaterThan(0.1);
    expect(measuredValue(one.result.after!, 'loss', { language: 'deu' })).toBeGreaterThan(0);
    const trained = one.events.filter(({ type }) => type === 'metrics').flatMap((e) => ('values' in e ? e.values : []));
    expect(trained.some(({ language }) => language === 'deu')).toBe(false);
  });

  it('takes no more than replay.hours, the same clips whatever the seed, and says how much', async () => {
    const pool = async (...more: string[]) => {
      const one = await run([...withGerman, 'replay.fraction=0.5', ...more]);
      return Object.fromEntries(
        Object.entries(eventsOf(one, 'sampling')[0].languages).map(([code, use]) => [code, use.poolSeconds]),
      );
    };
    const all = await pool();
    const some = await pool('replay.hours=0.004');
    expect(all.eng + all.deu).toBeGreaterThan(40);
    expect(some.eng + some.deu).toBeLessThanOrEqual(0.004 * 3600);
    expect(some.eng + some.deu).toBeGreaterThan(0.7 * 0.004 * 3600);
    expect(some.eng).toBeGreaterThan(0);
    expect(some.deu).toBeGreaterThan(0);
    expect(some.fin).toBe(all.fin);
    expect(await pool('replay.hours=0.004', 'seed=9')).toEqual(some);
  });

  it('holds its share of the seconds though nothing is joined and lengths differ, and says so by language', async () => {
    const one = await run([
      'training.steps=40',
      'replay.fraction=0.25',
      'audio={minSeconds: 0.3}',
      'evaluation.every=40',
    ]);
    const last = eventsOf(one, 'sampling').at(-1)!;
    expect(last.step).toBe(40);
    expect(last.batchSeconds).toBeGreaterThan(7.2);
    expect(last.batchSeconds).toBeLessThan(8.8);
    expect(last.languages.eng.share).toBeCloseTo(0.25, 1.5);
    for (const { used, clips, largestClipShare } of Object.values(last.languages)) {
      expect(used).toBe(clips);
      expect(largestClipShare).toBeLessThan(4 / clips);
    }
  });

  it('of nothing still lets the starting head hear the old languages', async () => {
    const start = async (warmupSteps: number) => {
      const one = await run(['replay.fraction=0', `head.warmupSteps=${warmupSteps}`, 'head.learningRate=0.01']);
      return measuredValue(one.result.before!, 'loss', { language: 'eng', arm: 'control' });
    };
    expect(await start(60)).toBeLessThan((await start(0)) - 0.3);
  });
});
