import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, openFile, openWorkbench } from './bench/browser.ts';
import { palette } from './bench/quick-input.ts';
import { type Bench, missing, pageUrl, startBench } from './bench/server.ts';

const root = resolve(import.meta.dirname, '../..');
const reason = missing();
const shots = process.env.MILORE_SHOTS ?? '/tmp/shots';

describe.skipIf(reason)(`the language server in a real VS Code${reason ? ` (not run: ${reason})` : ''}`, () => {
  let bench: Bench;
  let browser: Browser;
  let page: Page;
  let workspace: string;

  beforeAll(async () => {
    workspace = mkdtempSync(join(tmpdir(), 'milore-language-'));
    cpSync(join(root, 'extension/sample'), workspace, { recursive: true, filter: (path) => !path.endsWith('.opus') });
    writeFileSync(join(workspace, 'new.milore.yaml'), 'base:\n  model: model:sample-base\nlanguages:\n  ');
    writeFileSync(
      join(workspace, 'links.milore.yaml'),
      'base: { model: base }\nlanguages:\n  fin: { role: new, data: speech/fin }\n',
    );
    bench = await startBench({ workspace });
    browser = await openBrowser();
    ({ page } = await openWorkbench(browser, bench));
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await bench?.stop();
    if (workspace) rmSync(workspace, { recursive: true });
  });

  const lens = () => page.locator('.codelens-decoration');
  /** Follows a link by the keyboard's way: the cursor into it, then the command. */
  const follow = async (text: string) => {
    await page.locator('.detected-link', { hasText: text }).first().click();
    await palette(page, 'Open Link');
  };

  it('shows buttons and size above an experiment, and what a key means', async () => {
    await openFile(page, 'add-two-languages.milore.yaml');
    await lens().filter({ hasText: '195,840 trainable parameters' }).first().waitFor({ timeout: 30_000 });
    const text = (await lens().allTextContents()).join(' ');
    for (const part of ['Train', 'Train on…', 'Estimate', '(16.4 %)', 'about']) expect(text).toContain(part);
    await page
      .locator('.view-line', { hasText: 'joinSeconds' })
      .locator('span', { hasText: 'joinSeconds' })
      .last()
      .hover();
    await page.locator('.monaco-hover', { hasText: 'Join a speaker' }).first().waitFor({ timeout: 15_000 });
    await page.screenshot({ path: `${shots}/language-hover.png` });
  });

  it('completes a new experiment, and a name finds its code', async () => {
    await openFile(page, 'new.milore.yaml');
    await page.locator('.monaco-editor .view-lines').first().click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('Yoruba', { delay: 30 });
    // The list is refined while one types.
    await page.locator('.suggest-widget.visible .monaco-list-row.focused', { hasText: 'yor' }).waitFor();
    await page.screenshot({ path: `${shots}/language-completion.png` });
    await page.keyboard.press('Enter');
    await page.locator('.view-line', { hasText: 'yor: { role:' }).waitFor({ timeout: 5000 });
  });

  it('underlines a fault and cures it', async () => {
    await openFile(page, 'without-replay.milore.yaml');
    await page.locator('.view-line', { hasText: 'experts: 4' }).dblclick({ position: { x: 40, y: 5 } });
    await page.keyboard.type('expertts');
    await page.locator('.squiggly-error').first().waitFor({ timeout: 10_000 });
    await page.keyboard.press('Control+.');
    await page
      .locator('.action-widget .monaco-list-row.focused', { hasText: 'Change to experts' })
      .waitFor({ timeout: 10_000 });
    await page.screenshot({ path: `${shots}/language-fix.png` });
    await page.keyboard.press('Enter');
    await page.locator('.view-line', { hasText: 'experts: 4' }).waitFor({ timeout: 10_000 });
    await palette(page, 'Revert File');
  });

  it('leads from a path to its folder in the explorer, from a name to its line in the list', async () => {
    await openFile(page, 'links.milore.yaml');
    await follow('speech/fin');
    await page
      .locator('.explorer-folders-view .monaco-list-row.selected', { hasText: 'fin' })
      .waitFor({ timeout: 10_000 });
    await openFile(page, 'add-two-languages.milore.yaml');
    await follow('dataset:vie-udhr');
    await page.locator('.tabs-container .tab.active', { hasText: 'milore.datasets.yaml' }).waitFor({ timeout: 10_000 });
    await page.locator('.statusbar-item', { hasText: 'Ln 8, Col 3' }).waitFor({ timeout: 10_000 });
  });
});

describe.skipIf(reason)('in Restricted Mode', () => {
  it('checks and measures an experiment all the same', async () => {
    const bench = await startBench({
      workspace: join(root, 'extension/sample'),
      trust: false,
      settings: { 'security.workspace.trust.startupPrompt': 'never' },
    });
    const browser = await openBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(pageUrl(bench, { extension: root }));
      await page
        .locator('.part.statusbar .statusbar-item', { hasText: 'Restricted Mode' })
        .waitFor({ timeout: 60_000 });
      await openFile(page, 'add-two-languages.milore.yaml');
      const lens = page.locator('.codelens-decoration', { hasText: '195,840 trainable parameters' });
      await lens.first().waitFor({ timeout: 30_000 });
      await page.screenshot({ path: `${shots}/language-restricted.png` });
    } finally {
      await browser.close();
      await bench.stop();
    }
  }, 120_000);
});
