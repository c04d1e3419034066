import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findingsPath } from '../../sidecar/runs/findings.ts';
import { sampleFindings } from '../support/findings.ts';
import { wav } from '../support/wav.ts';
import { type Complaints, dashboard, openBrowser, openWorkbench, workbench } from './bench/browser.ts';
import { palette, paletteAndPick, typePath } from './bench/quick-input.ts';
import { type Bench, missing, startBench } from './bench/server.ts';

const reason = missing();

/** A run as its files say, with nobody at it. */
function finishedRun(workspace: string): string {
  const run = join(workspace, '.milore', 'runs', '20260101-000000-two-stages-0a1b');
  mkdirSync(run, { recursive: true });
  const write = (name: string, text: string) => writeFileSync(join(run, name), text);
  write(
    'run.json',
    JSON.stringify({ name: 'two stages', createdAt: '2026-01-01T00:00:00Z', versions: {}, device: 'cpu' }),
  );
  const languages = sampleFindings().languages.map(({ code, role }) => [code, { role }]);
  write('resolved.json', JSON.stringify({ languages: Object.fromEntries(languages), training: { steps: 800 } }));
  const time = '2026-01-01T00:00:00Z';
  const events = [
    { type: 'started', version: 2, step: 0, steps: 800, device: 'cpu', deviceNotes: [] },
    { type: 'done', step: 800, seconds: 60 },
  ];
  write('log.jsonl', events.map((event, i) => `${JSON.stringify({ seq: i + 1, time, ...event })}\n`).join(''));
  return run;
}

