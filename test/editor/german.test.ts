import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deriveStatus } from '../../sidecar/runs/status.ts';
import { dashboard, dashboardFrame, openBrowser, openFile, openWorkbench, settled } from './bench/browser.ts';
import { palette } from './bench/quick-input.ts';
import { type Bench, missing, startBench } from './bench/server.ts';
import { quick, root, runsOf, warmWorkspace } from './bench/workspace.ts';

const reason = missing();
const json = (path: string): Record<string, string> => JSON.parse(readFileSync(join(root, path), 'utf8'));
const [words, titles] = ['extension/l10n/bundle.l10n.de.json', 'package.nls.de.json'].map(json);
const title = (key: string) => titles[key];

/** English of ours that German has other words for, long enough to be no accident. */
const telling = Object.keys(words).filter(
  (text) => text.length >= 12 && text.includes(' ') && words[text] !== text && !/\{\w+\}/.test(text),
);
const leftEnglish = (text: string) => telling.filter((one) => text.includes(one));

describe.skipIf(reason)(`the editor in German${reason ? ` (not run: ${reason})` : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'milore-german-'));
  const pictures = process.env.MILORE_PICTURES;
  let bench: Bench;
  let browser: Browser;
  let page: Page;
  const look = async (name: string) => {
    if (!pictures) return;
    mkdirSync(pictures, { recursive: true });
    await page.screenshot({ path: join(pictures, `${name}.png`) });
  };

  beforeAll(async () => {
    bench = await startBench({ workspace: warmWorkspace(join(folder, 'work'), 6), locale: 'de' });
    browser = await openBrowser();
    ({ page } = await openWorkbench(browser, bench, { width: 1500, height: 1000 }));
  });
  afterAll(async () => {
    await browser?.close();
    await bench?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('has every command by its German name', async () => {
    await page.keyboard.press('F1');
    await page.locator('.quick-input-widget input').fill('>MiLorE');
    const rows = page.locator('.quick-input-list .monaco-list-row');
    await rows.first().waitFor();
    const shown = await rows.allInnerTexts();
    await look('commands');
    const german = new Set(Object.values(titles));
    // Below it VS Code shows the English name, by which the command is found too.
    const first = shown.map((row) => row.split('\n')[0].replace(/^MiLorE: /, ''));
    expect(first.length).toBeGreaterThan(5);
    expect(first.filter((text) => !german.has(text))).toEqual([]);
    await page.keyboard.press('Escape');
  });

  it('trains, and tells the whole of it in German', async () => {
    expect(leftEnglish('Lernrate, Skipped steps')).toEqual(['Skipped steps']);
    await openFile(page, quick);
    await look('experiment');
    expect(leftEnglish(await page.locator('.editor-group-container.active').innerText())).toEqual([]);
    await palette(page, `MiLorE: ${title('command.train')}`);
    await expect
      .poll(() => runsOf(bench.workspace).map((path) => deriveStatus({ path }).state), { timeout: 120_000 })
      .toEqual(['done']);
    const frame = await dashboardFrame(page);
    for (const tab of await dashboard(page).getByRole('tab').all()) {
      await tab.click();
      await settled(frame);
      const shown = await frame.evaluate(() => document.body.innerText);
      const name = (await tab.innerText()).trim();
      await look(`dashboard-${name.replaceAll(/\W+/g, '-')}`);
      expect([name, leftEnglish(shown)]).toEqual([name, []]);
    }
    await page.locator('.activitybar [aria-label*="MiLorE"]').first().click({ force: true });
    // Empty at first: what is not there yet is not English either.
    await page.locator('.sidebar .monaco-list-row', { hasText: 'Finnisch' }).first().waitFor({ timeout: 30_000 });
    await page.locator('.sidebar .monaco-list-row', { hasText: 'fertig' }).first().waitFor({ timeout: 30_000 });
    await look('tree');
    const ours = await page.locator('.sidebar').innerText();
    expect(leftEnglish(ours)).toEqual([]);
    expect(await page.locator('.statusbar-item[id*="milore.status"]').innerText()).not.toMatch(/\bdone\b/);
  });

  it('guides to a new experiment in German', async () => {
    await palette(page, `MiLorE: ${title('command.newExperiment')}`);
    const guide = dashboard(page);
    await guide.getByRole('heading', { level: 1 }).waitFor({ timeout: 60_000 });
    await guide.getByText('Finnisch (fin)').first().waitFor();
    await look('guide');
    const shown = await guide.locator('body').innerText();
    expect(leftEnglish(shown)).toEqual([]);
    expect(shown).not.toContain('English');
    await expect.poll(() => page.locator('.sidebar').innerText()).toContain('Vietnamesisch');
  });
});
