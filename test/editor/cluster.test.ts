import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deriveStatus } from '../../sidecar/runs/status.ts';
import { noSlurm, type Slurm, slurmUp } from '../support/slurm.ts';
import { openBrowser, openFile, workbench } from './bench/browser.ts';
import { clusterWorkspace } from './bench/cluster.ts';
import { choice, palette, paletteAndPick, typeChoice } from './bench/quick-input.ts';
import { type Bench, missing, pageUrl, startBench } from './bench/server.ts';
import { logOf, quick, root, runsOf } from './bench/workspace.ts';

const reason = missing() ?? noSlurm();

describe.skipIf(reason)(`Train Experiment on… a cluster${reason ? ` (not run: ${reason})` : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'milore-cluster-'));
  let slurm: Slurm;
  let bench: Bench;
  let browser: Browser;
  let page: Page;
  const row = () => page.locator('.pane', { hasText: 'On the Cluster' }).locator('.monaco-list-row').first();
  const says = (text: string | RegExp, timeout = 120_000) =>
    expect.poll(() => row().innerText(), { timeout }).toMatch(text);

  /** In both themes, where a folder for pictures is named. */
  const picture = async (name: string) => {
    const out = process.env.MILORE_PICTURES;
    if (!out) return;
    for (const [theme, file] of [
      ['Light Modern', `${name}-light`],
      ['Dark Modern', `${name}-dark`],
    ]) {
      await palette(page, 'Preferences: Color Theme');
      await typeChoice(page, theme);
      await page.waitForTimeout(1500);
      await page.screenshot({ path: join(out, `${file}.png`) });
    }
  };

  beforeAll(async () => {
    slurm = slurmUp(2);
    Object.assign(process.env, slurm.env);
    bench = await startBench({ workspace: clusterWorkspace(join(folder, 'work'), 150) });
    browser = await openBrowser();
    page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    await page.goto(pageUrl(bench, { extension: root }));
    await workbench(page);
  });
  afterAll(async () => {
    await browser?.close();
    await bench?.stop();
    slurm?.down();
    delete process.env.SLURM_CONF;
    rmSync(folder, { recursive: true, force: true });
  });

  it('submits, tells why it waits, follows it, survives a reload of the window, stops it and goes on to the end', async () => {
    await openFile(page, quick);
    await palette(page, 'MiLorE: Train Experiment on…');
    await choice(page, 'weekend').waitFor({ timeout: 60_000 });
    if (process.env.MILORE_PICTURES)
      await page.screenshot({ path: join(process.env.MILORE_PICTURES, 'train-on-dark.png') });
    await page.keyboard.press('Escape');
    await paletteAndPick(page, 'MiLorE: Train Experiment on…', 'weekend');
    await row().waitFor({ timeout: 60_000 });
    await says('waits: its partition is closed');
    await slurm.say('scontrol', 'update', 'PartitionName=later', 'State=UP');
    await slurm.until('1', ['RUNNING']);
    await says(/running \d+ %/);
    // Held there: how long it waits otherwise nobody can say.
    await slurm.say('scontrol', 'requeuehold', '1');
    await says('back in the queue');
    // What the window knows of it stands in files and in Slurm: no sidecar was started for it.
    await page.reload();
    await row().waitFor({ timeout: 150_000 });
    await says('back in the queue');
    await picture('cluster');
    await slurm.say('scontrol', 'release', '1');
    await slurm.until('1', ['RUNNING']);
    await says(/running \d+ %.*requeued 1×/s);
    await paletteAndPick(page, 'MiLorE: Show Output of Job', 'quick');
    await page
      .locator('.panel .view-lines', { hasText: 'The job is in its queue again.' })
      .waitFor({ timeout: 30_000 });
    await picture('cluster-output');
    await paletteAndPick(page, 'MiLorE: Stop Job', 'quick');
    expect(await slurm.until('1', ['FAILED'], 200)).toMatchObject({ ExitCode: '75:0', Restarts: '1' });
    await says('stopped, can go on');
    await paletteAndPick(page, 'MiLorE: Resume Job', 'quick');
    // The second job of this Slurm, once it is there.
    await expect.poll(() => slurm.job('2').catch(() => undefined), { timeout: 60_000 }).toBeDefined();
    await slurm.until('2', ['COMPLETED'], 240);
    await says('done');
    await picture('cluster-done');
    const [run, ...others] = runsOf(bench.workspace);
    expect(others).toEqual([]);
    expect(deriveStatus({ path: run })).toMatchObject({ state: 'done', step: 150 });
    // Every step once, whoever stopped it.
    const steps = logOf(run)
      .filter(({ type }) => type === 'metrics')
      .map(({ step }) => step);
    expect(new Set(steps).size).toBe(150);
    await palette(page, 'MiLorE: Open Run of Job');
  }, 600_000);
});
