import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noSlurm, type Slurm, slurmUp } from '../support/slurm.ts';
import { openBrowser, openFile, workbench } from './bench/browser.ts';
import { clusterWorkspace } from './bench/cluster.ts';
import { paletteAndPick } from './bench/quick-input.ts';
import { type Bench, missing, pageUrl, startBench } from './bench/server.ts';
import { quick, root } from './bench/workspace.ts';

const reason = missing() ?? noSlurm();

describe.skipIf(reason)(`Train Experiment on… a cluster${reason ? ` (not run: ${reason})` : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'milore-cluster-'));
  let slurm: Slurm;
  let bench: Bench;
  let browser: Browser;
  let page: Page;
  const row = () => page.locator('.pane', { hasText: 'On the Cluster' }).locator('.monaco-list-row').first();
  const says = (text: string | RegExp, timeout = 60_000) =>
    expect.poll(() => row().innerText(), { timeout }).toMatch(text);

  beforeAll(async () => {
    slurm = slurmUp(2);
    Object.assign(process.env, slurm.env);
    bench = await startBench({ workspace: clusterWorkspace(join(folder, 'work'), 400) });
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

  it('submits, tells why it waits, and follows it through a requeue', async () => {
    await openFile(page, quick);
    await paletteAndPick(page, 'MiLorE: Train Experiment on…', 'weekend');
    await row().waitFor({ timeout: 60_000 });
    await says('waits: its partition is closed');
    await slurm.say('scontrol', 'update', 'PartitionName=later', 'State=UP');
    await slurm.until('1', ['RUNNING']);
    await says(/running \d+ %/);
    // Held there: how long it waits otherwise nobody can say.
    await slurm.say('scontrol', 'requeuehold', '1');
    await says('back in the queue');
  }, 400_000);
});