describe.skipIf(reason)(`findings in the editor${reason ? ` (not run: ${reason})` : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'milore-evaluation-'));
  let bench: Bench;
  let browser: Browser;
  let page: Page;
  let complaints: Complaints;
  let run = '';

  const view = () => dashboard(page).locator('#view-evaluation');
  /** As the sidecar writes it: whole, then renamed. */
  const put = (text: string) => {
    writeFileSync(`${findingsPath({ path: run })}.tmp`, text);
    renameSync(`${findingsPath({ path: run })}.tmp`, findingsPath({ path: run }));
  };

  beforeAll(async () => {
    const workspace = join(folder, 'work');
    finishedRun(workspace);
    bench = await startBench({ workspace });
    run = join(bench.workspace, '.milore', 'runs', '20260101-000000-two-stages-0a1b');
    browser = await openBrowser();
    ({ page, complaints } = await openWorkbench(browser, bench, { width: 1500, height: 950 }));
    await palette(page, 'MiLorE: Open Dashboard');
    await dashboard(page).getByRole('tab', { name: 'Evaluation' }).click({ timeout: 60_000 });
  });
  afterAll(async () => {
    await browser?.close();
    await bench?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('says that there are none, and shows them when the file appears, with no sidecar', async () => {
    await view().getByText('This run has no findings.').waitFor({ timeout: 30_000 });
    put(JSON.stringify(sampleFindings()));
    await view().locator('.answers li').nth(4).waitFor({ timeout: 15_000 });
    expect(await view().locator('.answers li').first().textContent()).toContain('fin (new): ');
    expect(existsSync(join(bench.home, '.milore'))).toBe(false);
  });

  it('plays an utterance in the editor’s own player, and says why where it cannot', async () => {
    const findings = sampleFindings();
    const clip = join(bench.workspace, 'clip [a](command:b).wav');
    writeFileSync(clip, wav([new Float64Array(16_000)]));
    const [first, second, third] = findings.examples[0].worst;
    Object.assign(first, { id: 'there', path: clip });
    Object.assign(second, { id: 'gone', path: join(bench.workspace, 'gone.wav') });
    Object.assign(third, { id: 'relative', path: '../../etc/passwd' });
    findings.examples[0].lostMost = [];
    put(JSON.stringify(findings));
    await view().getByRole('button', { name: 'Play gone', exact: true }).click({ timeout: 15_000 });
    await view().getByRole('button', { name: 'Play relative', exact: true }).click();
    // The flag that lets a page drive the editor hides its toasts.
    await palette(page, 'Notifications: Show Notifications');
    const said = page.locator('.notifications-center .notification-list-item');
    for (const words of [
      'gone.wav cannot be played: it is not there any more.',
      '../../etc/passwd cannot be played: its path is not absolute.',
    ])
      await said.filter({ hasText: words }).waitFor({ timeout: 15_000 });
    await page.keyboard.press('Escape');
    await view().getByRole('button', { name: 'Play there', exact: true }).click();
    await page.locator('.tabs-container .tab', { hasText: 'clip [a](command:b).wav' }).waitFor({ timeout: 15_000 });
    await page.locator('.statusbar', { hasText: 'begins at 4:26 of its recording' }).waitFor({ timeout: 10_000 });
    await page
      .frameLocator('iframe.webview.ready')
      .frameLocator('iframe#active-frame')
      .locator('audio, .audio-container')
      .first()
      .waitFor({ timeout: 15_000, state: 'attached' });
  });

  it('says what is wrong with a file, and still does after a reload; a right one heals it', async () => {
    await palette(page, 'View: Close Editor');
    await page.locator('.tabs-container .tab.active', { hasText: 'MiLorE Dashboard' }).waitFor({ timeout: 15_000 });
    await expect.poll(() => page.locator('iframe.webview.ready').count(), { timeout: 15_000 }).toBe(1);
    put(JSON.stringify({ ...sampleFindings(), level: '<img src=x>' }));
    const words = 'findings.json is not shown: level is no number.';
    await view().getByText(words).waitFor({ timeout: 15_000 });
    await page.reload();
    await workbench(page);
    // What VS Code knows of its tabs may be older than the reload: then the player stands before the dashboard.
    await palette(page, 'MiLorE: Open Dashboard');
    await page.locator('.tabs-container .tab.active', { hasText: 'MiLorE Dashboard' }).waitFor({ timeout: 30_000 });
    await palette(page, 'View: Close Other Editors in Group');
    await view().getByText(words).waitFor({ timeout: 60_000 });
    expect(await page.locator('.tabs-container .tab', { hasText: 'MiLorE Dashboard' }).count()).toBe(1);
    put(JSON.stringify(sampleFindings()));
    await view().locator('.answers li').nth(4).waitFor({ timeout: 15_000 });
    expect(complaints.policy).toEqual([]);
    expect(complaints.outside).toEqual([]);
    // VS Code logs its notifications too.
    expect(complaints.console.filter((text) => !text.includes('cannot be played'))).toEqual([]);
  });

  it('writes the report where a person says, and shows it in the editor’s own preview', async () => {
    const folder = join(bench.workspace, 'papers');
    mkdirSync(folder);
    await paletteAndPick(page, 'MiLorE: Write Report…', 'two stages');
    await typePath(page, 'Folder for the report on two stages', `${folder}/`);
    const out = join(folder, '20260101-000000-two-stages-0a1b-report');
    await expect.poll(() => existsSync(join(out, 'report.html')), { timeout: 60_000 }).toBe(true);
    await palette(page, 'Notifications: Show Notifications');
    const said = page.locator('.notifications-center .notification-list-item', { hasText: 'The report lies in' });
    await said.getByRole('button', { name: 'Preview' }).click({ timeout: 15_000 });
    await page.locator('.tabs-container .tab', { hasText: 'report.md' }).waitFor({ timeout: 15_000 });
    const preview = page.frameLocator('iframe.webview.ready').last().frameLocator('iframe#active-frame');
    await preview.getByText('What was learned, what was forgotten').first().waitFor({ timeout: 30_000 });
    await preview.locator('img[src*="loss-matrix"]').first().waitFor({ timeout: 15_000 });
  });
});
