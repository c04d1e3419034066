/**
 * @file Figures of the built extension in a real VS Code, a line of JSON each:
 * `npm run figures -- [activation|opening|files|sidecar|frames …]`.
 */
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Frame, Page } from 'playwright-core';
import { dashboard, openBrowser, openFile, workbench } from './bench/browser.ts';
import { palette } from './bench/quick-input.ts';
import { type Bench, pageUrl, startBench } from './bench/server.ts';
import { logOf, quick, root, runsOf, train, warmWorkspace } from './bench/workspace.ts';

const folder = mkdtempSync(join(tmpdir(), 'milore-figures-'));
const quantile = (values: number[], share: number) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
const summary = (values: number[]) => ({
  medianMs: Number(quantile(values, 0.5).toFixed(1)),
  p95Ms: Number(quantile(values, 0.95).toFixed(1)),
  n: values.length,
});

async function openWindow(browser: Browser, bench: Bench): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1500, height: 950 } });
  await page.goto(pageUrl(bench, { extension: root }));
  await workbench(page);
  return page;
}

async function using<T>(workspace: string, use: (bench: Bench) => Promise<T>): Promise<T> {
  const bench = await startBench({ workspace });
  try {
    return await use(bench);
  } finally {
    await bench.stop();
  }
}

/** A workspace with one finished run of a hundred logged points; made once. */
let finished: string | undefined;
function withFinishedRun(): string {
  if (!finished) {
    finished = warmWorkspace(join(folder, 'finished'), 100);
    train(finished);
  }
  return finished;
}

async function inner(page: Page): Promise<Frame> {
  const frame = page.frameLocator('iframe.webview.ready').locator('iframe#active-frame');
  await dashboard(page).locator('body[data-seq]').waitFor({ state: 'attached', timeout: 120_000 });
  return (await (await frame.elementHandle())!.contentFrame())!;
}

/** As VS Code itself counts: loading the code and calling `activate`. */
const activation = (browser: Browser) =>
  using(withFinishedRun(), async (bench) => {
    const values: number[] = [];
    for (let i = 0; i < 5; i++) {
      const page = await openWindow(browser, bench);
      await sleep(3000);
      await palette(page, 'Developer: Show Running Extensions');
      const row = page.locator('.runtime-extensions-editor .monaco-list-row', { hasText: /milore/i }).first();
      await row.waitFor({ timeout: 15_000 });
      values.push(Number(/Activation: (\d+)\s?ms/.exec((await row.innerText()).replace(/\s+/g, ' '))?.[1]));
      await page.close();
    }
    return { ...summary(values), values };
  });

/** From the key that opens the dashboard to the first curve that stands there. */
const opening = (browser: Browser) =>
  using(withFinishedRun(), async (bench) => {
    const values: number[] = [];
    const page = await openWindow(browser, bench);
    await sleep(5000);
    for (let i = 0; i < 6; i++) {
      const begun = performance.now();
      await page.keyboard.press('Control+Alt+m');
      await dashboard(page)
        .locator('[data-chart=masked-loss] .plot:not(:has(.waiting:not([hidden]))) canvas')
        .waitFor({ timeout: 60_000 });
      values.push(performance.now() - begun);
      await sleep(1000);
      await palette(page, 'View: Close All Editors');
      await sleep(1000);
    }
    await page.close();
    return { firstMs: Math.round(values[0]), ...summary(values.slice(1)) };
  });

/** Notes in the webview when each event of a log had arrived. */
const note = (frame: Frame) =>
  frame.evaluate(() => {
    const at: [seq: number, ms: number][] = [];
    (window as unknown as { arrivals: typeof at }).arrivals = at;
    new MutationObserver(() => {
      const all = Object.values(JSON.parse(document.body.dataset.seq ?? '{}')) as { log?: { log: number } }[];
      at.push([all[0]?.log?.log ?? 0, Date.now()]);
    }).observe(document.body, { attributes: true, attributeFilter: ['data-seq'] });
  });

/** What each event waited: from its own time to the first note that has it. */
async function delays(frame: Frame, lines: { seq: number; time: string }[]): Promise<number[]> {
  const arrivals = await frame.evaluate(() => (window as unknown as { arrivals: [number, number][] }).arrivals);
  return lines.flatMap(({ seq, time }) => {
    const i = arrivals.findIndex(([seen]) => seen >= seq);
    // What was there before the first note tells nothing.
    return i <= 0 ? [] : [arrivals[i][1] - Date.parse(time)];
  });
}

