import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunHead, ToWebview } from '../../sidecar/protocol/dashboard.ts';
import type { RunProgress } from '../../sidecar/protocol/messages.ts';
import { type Dashboard, type Host, host, missing } from './harness.ts';

const head = (more: Partial<RunHead> = {}): RunHead => ({
  id: 'r0',
  name: 'run',
  experiment: 'run',
  createdAt: '2026-11-23T20:25:23Z',
  state: 'running',
  step: 0,
  steps: 40,
  device: 'cpu',
  pinned: false,
  tags: [],
  languages: [{ code: 'fin', name: 'Finnish', role: 'new' }],
  ...more,
});
const lines = (events: object[]) =>
  events
    .map((event, i) =>
      JSON.stringify({ seq: i + 1, time: `2026-11-23T20:00:${String(i).padStart(2, '0')}Z`, ...event }),
    )
    .join('\n');
const log = (events: object[]): ToWebview => ({
  type: 'events',
  run: 'r0',
  log: 'log',
  lines: lines(events),
  first: true,
  more: false,
});
const told = (run: RunHead): ToWebview[] => [
  { type: 'hello', words: {}, version: '0.4.0', trusted: true },
  { type: 'connection', state: 'live' },
  { type: 'runs', runs: [run] },
  { type: 'show', runs: ['r0'] },
];
const progress = (more: Omit<RunProgress, 'run'>): ToWebview => ({
  type: 'progress',
  progress: { run: 'r0', ...more },
});

describe.skipIf(missing)(`how far a run is, on the dashboard${missing && ` (${missing})`}`, () => {
  let editor: Host;
  let one: Dashboard;
  beforeAll(async () => {
    editor = await host();
    one = await editor.open();
  });
  afterAll(async () => {
    await editor?.close();
  });
  const shown = async () => {
    await one.settled();
    const bar = Number(await one.page.locator('[role=progressbar]').getAttribute('aria-valuenow'));
    return { bar, pace: await one.page.locator('.pace').innerText() };
  };

  it('is one progress to the first step, in words, with the time that is left', async () => {
    await one.tell(...told(head()), log([{ type: 'started', step: 0, steps: 40, device: 'cpu' }]));
    const bars: number[] = [];
    for (const [stage, share] of [
      ['scan', 0.05],
      ['features', 0.1],
      ['features', 0.4],
      ['units', 0.43],
    ] as const) {
      await one.tell(progress({ stage, done: 1, total: 100, whole: { share, leftSeconds: 90 } }));
      bars.push((await shown()).bar);
    }
    expect(bars).toEqual([5, 10, 40, 43]);
    expect((await shown()).pace).toMatch(/^preparing 43\s%\s+·\s+fits units\s+·\s+1 min 30 s left/);
  });

  it('says a step and its share of one and the same step, whichever log or message told it', async () => {
    const share = (pace: string) => {
      const [, step, steps, percent] = /^step (\d+) of (\d+) \((\d+)\s%\)/.exec(pace) ?? [];
      expect(Number(percent), pace).toBe(Math.floor((100 * Number(step)) / Number(steps)));
      return Number(step);
    };
    await one.tell(progress({ stage: 'train', done: 10, total: 40 }));
    expect(share((await shown()).pace)).toBe(10);
    expect((await shown()).bar).toBe(25);
    await one.tell(
      log([
        { type: 'started', step: 0, steps: 40 },
        { type: 'metrics', step: 17, values: [] },
      ]),
    );
    expect(share((await shown()).pace)).toBe(17);
    // A measurement between steps takes nothing back.
    await one.tell(progress({ stage: 'evaluate', done: 0, total: 3 }));
    expect(share((await shown()).pace)).toBe(17);
  });

  it('took what all its legs took, after it was resumed', async () => {
    await one.tell({ type: 'heads', runs: [head({ state: 'done', step: 40 })] });
    await one.tell(
      log([
        { type: 'started', step: 0, steps: 40, time: '2026-11-23T20:00:00Z' },
        { type: 'stopped', step: 10, time: '2026-11-23T20:02:00Z' },
        { type: 'resumed', fromStep: 10, time: '2026-11-24T08:00:00Z' },
        { type: 'started', step: 10, steps: 40, time: '2026-11-24T08:00:00Z' },
        { type: 'metrics', step: 40, values: [], time: '2026-11-24T08:00:29Z' },
        { type: 'done', step: 40, seconds: 30, time: '2026-11-24T08:00:30Z' },
      ]),
    );
    expect((await shown()).pace).toMatch(/^step 40 of 40\s+·\s+took 2 min 30 s/);
  });
});
