import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestHub } from '../support/hub.ts';
import { type Complaints, openBrowser, openWorkbench } from './bench/browser.ts';
import { choice, palette, paletteAndPick, pick, typeAnswer, typePath } from './bench/quick-input.ts';
import { type Bench, missing, startBench } from './bench/server.ts';

const root = resolve(import.meta.dirname, '../..');
const reason = missing();
const evil = '<img src=x onerror=alert(1)> $(trash)';

describe.skipIf(reason)(`data in a real VS Code${reason ? ` (not run: ${reason})` : ''}`, () => {
  let bench: Bench;
  let browser: Browser;
  let page: Page;
  let hub: TestHub;
  let complaints: Complaints;
  const list = () => readFileSync(join(bench.workspace, 'milore.datasets.yaml'), 'utf8');
  const pane = () => page.locator('.pane', { hasText: 'Languages and Data' }).first();
  const row = (text: string): Locator => pane().locator('.monaco-list-row', { hasText: text }).first();
  const preview = () => page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');

  beforeAll(async () => {
    hub = await TestHub.start();
    const fixture = (name: string) => readFileSync(join(root, 'test/fixtures/hubert_tiny_base', name));
    const names = ['config.json', 'preprocessor_config.json', 'model.safetensors'];
    hub.models.set('someone/tiny-hubert', {
      commit: '0123456789abcdef0123456789abcdef01234567',
      card: { license: 'cc-by-4.0' },
      files: Object.fromEntries(names.map((name) => [name, fixture(name)])),
    });
    process.env.HF_ENDPOINT = hub.url;
    bench = await startBench({ workspace: join(root, 'extension/sample') });
    for (const folder of ['yoruba', evil]) {
      const to = join(bench.workspace, 'recordings', folder, 'ada');
      mkdirSync(to, { recursive: true });
      cpSync(join(root, 'extension/sample/speech/deu/f1'), to, { recursive: true });
    }
    writeFileSync(join(bench.workspace, 'recordings', evil, 'broken.wav'), 'RIFF');
    browser = await openBrowser();
    ({ page, complaints } = await openWorkbench(browser, bench));
    await page.locator('.activitybar .action-item a[aria-label^="MiLorE"]').first().click();
    await row('eng-udhr').waitFor();
  }, 120_000);
  afterAll(async () => {
    delete process.env.HF_ENDPOINT;
    await browser?.close();
    await bench?.stop();
    await hub?.stop();
  });

  it('a folder is recognised, shown before it is accepted, and stands in the list and in the tree', async () => {
    await palette(page, 'MiLorE: Add Dataset');
    await typePath(page, 'Folder of recordings', `${join(bench.workspace, 'recordings', 'yoruba')}/`);
    await choice(page, 'Language: Yoruba (yor)').waitFor({ timeout: 30_000 });
    await choice(page, '6 recordings').waitFor();
    await pick(page, 'Add “yoruba”');
    await row('yoruba').waitFor();
    expect(list()).toContain('  yoruba: { language: yor, path: recordings/yoruba, layout: plain }\n');
  });

  it('an entry that somebody else writes appears; its hostile name is text in the tree and in the report', async () => {
    const entry = `  ${JSON.stringify(evil)}: { language: eng, path: ${JSON.stringify(`recordings/${evil}`)} }\n`;
    writeFileSync(join(bench.workspace, 'milore.datasets.yaml'), list().replace('datasets:\n', `datasets:\n${entry}`));
    await row(evil).hover();
    await row(evil).locator('.action-label[aria-label*="Inspect"]').click();
    await preview().locator('h1', { hasText: evil }).waitFor({ timeout: 60_000 });
    await preview().locator('td', { hasText: 'broken.wav' }).first().waitFor();
    expect(await preview().locator('img').count()).toBe(0);
    await row('6 clips').waitFor();
  }, 90_000);

  it('files that come are noticed', async () => {
    writeFileSync(join(bench.workspace, 'recordings', evil, 'late.wav'), 'x');
    await row('changed since inspected').waitFor({ timeout: 20_000 });
  });

  it('a base model is downloaded at a pinned commit, listed and read', async () => {
    await palette(page, 'MiLorE: Download Base Model');
    await typeAnswer(page, '(1/2)', 'someone/tiny-hubert');
    await typeAnswer(page, '(2/2)', 'main');
    await pane().locator('.monaco-list-row', { hasText: 'tiny-hubert' }).waitFor({ timeout: 60_000 });
    expect(list()).toMatch(
      /tiny-hubert: .*source: someone\/tiny-hubert, revision: 0123456789abcdef0123456789abcdef01234567/,
    );
    await row('M parameters').waitFor({ timeout: 30_000 });
  }, 90_000);

  it('a dataset’s new name follows into the experiments', async () => {
    await palette(page, 'MiLorE: Rename Dataset');
    await pick(page, 'fin-udhr');
    await typeAnswer(page, 'Name', 'suomi');
    await row('suomi').waitFor({ timeout: 30_000 });
    const experiment = () => readFileSync(join(bench.workspace, 'add-two-languages.milore.yaml'), 'utf8');
    await expect.poll(experiment, { timeout: 15_000 }).toContain('data: dataset:suomi }');
  }, 60_000);

  it('the walkthrough’s first step is done when the list has a dataset', async () => {
    const [file, full] = [join(bench.workspace, 'milore.datasets.yaml'), list()];
    writeFileSync(file, full.slice(full.indexOf('models:')));
    await row('suomi').waitFor({ state: 'hidden' });
    await paletteAndPick(page, 'Welcome: Open Walkthrough...', 'Teach a speech model a new language');
    const step = (done: boolean) => page.locator(`[data-done-step-id$="#data"][aria-checked=${done}]`).first();
    await step(false).waitFor({ timeout: 15_000 });
    writeFileSync(file, full);
    await step(true).waitFor({ timeout: 15_000 });
  }, 90_000);

  it('nothing was refused by a policy, and nothing left this machine', () => {
    expect(complaints).toMatchObject({ policy: [], outside: [] });
  });
});
