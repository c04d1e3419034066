import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dashboard, openBrowser, openFile, workbench } from './bench/browser.ts';
import { startCutter } from './bench/cutter.ts';
import { palette, paletteAndPick } from './bench/quick-input.ts';
import { type Bench, missing, pageUrl, startBench } from './bench/server.ts';
import { logOf, quick, root, runsOf, train, warmWorkspace } from './bench/workspace.ts';

const reason = missing();
const steps = 450;

/** Lets a process run for a fifth of the time, until the returned function is called. */
function holdBack(pid: number): () => void {
  const signal = (name: NodeJS.Signals) => {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended: the test says so.
    }
  };
  let turn = 0;
  const timer = setInterval(() => signal(turn++ % 5 === 0 ? 'SIGCONT' : 'SIGSTOP'), 40);
  return () => {
    clearInterval(timer);
    signal('SIGCONT');
  };
}

describe.skipIf(reason)(`a run outlives what it is watched with${reason ? ` (not run: ${reason})` : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'milore-survival-'));
  let bench: Bench;
  let browser: Browser;
  let page: Page;
  /** The same experiment, never disturbed. */
  let reference: Buffer;

  const state = () => join(bench.home, '.milore', 'sidecars');
  const endpoints = () => (existsSync(state()) ? readdirSync(state()).filter((file) => file.endsWith('.json')) : []);
  const endpoint = () => {
    const [name] = endpoints();
    return {
      path: join(state(), name),
      ...(JSON.parse(readFileSync(join(state(), name), 'utf8')) as { pid: number; port: number }),
    };
  };
  const newest = () => runsOf(bench.workspace).at(-1)!;
  const stepOf = (run: string) => Math.max(0, ...logOf(run).map(({ step }) => step ?? 0));
  const seen = async () => {
    const text = await dashboard(page).locator('body').getAttribute('data-seq', { timeout: 60_000 });
    return JSON.parse(text ?? '{}') as Record<string, { log?: { log: number; gaps: number; count: number } }>;
  };
  const adapter = (run: string) => readFileSync(join(run, 'adapter', 'adapter_model.safetensors'));
  const startRun = async () => {
    await openFile(page, quick);
    const before = runsOf(bench.workspace).length;
    await palette(page, 'MiLorE: Train Experiment');
    // Whatever the window says or asks instead.
    const said = async () =>
      (await page.locator('.notification-list-item-message, .quick-input-widget:visible').allInnerTexts()).join(' | ');
    await expect
      .poll(async () => (runsOf(bench.workspace).length > before ? 'begun' : `not begun: ${await said()}`), {
        timeout: 60_000,
      })
      .toBe('begun');
    await expect.poll(() => stepOf(newest()), { timeout: 60_000 }).toBeGreaterThan(3);
    // It takes the focus when it opens.
    await dashboard(page).locator('.badge.running').first().waitFor({ timeout: 60_000 });
  };
  const untilDone = (run: string) =>
    expect.poll(() => logOf(run).at(-1)?.type, { timeout: 240_000, interval: 500 }).toBe('done');
  /** The view has every event of the log, each once. */
  const viewEqualsLog = async (run: string) => {
    const id = run.split('/').at(-1)!;
    const lines = logOf(run);
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, i) => i + 1));
    await expect
      .poll(async () => (await seen())[id]?.log, { timeout: 60_000 })
      .toMatchObject({ log: lines.length, gaps: 0, count: lines.length });
  };

  beforeAll(async () => {
    reference = adapter(train(warmWorkspace(join(folder, 'reference'), steps)));
    bench = await startBench({ workspace: warmWorkspace(join(folder, 'work'), steps) });
    browser = await openBrowser();
    page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    await page.goto(pageUrl(bench, { extension: root }));
    await workbench(page);
  });
  afterAll(async () => {
    await browser?.close();
    await bench?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('goes on through five reloads and the death of the extension host, and the view misses nothing', async () => {
    await startRun();
    const run = newest();
    const { pid } = endpoint();
    // glibc puts an end where a colon was when it reads them.
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8').replaceAll('\0', ':')).toContain(
      'GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=1048576:',
    );
    // A window that loads five times on a busy machine needs longer than the run, unless the run gives way.
    const letGo = holdBack(pid);
    try {
      for (let i = 0; i < 5; i++) {
        await page.reload();
        await workbench(page);
        await expect.poll(async () => Object.keys(await seen()).length, { timeout: 60_000 }).toBe(1);
      }
    } finally {
      letGo();
    }
    const before = stepOf(run);
    expect(before).toBeLessThan(steps);
    for (const host of extensionHosts(bench.process.pid!)) process.kill(host, 'SIGKILL');
    await page.reload();
    await workbench(page);
    await page
      .locator('.statusbar-item', { hasText: /fin, vie|pulse|MiLorE/ })
      .first()
      .waitFor();
    expect(endpoint().pid).toBe(pid);
    await untilDone(run);
    expect(stepOf(run)).toBeGreaterThan(before);
    await viewEqualsLog(run);
    // One beginning, no resumption: nothing of this ever stopped it.
    expect(logOf(run).filter(({ type }) => type === 'started' || type === 'resumed').length).toBe(1);
    expect(adapter(run).equals(reference)).toBe(true);
  });

  it('loses and doubles nothing when the line is cut a hundred times', async () => {
    if (endpoints().length > 0) await palette(page, 'MiLorE: Stop Sidecar');
    await expect.poll(() => endpoints().length, { timeout: 20_000 }).toBe(0);
    // A sidecar behind a line of ours: the file that the window adopts it by names the relay's port.
    const child = spawn('node', [join(root, 'dist/milore.js'), 'serve', bench.workspace], {
      env: { ...process.env, HOME: bench.home },
      stdio: 'ignore',
    });
    await expect.poll(() => endpoints().length === 1, { timeout: 20_000 }).toBe(true);
    const { path, port } = endpoint();
    let seed = 7;
    const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
    const cutter = await startCutter(port, 100, 12, random);
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), port: cutter.port }));
    try {
      await page.reload();
      await workbench(page);
      await startRun();
      cutter.begin();
      const run = newest();
      await untilDone(run);
      await viewEqualsLog(run);
      expect(logOf(run).filter(({ type }) => type === 'started' || type === 'resumed').length).toBe(1);
      console.log(`${cutter.cuts()} cuts`);
      expect(cutter.cuts()).toBe(100);
    } finally {
      cutter.stop();
      const gone = once(child, 'exit');
      child.kill();
      await gone;
    }
  });

  it('is resumed to the bit-identical result when the sidecar is killed', async () => {
    await page.reload();
    await workbench(page);
    await startRun();
    const run = newest();
    await expect.poll(() => stepOf(run), { timeout: 60_000 }).toBeGreaterThan(60);
    process.kill(endpoint().pid, 'SIGKILL');
    await page.locator('.statusbar-item[id*="milore.status"] .codicon-warning').waitFor({ timeout: 3000 });
    await paletteAndPick(page, 'MiLorE: Resume Run', 'quick');
    await expect.poll(() => logOf(run).some(({ type }) => type === 'resumed'), { timeout: 30_000 }).toBe(true);
    // Nobody looks when it ends; whoever comes back is told. VS Code in a browser writes down every few seconds what
    // an extension wants to remember.
    await expect.poll(() => stepOf(run), { timeout: 60_000 }).toBeGreaterThan(270);
    await page.goto('about:blank');
    await untilDone(run);
    await page.goto(pageUrl(bench, { extension: root }));
    await workbench(page);
    await palette(page, 'Notifications: Show Notifications');
    await page
      .locator('.notifications-center', { hasText: /“quick( #\d+)?” is finished\./ })
      .waitFor({ timeout: 30_000 });
    expect(adapter(run).equals(reference)).toBe(true);
    await viewEqualsLog(run);
  });
});

/** Extension hosts below the bench's server. */
function extensionHosts(server: number): number[] {
  const parents = new Map<number, number>();
  const hosts: number[] = [];
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
      if (readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('--type=extensionHost')) hosts.push(Number(name));
    } catch {
      // It ended meanwhile.
    }
  }
  const below = (pid: number): boolean => pid === server || (pid > 1 && below(parents.get(pid) ?? 0));
  return hosts.filter(below);
}
