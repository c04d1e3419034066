import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRow } from '../../../sidecar/runs/row.ts';
import { madeRun } from '../../support/run-events.ts';
import { newRun } from './folder.ts';

const lines = (events: readonly unknown[]) =>
  events
    .map((event, i) => {
      const { seq: _, time, type, ...rest } = { ...(event as Record<string, unknown>) } as Record<string, unknown>;
      return `${JSON.stringify({ seq: i + 1, time, type, ...rest })}\n`;
    })
    .join('');
const at = (second: number) => new Date(Date.parse('2026-11-26T10:00:00Z') + second * 1000).toISOString();
const evaluation = (step: number, second: number, loss: number, control = 4) => ({
  type: 'evaluation',
  step,
  time: at(second),
  values: [
    { arm: 'adapted', language: 'fin', measure: 'loss', unit: 'nats', value: loss },
    { arm: 'control', language: 'fin', measure: 'loss', unit: 'nats', value: control },
    { arm: 'adapted', language: 'eng', measure: 'ownHeadLoss', unit: 'nats', value: 3.2 },
    { arm: 'base', language: 'eng', measure: 'ownHeadLoss', unit: 'nats', value: 3.1 },
  ],
});

async function rowOf(events: readonly unknown[]) {
  const run = newRun();
  writeFileSync(join(run.path, 'log.jsonl'), lines(events));
  return readRow(run);
}

describe('a run as a row', () => {
  it('has the last value beside the best and its step', async () => {
    const { results, settings } = await rowOf([
      { type: 'started', time: at(0), step: 0, steps: 30 },
      evaluation(0, 1, 4),
      evaluation(10, 2, 3.5),
      evaluation(20, 3, 3.4),
      evaluation(30, 4, 3.6),
    ]);
    expect(settings).toEqual({ 'training.steps': 300 });
    const of = (measure: string, language: string) =>
      results.find((one) => one.measure === measure && one.language === language);
    expect(of('loss', 'fin')).toMatchObject({ last: 3.6, lastStep: 30, best: 3.4, bestStep: 20 });
    expect(of('gain', 'fin')).toMatchObject({ bestStep: 20 });
    expect(of('gain', 'fin')!.last).toBeCloseTo(0.4, 12);
    expect(of('forgetting', 'eng')!.last).toBeCloseTo(0.1, 12);
    expect(of('forgetting', 'eng')!.bestStep).toBe(0);
    expect(of('accuracy', 'fin')).toBeUndefined();
  });

  it('forgets what a resumption took back, and counts every leg', async () => {
    const { results, seconds } = await rowOf([
      { type: 'started', time: at(0), step: 0, steps: 30 },
      evaluation(10, 20, 3.5),
      evaluation(20, 30, 1),
      { type: 'resumed', fromStep: 10, time: at(1000) },
      { type: 'started', time: at(1001), step: 10, steps: 30 },
      evaluation(20, 1020, 3.3),
      { type: 'done', step: 30, seconds: 30, time: at(1040) },
    ]);
    expect(results.find(({ measure }) => measure === 'loss')).toMatchObject({ best: 3.3, bestStep: 20, last: 3.3 });
    expect(seconds).toBeCloseTo(30 + 40, 6);
  });

  it('is there for a log of noise, and says no duration of a run that has not ended', async () => {
    const run = newRun();
    writeFileSync(join(run.path, 'log.jsonl'), 'no json\n{"seq":1}\n\u0000\n{"seq":2,"time":"x","type":"evaluation"');
    expect(await readRow(run)).toMatchObject({ results: [] });
    const half = await rowOf([{ type: 'started', time: at(0), step: 0, steps: 30 }, evaluation(10, 20, 3.5)]);
    expect(half.seconds).toBeUndefined();
  });

  it('reads what a trainer logs', async () => {
    const { log } = madeRun({ steps: 200, evaluateEvery: 50 });
    const { results, seconds } = await rowOf(log);
    expect(results.filter(({ language }) => language === 'fin').map(({ measure }) => measure)).toEqual([
      'loss',
      'gain',
      'accuracy',
      'forgetting',
    ]);
    expect(seconds).toBeGreaterThan(0);
  });
});
