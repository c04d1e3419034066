import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readQueue } from '../../sidecar/runs/queue.ts';
import { deriveStatus } from '../../sidecar/runs/status.ts';
import { openBrowser, openFile, workbench } from './bench/browser.ts';
import { palette, paletteAndPick } from './bench/quick-input.ts';
import { type Bench, missing, pageUrl, startBench } from './bench/server.ts';
import { quick, root, runsOf, warmWorkspace } from './bench/workspace.ts';

const reason = missing();

describe.skipIf(reason)(`the queue in the editor${reason ? ` (not run: ${reason})` : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'milore-queue-'));
  let bench: Bench;
  let browser: Browser;
  let page: Page;
  const states = () => runsOf(bench.workspace).map((path) => deriveStatus({ path }).state);
  const queued = () => page.locator('.pane', { hasText: 'Queue' }).locator('.monaco-list-row');

  beforeAll(async () => {
    bench = await startBench({ workspace: warmWorkspace(join(folder, 'work'), 5000) });
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

  it('Train while a run is at work offers "after this one"; it is seen, begins when the first has ended, and pauses when a person stops it', async () => {
    await openFile(page, quick);
    await palette(page, 'MiLorE: Train Experiment');
    await expect.poll(() => states(), { timeout: 90_000 }).toEqual(['running']);
    // The dashboard has the focus now: which experiment is asked.
    await paletteAndPick(page, 'MiLorE: Train Experiment', quick);
    await palette(page, 'Notifications: Show Notifications');
    const said = page.locator('.notifications-center .notification-list-item', { hasText: 'is training' });
    await said.getByRole('button', { name: 'After This One' }).click({ timeout: 30_000 });
    await expect
      .poll(() => readQueue(bench.workspace).items.map(({ what }) => what), { timeout: 20_000 })
      .toEqual([quick]);
    expect(runsOf(bench.workspace)).toHaveLength(1);
    await page.keyboard.press('Escape');
    // The badge that counts the queue lies over the icon.
    await page.locator('.activitybar [aria-label*="MiLorE"]').first().click({ force: true });
    await queued().first().waitFor({ timeout: 20_000 });
    expect(await queued().first().innerText()).toContain('waits');
    if (process.env.MILORE_PICTURE) await page.screenshot({ path: process.env.MILORE_PICTURE });
    // The first ends, here by being stopped; nobody says that the next may begin.
    await palette(page, 'MiLorE: Stop Run');
    await expect.poll(() => states(), { timeout: 90_000 }).toEqual(['interrupted', 'running']);
    await palette(page, 'MiLorE: Stop Run');
    await expect.poll(() => readQueue(bench.workspace).paused, { timeout: 60_000 }).toBe(true);
    expect(states()).toEqual(['interrupted', 'interrupted']);
    await palette(page, 'MiLorE: Continue Queue');
    await expect.poll(() => states(), { timeout: 60_000 }).toEqual(['interrupted', 'running']);
    await palette(page, 'MiLorE: Stop Run');
    await expect.poll(() => states(), { timeout: 60_000 }).toEqual(['interrupted', 'interrupted']);
  }, 600_000);
});