interface Made {
  path: string;
  append(event: object): void;
  log(): { seq: number; time: string }[];
  stop(): void;
}

const codes = 'fin vie eng deu spa fra ita por nld swe dan pol ces ron hun tur ell rus ukr kor'.split(' ');

/** A run that another process writes: ours, with a pulse, and events of `languages` languages. */
function makeRun(workspace: string, languages: number, points: number): Made {
  const id = '20260101-000000-made-0000';
  const path = join(workspace, '.milore', 'runs', id);
  mkdirSync(join(path, 'checkpoints'), { recursive: true });
  const write = (name: string, value: unknown) => writeFileSync(join(path, name), JSON.stringify(value));
  const used = codes.slice(0, languages);
  write('run.json', { id, name: 'made', createdAt: new Date().toISOString(), versions: {}, device: 'cpu' });
  write('resolved.json', {
    languages: Object.fromEntries(used.map((code, i) => [code, { role: i < 4 ? 'new' : 'existing' }])),
    training: { steps: points * 2 },
  });
  writeFileSync(join(path, 'experiment.milore.yaml'), 'name: made\n');
  const beat = () =>
    write('heartbeat.json', { pid: process.pid, host: hostname(), time: new Date().toISOString(), step: points });
  beat();
  const timer = setInterval(beat, 5000);
  let seq = 0;
  const score = () => ({ lossNats: 3 + Math.random(), accuracy: Math.random(), frames: 1500 });
  const line = (event: object) => `${JSON.stringify({ seq: ++seq, time: new Date().toISOString(), ...event })}\n`;
  const metrics = (step: number) => ({
    type: 'metrics',
    step,
    learningRate: 0.001 * Math.random(),
    gradientNorm: Math.random(),
    lossNats: 3 + Math.random(),
    languages: Object.fromEntries(used.map((code) => [code, score()])),
    adapterNorm: 6,
    loraBNorm: 4,
    audioSecondsPerSecond: 100,
    residentBytes: 4e8,
    skippedSteps: 0,
  });
  const log = join(path, 'log.jsonl');
  const file = openSync(log, 'w');
  writeSync(file, line({ type: 'started', step: 0, steps: points * 2, device: 'cpu', deviceNotes: [] }));
  for (let step = 1; step <= points; ) {
    let text = '';
    for (const end = Math.min(points, step + 999); step <= end; step++) text += line(metrics(step));
    writeSync(file, text);
  }
  let step = points;
  return {
    path,
    append: () => appendFileSync(log, line(metrics(++step))),
    log: () => logOf(path) as unknown as { seq: number; time: string }[],
    stop: () => clearInterval(timer),
  };
}

/** From a line in the growing file to its number in the webview; no sidecar. */
async function files(browser: Browser): Promise<unknown> {
  const workspace = join(folder, 'files');
  mkdirSync(workspace);
  writeFileSync(join(workspace, 'milore.datasets.yaml'), 'datasets: {}\n');
  return using(workspace, async (bench) => {
    const run = makeRun(bench.workspace, 5, 100);
    try {
      const page = await openWindow(browser, bench);
      await palette(page, 'MiLorE: Open Dashboard');
      const frame = await inner(page);
      await note(frame);
      for (let i = 0; i < 40; i++) {
        await sleep(150 + Math.random() * 500);
        run.append({});
      }
      await sleep(1500);
      const values = await delays(frame, run.log().slice(-39));
      await page.close();
      return summary(values);
    } finally {
      run.stop();
    }
  });
}

/** From an event's own time, while the sidecar trains, to the webview. */
async function sidecar(browser: Browser): Promise<unknown> {
  return using(warmWorkspace(join(folder, 'sidecar'), 200), async (bench) => {
    const page = await openWindow(browser, bench);
    await openFile(page, quick);
    await palette(page, 'MiLorE: Train Experiment');
    const frame = await inner(page);
    await note(frame);
    const [run] = runsOf(bench.workspace);
    for (const end = Date.now() + 120_000; Date.now() < end && logOf(run).at(-1)?.type !== 'done'; ) await sleep(300);
    await sleep(1500);
    const lines = logOf(run).filter(({ type }) => type === 'metrics') as unknown as { seq: number; time: string }[];
    const values = await delays(frame, lines);
    const size = readFileSync(join(run, 'log.jsonl')).length + readFileSync(join(run, 'utilisation.jsonl')).length;
    await page.close();
    return { ...summary(values), run: basename(run), bytesPerLoggedStep: Math.round(size / lines.length) };
  });
}

