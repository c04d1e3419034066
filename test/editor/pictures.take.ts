/**
 * @file Takes the pictures of the README in a real VS Code: `npm run pictures -- <workspace with three finished runs>`.
 * The one during a run trains the sample. Look at them before they are committed.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { makeField } from '../support/field.ts';
import { dashboard, openBrowser, openFile, workbench } from './bench/browser.ts';
import { choice, palette, typeChoice, typePath } from './bench/quick-input.ts';
import { pageUrl, startBench } from './bench/server.ts';

const root = join(import.meta.dirname, '../..');
const out = join(import.meta.dirname, 'pictures');
mkdirSync(out, { recursive: true });
const themes = {
  dark: ['Dark Modern', 'vscode-dark'],
  light: ['Light Modern', 'vscode-light'],
  'hc-dark': ['Dark High Contrast', 'vscode-high-contrast'],
  'hc-light': ['Light High Contrast', 'vscode-high-contrast-light'],
} as const;
const only = process.argv[3];
const browser = await openBrowser();
const wanted = (name: string) => !only || name.includes(only);

async function inEditor(
  theme: keyof typeof themes,
  workspace: string | undefined,
  use: (page: Page, workspace: string) => Promise<void>,
) {
  const bench = await startBench({
    workspace,
    settings: {
      'workbench.activityBar.location': 'default',
      'window.commandCenter': false,
    },
  });
  const context = await browser.newContext({ viewport: { width: 1500, height: 1000 }, deviceScaleFactor: 1 });
  const page = await context.newPage();
  try {
    await page.goto(pageUrl(bench, { extension: root }));
    // In an empty folder the extension sleeps until its view is opened.
    await page.locator('.activitybar a[aria-label*="MiLorE"]').first().click({ timeout: 60_000 });
    await workbench(page);
    await palette(page, 'Preferences: Color Theme');
    await typeChoice(page, themes[theme][0]);
    await page.waitForTimeout(1500);
    await use(page, bench.workspace);
  } finally {
    await context.close();
    await bench.stop();
  }
}

const shoot = async (page: Page, name: string) => {
  await page.mouse.move(5, 995);
  await page.waitForTimeout(1200);
  await page.screenshot({ path: join(out, `${name}.png`) });
  console.log(name);
};
const tab = (page: Page, name: string) => dashboard(page).getByRole('tab', { name }).click();
const finished = process.argv[2];
for (const theme of Object.keys(themes) as (keyof typeof themes)[]) {
  if (wanted(`after-${theme}`) || wanted(`experts-${theme}`) || wanted(`run-${theme}`))
    await inEditor(theme, finished, async (page) => {
      await page
        .locator('.monaco-list-row', { hasText: /^add two languages\s*done/ })
        .first()
        .click();
      await dashboard(page).locator('table').first().waitFor({ timeout: 60_000 });
      await shoot(page, `after-${theme}`);
      await page
        .locator('.monaco-list-row', { hasText: /^eight-experts\s*done/ })
        .first()
        .click();
      await tab(page, 'Experts');
      await shoot(page, `experts-${theme}`);
      await tab(page, 'Run');
      await shoot(page, `run-${theme}`);
    });
}
for (const theme of ['dark', 'light'] as const)
  if (wanted(`evaluation-${theme}`))
    await inEditor(theme, finished, async (page) => {
      await page
        .locator('.monaco-list-row', { hasText: /^one after the other\s*done/ })
        .first()
        .click();
      await tab(page, 'Evaluation');
      await dashboard(page).locator('.answers li').first().waitFor({ timeout: 60_000 });
      await shoot(page, `evaluation-${theme}`);
    });
/** A year of a lab's runs, in both sizes that people have; the sentence stands above. */
for (const theme of ['dark', 'light'] as const)
  for (const [size, width, height] of [
    ['', 1500, 1000],
    ['-small', 1280, 720],
  ] as const)
    if (wanted(`runs-${theme}${size}`))
      await inEditor(theme, process.env.MANY_RUNS ?? finished, async (page) => {
        await page.setViewportSize({ width, height });
        await palette(page, 'MiLorE: Open Dashboard');
        await dashboard(page).locator('#tab-runs').click({ timeout: 120_000 });
        await dashboard(page).locator('.grid tbody tr[aria-rowindex]').first().waitFor({ timeout: 120_000 });
        await dashboard(page).locator('.grid .best').first().waitFor({ timeout: 120_000 });
        await page.waitForTimeout(3000);
        await shoot(page, `runs-${theme}${size}`);
      });
