import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleFindings } from '../support/findings.ts';
import { type Complaints, dashboard, dashboardFrame, openBrowser, openWorkbench, settled } from './bench/browser.ts';
import { palette, paletteAndPick } from './bench/quick-input.ts';
import { type Bench, missing, startBench } from './bench/server.ts';

const reason = missing();
const image = `<img src=x onerror="document.title='pwned'">`;
const link = '[click](command:workbench.action.quit) $(bug) **bold**';

/** A run as someone else could have sent it: every text in it is an attempt. */
function hostileRun(workspace: string): void {
  const run = join(workspace, '.milore', 'runs', '20260101-000000-x');
  mkdirSync(join(run, 'checkpoints'), { recursive: true });
  const write = (name: string, value: unknown) => writeFileSync(join(run, name), JSON.stringify(value));
  write('run.json', {
    id: '../../../../tmp/elsewhere',
    name: image,
    createdAt: '<b>now</b>',
    versions: { [image]: 1 },
    device: image,
  });
  write('label.json', { name: `${image} ${link}`, tags: [image, link], note: `${link}\n${image}`, pinned: true });
  write('resolved.json', {
    languages: { [image]: { role: 'new' }, __proto__: { role: 'existing' }, constructor: { role: image } },
    training: { steps: 10 },
  });
  writeFileSync(join(run, 'experiment.milore.yaml'), `name: ${JSON.stringify(image)}\n`);
  const score = { lossNats: 1, accuracy: 0.5, frames: 10 };
  const events = [
    { type: 'started', step: 0, steps: 10, device: image, deviceNotes: [image] },
    { type: image, text: image },
    {
      type: 'corpus',
      language: image,
      role: image,
      trainSeconds: 'x',
      skipped: [{ path: image, reasonCode: image, reason: image }],
      notes: [image],
    },
    { type: 'metrics', step: 1, languages: { [image]: score, __proto__: score }, lossNats: 'NaN', gradientNorm: {} },
    { type: 'evaluation', step: 1, languages: { [image]: { role: 'new', adapted: score, control: image } } },
    { type: 'failed', step: 1, reason: `${image} ${link}` },
  ];
  const time = new Date().toISOString();
  writeFileSync(
    join(run, 'log.jsonl'),
    events.map((event, i) => `${JSON.stringify({ seq: i + 1, time, ...event })}\n`).join(''),
  );
  const use = [{ layer: image, target: image, gates: [image, 1], load: 'x', effectiveExperts: null }];
  writeFileSync(
    join(run, 'utilisation.jsonl'),
    `${JSON.stringify({ seq: 1, time, type: 'utilisation', step: 1, languages: { [image]: use } })}\n`,
  );
  const findings = JSON.stringify(sampleFindings()).replaceAll('"fin"', JSON.stringify(image));
  writeFileSync(join(run, 'findings.json'), findings.replaceAll('no transcripts', link));
  mkdirSync(join(workspace, '.milore', 'runs', image.replaceAll('/', '')), { recursive: true });
}

describe.skipIf(reason)(`a workspace from a stranger${reason ? ` (not run: ${reason})` : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'milore-hostile-'));
  let bench: Bench;
  let browser: Browser;
  let page: Page;
  let complaints: Complaints;

  beforeAll(async () => {
    const workspace = join(folder, 'work');
    hostileRun(workspace);
    const path = `rec "quoted" 'single'\nnewline ${image.replaceAll('/', '')}`;
    writeFileSync(
      join(workspace, 'milore.datasets.yaml'),
      `datasets:\n  ${JSON.stringify(link)}: { language: fin, path: ${JSON.stringify(path)} }\n  plain: { language: fin, path: ${JSON.stringify(path)} }\n`,
    );
    bench = await startBench({ workspace });
    browser = await openBrowser();
    ({ page, complaints } = await openWorkbench(browser, bench, { width: 1500, height: 950 }));
  });
  afterAll(async () => {
    await browser?.close();
    await bench?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('shows names as text in the trees', async () => {
    await page.locator('.activitybar a[aria-label*="MiLorE"]').first().click();
    const trees = page.locator('.pane-body .monaco-list');
    await trees.getByText('<img src=x').first().waitFor({ timeout: 30_000 });
    expect(await trees.locator('img[src="x"], .codicon-bug, strong').count()).toBe(0);
  });

  it('shows them as text in the dashboard, and starts nothing', async () => {
    await palette(page, 'MiLorE: Open Dashboard');
    const view = dashboard(page);
    await view.getByText('<img src=x').first().waitFor({ timeout: 30_000 });
    for (const tab of ['Languages', 'Experts', 'Evaluation', 'Run', 'Table']) {
      await view.getByRole('tab', { name: tab }).click();
      await view.locator(`#view-${tab === 'Table' ? 'runs' : tab.toLowerCase()}`).waitFor({ state: 'visible' });
      await settled(await dashboardFrame(page));
      expect(await view.locator('img').count()).toBe(0);
    }
    expect(await page.title()).not.toContain('pwned');
    expect(complaints.policy).toEqual([]);
    expect(complaints.outside).toEqual([]);
  });

  it('makes no link of a name in a notification', async () => {
    await paletteAndPick(page, 'MiLorE: Fork from a Checkpoint…', 'onerror');
    await palette(page, 'Notifications: Show Notifications');
    const said = page.locator('.notifications-center .notification-list-item', { hasText: 'no checkpoint to fork' });
    await said.waitFor({ timeout: 15_000 });
    expect(await said.innerText()).toContain('[click]');
    expect(await said.locator('a[href], .notification-list-item-message a').allInnerTexts()).toEqual([]);
  });

  it('writes nothing outside the workspace, and no sidecar was started for looking', () => {
    expect(existsSync('/tmp/elsewhere')).toBe(false);
    expect(existsSync(join(bench.home, '.milore'))).toBe(false);
    expect(readdirSync(join(bench.workspace, '.milore'))).toEqual(['runs']);
  });
});
