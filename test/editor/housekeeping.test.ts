import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bases, finishedRun } from '../support/finished-run.ts';
import { WritableHub } from '../support/hub-writes.ts';
import { dashboard, openBrowser, openWorkbench } from './bench/browser.ts';
import { palette, paletteAndPick, pick, typeAnswer } from './bench/quick-input.ts';
import { type Bench, missing, startBench } from './bench/server.ts';
import { root, runsOf } from './bench/workspace.ts';

const reason = missing();

describe.skipIf(reason)(`housekeeping in the editor${reason ? ` (not run: ${reason})` : ''}`, () => {
  let hub: WritableHub;
  let bench: Bench;
  let browser: Browser;
  let page: Page;
  const picture = async (name: string) => {
    if (process.env.MILORE_PICTURES) await page.screenshot({ path: join(process.env.MILORE_PICTURES, `${name}.png`) });
  };
  const dialog = () => page.locator('.monaco-dialog-box');
  /** The bench hides toasts; what was said stands in the centre. */
  const said = async (text: string) => {
    const item = page.locator('.notifications-center .notification-list-item', { hasText: text }).first();
    await expect
      .poll(
        async () => {
          if (!(await item.isVisible())) await palette(page, 'Notifications: Show Notifications');
          return item.isVisible();
        },
        { timeout: 60_000, interval: 1000 },
      )
      .toBe(true);
    await item.hover();
    return item;
  };
  const unsaid = () => palette(page, 'Notifications: Clear All Notifications');
  const rows = () => page.locator('.quick-input-list .monaco-list-row');
  const cached = () => join(bench.workspace, '.milore', 'cache', 'features', 'a1b2c3d4e5f60718.1-a.blocks');

  beforeAll(async () => {
    hub = await WritableHub.start();
    process.env.HF_ENDPOINT = hub.url;
    const made = await finishedRun(bases.hubert());
    const time = new Date().toISOString();
    const began = { seq: 1, time, type: 'started', version: 2, step: 0, steps: 300, device: 'cpu', deviceNotes: [] };
    const done = { seq: 2, time, type: 'done', step: 300 };
    writeFileSync(join(made.path, 'log.jsonl'), `${JSON.stringify(began)}\n${JSON.stringify(done)}\n`);
    bench = await startBench({
      workspace: made.root,
      driver: true,
      settings: process.env.MILORE_THEME ? { 'workbench.colorTheme': process.env.MILORE_THEME } : {},
    });
    rmSync(made.root, { recursive: true });
    mkdirSync(join(cached(), '..'), { recursive: true });
    writeFileSync(cached(), Buffer.alloc(2_000_000));
    browser = await openBrowser();
    ({ page } = await openWorkbench(browser, bench));
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  }, 120_000);
  afterAll(async () => {
    delete process.env.HF_ENDPOINT;
    await browser?.close();
    await bench?.stop();
    await hub?.stop();
  });

  it('the walkthrough is found as a command, and has a step for the base and pictures', async () => {
    await palette(page, 'MiLorE: Open Walkthrough');
    const step = page.locator('.getting-started-step', { hasText: 'Choose a base model' });
    await step.first().click({ timeout: 30_000 });
    await step.getByText('Download Base Model').first().waitFor({ timeout: 20_000 });
    const shown = page
      .locator('iframe.webview.ready')
      .first()
      .contentFrame()
      .locator('iframe#active-frame')
      .contentFrame();
    await expect
      .poll(
        () =>
          shown
            .locator('img')
            .first()
            .evaluate((image: HTMLImageElement) => image.naturalWidth),
        { timeout: 20_000 },
      )
      .toBeGreaterThan(300);
    await picture('walkthrough');
  }, 120_000);

  it('Copy Command of a run puts its command into the clipboard, from a list that stays over the walkthrough', async () => {
    const [run] = runsOf(bench.workspace);
    await paletteAndPick(page, 'MiLorE: Copy Command', 'tiny');
    await said('Copied: the command that trains');
    const text = await page.evaluate(() => navigator.clipboard.readText());
    expect(text).toContain(`train ${join(run, 'resolved.json')} --workspace ${bench.workspace} --device cpu`);
    expect(text).toContain(join(root, 'dist/milore.js'));
    // Its step takes the focus anew 150 ms after a list over it has closed: what comes shall have the focus to itself.
    await palette(page, 'View: Close All Editors');
  }, 120_000);

  it('the dashboard offers it in the menu on a run', async () => {
    await palette(page, 'MiLorE: Open Dashboard');
    const headline = dashboard(page).locator('header h1');
    await headline.waitFor({ timeout: 60_000 });
    await page.waitForTimeout(500);
    const item = page.locator('.context-view .action-label, .monaco-menu .action-label', { hasText: 'Copy Command' });
    await page.evaluate(() => navigator.clipboard.writeText(''));
    // A menu hears the mouse let go only 100 ms after it opened, so the button stays down; and it can close under the mouse
    // where the page behind it is drawn anew.
    await vi.waitFor(
      async () => {
        await page.keyboard.press('Escape');
        await headline.click({ button: 'right', timeout: 5_000 });
        await item.first().waitFor({ timeout: 10_000 });
        await picture('dashboard-menu');
        await item.first().click({ delay: 300, timeout: 5_000 });
        await expect
          .poll(() => page.evaluate(() => navigator.clipboard.readText()), { timeout: 10_000 })
          .toContain('resolved.json');
      },
      { timeout: 90_000, interval: 1_000 },
    );
  }, 120_000);

  it('Show Disk Use lists runs and caches by size, and removes nothing before it is agreed to', async () => {
    await palette(page, 'MiLorE: Show Disk Use');
    await rows().nth(1).waitFor({ timeout: 30_000 });
    expect(await rows().nth(0).innerText()).toContain('2.0 MB');
    expect(await rows().nth(1).innerText()).toContain('tiny');
    await picture('disk-use');
    for (const index of [0, 1]) await rows().nth(index).click();
    await page.keyboard.press('Enter');
    await dialog().getByText('to the trash?').waitFor({ timeout: 20_000 });
    await picture('disk-use-asks');
    await dialog().getByRole('button', { name: 'Cancel' }).click();
    await dialog().getByText('of the cache?').waitFor({ timeout: 20_000 });
    await dialog().getByRole('button', { name: 'Remove', exact: true }).click();
    await expect.poll(() => existsSync(cached()), { timeout: 20_000 }).toBe(false);
    expect(runsOf(bench.workspace)).toHaveLength(1);
  }, 120_000);

  it('Open in TensorBoard says how, where its extension is not there, and of what', async () => {
    await paletteAndPick(page, 'MiLorE: Open in TensorBoard', 'tiny');
    await page.keyboard.press('Enter');
    await said('has written nothing for TensorBoard yet');
    await unsaid();
    const [run] = runsOf(bench.workspace);
    mkdirSync(join(run, 'tensorboard'));
    writeFileSync(join(run, 'tensorboard', 'events.out.tfevents.1.x'), '');
    await paletteAndPick(page, 'MiLorE: Open in TensorBoard', 'tiny');
    await page.keyboard.press('Enter');
    const told = await said('TensorBoard’s extension is not here');
    await told.getByRole('button', { name: 'Copy Command' }).click();
    await expect
      .poll(() => page.evaluate(() => navigator.clipboard.readText()), { timeout: 20_000 })
      .toBe(`tensorboard --logdir ${join(run, 'tensorboard')}`);
  }, 180_000);

  it('Publish to the Hub shows the card, asks, and keeps the token in the secret store', async () => {
    await paletteAndPick(page, 'MiLorE: Publish to the Hub…', 'tiny');
    await pick(page, 'MiLorE');
    await typeAnswer(page, 'Publish as which repository?', 'field-lab/tiny');
    await picture('publish-card');
    await pick(page, 'Private');
    await dialog().getByText('Publish on').waitFor({ timeout: 20_000 });
    expect(await dialog().innerText()).toContain('adapter_model.safetensors');
    await picture('publish-asks');
    expect(hub.heard).toEqual([]);
    await dialog().getByRole('button', { name: 'Publish', exact: true }).click();
    await typeAnswer(page, 'Token of the Hugging Face hub', 'hf_stranger');
    const again = await said('does not know the token');
    await again.getByRole('button', { name: 'Give Another Token' }).click();
    await typeAnswer(page, 'Token of the Hugging Face hub', 'hf_write');
    await said('Published:');
    await picture('published');
    expect([...hub.repositories.get('field-lab/tiny')!.files.keys()].sort()).toEqual([
      '.gitattributes',
      'README.md',
      'adapter_config.json',
      'adapter_model.safetensors',
    ]);
    expect(hub.repositories.get('field-lab/tiny')!.isPrivate).toBe(true);
    // A second time it asks before it adds a commit, and no longer for the token.
    await paletteAndPick(page, 'MiLorE: Publish to the Hub…', 'tiny');
    await pick(page, 'MiLorE');
    await typeAnswer(page, 'Publish as which repository?', 'field-lab/tiny');
    await pick(page, 'Private');
    await dialog().getByRole('button', { name: 'Publish', exact: true }).click({ timeout: 20_000 });
    await dialog().getByText('is there already').waitFor({ timeout: 60_000 });
    await dialog().getByRole('button', { name: 'Add a Commit' }).click();
    await expect.poll(() => hub.repositories.get('field-lab/tiny')!.commits.length, { timeout: 60_000 }).toBe(2);
    expect(readdirSync(bench.workspace).filter((name) => name.includes('publish'))).toEqual([]);
  }, 300_000);
});