/** What stands under the table: methods as a frontier, settings and results with a range. */
for (const theme of ['dark', 'light'] as const)
  for (const [size, width, height] of [
    ['', 1500, 1000],
    ['-small', 1280, 720],
  ] as const)
    if (wanted(`study-${theme}${size}`))
      await inEditor(theme, finished, async (page) => {
        await page.setViewportSize({ width, height });
        await palette(page, 'MiLorE: Open Dashboard');
        const view = dashboard(page);
        await view.locator('#tab-runs').click({ timeout: 120_000 });
        await view.locator('.grid .best').first().waitFor({ timeout: 120_000 });
        const chart = view.locator('[data-chart=parallel]');
        await chart.evaluate((one) => one.scrollIntoView({ block: 'end' }));
        const axis = (await chart.locator('.bars line').first().boundingBox())!;
        await page.mouse.move(axis.x, axis.y + axis.height / 2);
        await page.mouse.down();
        await page.mouse.move(axis.x, axis.y - 4, { steps: 5 });
        await page.mouse.up();
        await shoot(page, `study-${theme}${size}`);
      });
/** The result in words, above everything, and beside another editor, where there is half the room. */
for (const theme of ['dark', 'light'] as const)
  for (const [size, width, height] of [
    ['', 1500, 1000],
    ['-small', 1280, 720],
  ] as const)
    if (wanted(`sentence-${theme}${size}`))
      await inEditor(theme, finished, async (page) => {
        await page.setViewportSize({ width, height });
        await palette(page, 'MiLorE: Open Dashboard');
        await dashboard(page).locator('.result p').first().waitFor({ timeout: 120_000 });
        await shoot(page, `sentence-${theme}${size}`);
        if (size === '') return;
        await palette(page, 'View: Split Editor Right');
        await palette(page, 'View: Move Editor into Next Group');
        await dashboard(page).locator('.result p').first().waitFor({ timeout: 120_000 });
        await dashboard(page).getByRole('button', { name: /Runs:/ }).click();
        await shoot(page, `split-${theme}`);
      });
if (wanted('three-runs'))
  await inEditor('dark', finished, async (page) => {
    await palette(page, 'MiLorE: Open Dashboard');
    const view = dashboard(page);
    await view.locator('table').first().waitFor({ timeout: 60_000 });
    await view.getByRole('button', { name: /Runs:/ }).click();
    for (const box of await view.locator('input[type=checkbox][data-run]').all())
      if (!(await box.isChecked())) await box.check();
    await page.keyboard.press('Escape');
    await shoot(page, 'three-runs-dark');
  });
if (wanted('empty'))
  await inEditor('light', undefined, async (page) => {
    await palette(page, 'MiLorE: Open Dashboard');
    await dashboard(page).locator('#app > *').first().waitFor({ timeout: 60_000 });
    await shoot(page, 'empty-light');
  });
for (const theme of ['dark', 'light'] as const)
  if (wanted(`field-${theme}`))
    await inEditor(theme, join(root, 'extension/sample'), async (page, workspace) => {
      const folder = join(workspace, 'field', 'fin');
      mkdirSync(folder, { recursive: true });
      await makeField(folder, 7200);
      await palette(page, 'MiLorE: Add Dataset');
      await typePath(page, 'Folder of recordings', `${folder}/`);
      await choice(page, 'Utterances: ').waitFor({ timeout: 60_000 });
      await shoot(page, `field-${theme}`);
    });
if (wanted('during') || wanted('experiment'))
  await inEditor('dark', join(root, 'dist/test/warm-sample'), async (page) => {
    await page.locator('.activitybar a[aria-label*="Explorer"]').first().click();
    await openFile(page, 'add-two-languages.milore.yaml');
    await page.locator('.codelens-decoration').first().waitFor({ timeout: 60_000 });
    await shoot(page, 'experiment-dark');
    await page
      .locator('.codelens-decoration a', { hasText: /Train$/ })
      .first()
      .click();
    await page.locator('.statusbar-item', { hasText: /fin, vie 5\d %/ }).waitFor({ timeout: 240_000 });
    await shoot(page, 'during-dark');
  });
await (browser as Browser).close();
