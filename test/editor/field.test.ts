import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FieldFolder, makeField } from '../support/field.ts';
import { type Complaints, openBrowser, openWorkbench } from './bench/browser.ts';
import { choice, palette, pick, typePath } from './bench/quick-input.ts';
import { type Bench, missing, startBench } from './bench/server.ts';

const root = resolve(import.meta.dirname, '../..');
const reason = missing();

describe.skipIf(reason)(`a field recording in a real VS Code${reason ? ` (not run: ${reason})` : ''}`, () => {
  let bench: Bench;
  let browser: Browser;
  let page: Page;
  let complaints: Complaints;
  let field: FieldFolder;
  const row = (text: string): Locator => page.locator('.pane .monaco-list-row', { hasText: text }).first();
  const add = async () => {
    await palette(page, 'MiLorE: Add Dataset');
    await typePath(page, 'Folder of recordings', `${join(bench.workspace, 'field', 'fin')}/`);
    await choice(page, 'Utterances: ').waitFor({ timeout: 60_000 });
  };

  beforeAll(async () => {
    bench = await startBench({ workspace: join(root, 'extension/sample') });
    const folder = join(bench.workspace, 'field', 'fin');
    mkdirSync(folder, { recursive: true });
    field = await makeField(folder, 7200);
    browser = await openBrowser();
    ({ page, complaints } = await openWorkbench(browser, bench));
    await page.locator('.activitybar .action-item a[aria-label^="MiLorE"]').first().click();
    await row('eng-udhr').waitFor();
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await bench?.stop();
  });

  it('of two hours, one .wav and one .eaf of three tiers is a data set on one screen, its speakers’ tiers proposed', async () => {
    await add();
    await choice(page, 'Language: Finnish (fin)').waitFor();
    const proposed = choice(page, 'Utterances: utterance@Ada, utterance@Ben');
    await proposed.waitFor();
    const ada = field.stretches.filter(({ speaker }) => speaker === 'Ada').length.toLocaleString('en');
    expect(await proposed.textContent()).toContain(`Ada: ${ada} stretches`);
    await choice(page, 'The rest is left aside').waitFor();
    await choice(page, '1 recording').waitFor();
    await pick(page, 'Add “fin”');
    const clips = `${field.stretches.length.toLocaleString('en')} clips · 2 speakers`;
    await row(clips).waitFor({ timeout: 120_000 });
  }, 180_000);

  it('a person chooses another tier and the rest as well, and it stands in the list', async () => {
    await add();
    await pick(page, 'Utterances: ');
    await choice(page, 'a rooster outside').waitFor();
    await pick(page, 'utterance@Ada');
    await page
      .locator('.quick-input-widget:visible .quick-input-action a, .quick-input-widget:visible .monaco-button', {
        hasText: 'OK',
      })
      .first()
      .click();
    await choice(page, 'Utterances: utterance@Ben').waitFor();
    await pick(page, 'The rest is left aside');
    await choice(page, 'The rest is cut at pauses').waitFor();
    await pick(page, 'Add “fin-2”');
    await row('fin-2').waitFor();
    const list = () => readFileSync(join(bench.workspace, 'milore.datasets.yaml'), 'utf8');
    await expect
      .poll(list)
      .toMatch(
        /fin-2: \{ language: fin, path: field\/fin, layout: plain, tiers: \[ ?"?utterance@Ben"? ?\], unannotated: pauses \}/,
      );
    await row('1 speaker').waitFor({ timeout: 120_000 });
  }, 180_000);

  it('nothing was refused by a policy, and nothing left this machine', () => {
    expect(complaints).toMatchObject({ policy: [], outside: [] });
  });
});