/** Intervals between frames in the webview while something goes on. */
async function frameTimes(frame: Frame, during: () => Promise<void>): Promise<number[]> {
  await frame.evaluate(() => {
    const probe = window as unknown as { frames: number[]; watching: boolean };
    probe.frames = [];
    probe.watching = true;
    let last = performance.now();
    const next = (now: number) => {
      probe.frames.push(now - last);
      last = now;
      if (probe.watching) requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
  await during();
  return frame.evaluate(() => {
    const probe = window as unknown as { frames: number[]; watching: boolean };
    probe.watching = false;
    return probe.frames.slice(2);
  });
}

async function frames(browser: Browser): Promise<unknown> {
  const workspace = join(folder, 'frames');
  mkdirSync(workspace);
  writeFileSync(join(workspace, 'milore.datasets.yaml'), 'datasets: {}\n');
  const points = 100_000;
  return using(workspace, async (bench) => {
    const run = makeRun(bench.workspace, 20, points);
    try {
      const page = await openWindow(browser, bench);
      await sleep(4000);
      const begun = performance.now();
      await page.keyboard.press('Control+Alt+m');
      const view = dashboard(page);
      await view
        .locator('[data-chart=masked-loss] .plot:not(:has(.waiting:not([hidden]))) canvas')
        .waitFor({ timeout: 120_000 });
      const firstMs = Math.round(performance.now() - begun);
      const frame = await inner(page);
      const arrived = () =>
        frame.evaluate(
          () =>
            (Object.values(JSON.parse(document.body.dataset.seq ?? '{}')) as { log?: { log: number } }[])[0]?.log
              ?.log ?? 0,
        );
      while ((await arrived()) <= points) await sleep(50);
      const allMs = Math.round(performance.now() - begun);
      await sleep(2000);
      const live = setInterval(() => run.append({}), 200);
      const liveFrames = await frameTimes(frame, () => sleep(8000));
      const over = (await view.locator('[data-chart=masked-loss] .u-over').boundingBox())!;
      const zoomFrames = await frameTimes(frame, async () => {
        for (let round = 0; round < 4; round++) {
          const [from, to] = [0.2 + 0.1 * round, 0.9];
          await page.mouse.move(over.x + over.width * from, over.y + 60);
          await page.mouse.down();
          await page.mouse.move(over.x + over.width * to, over.y + 80, { steps: 30 });
          await page.mouse.up();
          await sleep(600);
          await page.mouse.dblclick(over.x + over.width / 2, over.y + 60);
          await sleep(600);
        }
      });
      const slider = (await view.getByLabel('Smoothing').boundingBox())!;
      const smoothFrames = await frameTimes(frame, async () => {
        await page.mouse.move(slider.x + slider.width * 0.8, slider.y + slider.height / 2);
        await page.mouse.down();
        for (let i = 0; i < 60; i++) {
          const at = 0.5 + 0.4 * Math.sin(i / 6);
          await page.mouse.move(slider.x + slider.width * at, slider.y + slider.height / 2);
          await sleep(50);
        }
        await page.mouse.up();
      });
      clearInterval(live);
      await page.close();
      return {
        firstMs,
        allMs,
        megabytes: Math.round(readFileSync(join(run.path, 'log.jsonl')).length / 1e6),
        live: summary(liveFrames),
        zoom: summary(zoomFrames),
        smoothing: summary(smoothFrames),
      };
    } finally {
      run.stop();
    }
  });
}

const parts = { activation, opening, files, sidecar, frames };
const wanted = process.argv.slice(2);
const browser = await openBrowser();
try {
  for (const [name, part] of Object.entries(parts))
    if (wanted.length === 0 || wanted.includes(name)) console.log(JSON.stringify({ [name]: await part(browser) }));
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
