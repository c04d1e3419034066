import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseExperiment } from '../../sidecar/config/parse.ts';
import { shared } from '../support/shared.ts';
import { type Complaints, dashboard, dashboardFrame, listen, openBrowser, settled } from './bench/browser.ts';
import { choice, palette, pick, typeAnswer, typeChoice, typePath } from './bench/quick-input.ts';
import { type Bench, missing, pageUrl, startBench } from './bench/server.ts';
import { root, runsOf } from './bench/workspace.ts';

const data = shared('data') ?? '';
const base = shared('models', 'mini-eng-cmn') ?? '';
const reason = missing() ?? (data && base ? undefined : 'no recordings, or no base, beside the repository');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** A folder for a picture of every step, in both sizes; nothing is taken without. */
const pictures = process.env.GUIDE_PICTURES;

/** What a person has on the disk: a little of each, in the layouts that they come in. */
function someRecordings(workspace: string): void {
  for (const speaker of ['george', 'jackson', 'lucas']) {
    const to = join(workspace, 'recordings', 'eng', speaker);
    mkdirSync(to, { recursive: true });
    for (const name of readdirSync(join(data, 'eng', speaker))
      .sort()
      .slice(0, 60))
      cpSync(join(data, 'eng', speaker, name), join(to, name));
  }
  const yor = join(workspace, 'recordings', 'yor');
  mkdirSync(join(yor, 'wav'), { recursive: true });
  const first = (name: string) =>
    `${readFileSync(join(data, 'yor', name), 'utf8')
      .split('\n')
      .slice(0, 12)
      .join('\n')}\n`;
  for (const name of ['wav.scp', 'text', 'utt2spk']) writeFileSync(join(yor, name), first(name));
  for (const line of first('wav.scp').trim().split('\n')) {
    const wav = line.split(/\s+/)[1];
    cpSync(join(data, 'yor', wav), join(yor, wav));
  }
  cpSync(base, join(workspace, 'models', 'mini-eng-cmn'), { recursive: true });
}

describe.skipIf(reason)(`a first experiment in a real VS Code${reason ? ` (not run: ${reason})` : ''}`, () => {
  let bench: Bench;
  let browser: Browser;
  let page: Page;
  let complaints: Complaints;
  let taken = 0;
  const guide = () => dashboard(page);
  const toasts = () =>
    page.locator('.notifications-toasts .notification-list-item.error, .notification-toast .codicon-error').count();

  /** Of what a person sees now, in both sizes. */
  async function shoot(name: string): Promise<void> {
    if (!pictures) return;
    taken++;
    mkdirSync(pictures, { recursive: true });
    for (const [width, height] of [
      [1280, 720],
      [1500, 1000],
    ]) {
      await page.setViewportSize({ width, height });
      await page.mouse.move(5, height - 5);
      await page.waitForTimeout(800);
      await page.screenshot({ path: join(pictures, `${String(taken).padStart(2, '0')}-${name}-${width}.png`) });
    }
  }

  async function theme(name: string, kind: string): Promise<void> {
    await palette(page, 'Preferences: Color Theme');
    await typeChoice(page, name);
    await expect
      .poll(async () => (await guide().locator('body').getAttribute('class'))?.split(/\s+/), { timeout: 30_000 })
      .toContain(kind);
  }

  async function addDataset(folder: string, language: string): Promise<void> {
    await guide().getByRole('button', { name: 'Add Dataset…' }).locator('visible=true').first().click();
    await typePath(page, 'Folder of recordings', `${join(bench.workspace, 'recordings', folder)}/`);
    await choice(page, language).waitFor({ timeout: 60_000 });
    await shoot(`add-${folder}`);
    await pick(page, `Add “${folder}”`);
    await guide()
      .locator('.languages tbody th', { hasText: `(${folder})` })
      .waitFor({ timeout: 60_000 });
  }

  beforeAll(async () => {
    bench = await startBench({
      settings: { 'workbench.activityBar.location': 'default', 'window.commandCenter': false },
    });
    someRecordings(bench.workspace);
    browser = await openBrowser();
    const context = await browser.newContext({ viewport: { width: 1500, height: 1000 } });
    complaints = listen(context);
    page = await context.newPage();
    await page.goto(pageUrl(bench, { extension: root }));
    await page.locator('.activitybar a[aria-label*="MiLorE"]').first().click({ timeout: 120_000 });
  }, 200_000);
  afterAll(async () => {
    await browser?.close();
    await bench?.stop();
  });

  it('begins with data where there are none', async () => {
    await palette(page, 'MiLorE: New Experiment', 60_000);
    await guide().getByText('An experiment begins with recordings').waitFor({ timeout: 60_000 });
    expect(await guide().getByRole('button', { name: 'Open the Sample' }).isVisible()).toBe(true);
    expect(await guide().locator('.steps').isVisible()).toBe(false);
    await shoot('empty');
  });

  it('reads what is added, and says hours, clips and speakers', async () => {
    await addDataset('yor', 'Language: Yoruba (yor)');
    await addDataset('eng', 'Language: English (eng)');
    await guide().locator('tr', { hasText: '(eng)' }).getByText('180').waitFor({ timeout: 120_000 });
    await guide().locator('tr', { hasText: '(yor)' }).getByText('12').first().waitFor({ timeout: 120_000 });
    await shoot('languages');
  }, 300_000);

  it('proposes the one folder of a base, and finds the heads in it', async () => {
    await guide().getByRole('button', { name: 'Choose a folder…' }).click();
    await typePath(page, 'Folder of a base model', `${join(bench.workspace, 'models', 'mini-eng-cmn')}/`);
    await typeAnswer(page, 'Name', 'mini-eng-cmn');
    const row = guide().locator('.bases tr', { hasText: 'mini-eng-cmn' });
    await row.getByText('in its folder').waitFor({ timeout: 60_000 });
    expect(await row.getByRole('radio').isChecked()).toBe(true);
    expect(await guide().getByRole('combobox', { name: 'Own head' }).textContent()).toContain('head_it2.safetensors');
    await guide().getByText('More than one recording in twenty').waitFor();
    await shoot('base');
  }, 120_000);

  it.each([
    ['Light Modern', 'vscode-light'],
    ['Dark High Contrast', 'vscode-high-contrast'],
    ['Dark Modern', 'vscode-dark'],
  ])(
    'axe-core finds nothing serious in %s',
    async (name, kind) => {
      await theme(name, kind);
      await settled(await dashboardFrame(page));
      const frame = await dashboardFrame(page);
      await frame.evaluate(axe);
      const { passes, serious } = await frame.evaluate(async () => {
        const { axe } = window as unknown as { axe: typeof import('axe-core') };
        const { violations, passes } = await axe.run(document, { resultTypes: ['violations'] });
        return {
          passes: passes.length,
          serious: violations
            .filter(({ impact }) => impact === 'serious' || impact === 'critical')
            .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`)),
        };
      });
      expect(passes).toBeGreaterThan(10);
      expect(serious).toEqual([]);
      await shoot(`guide-${kind}`);
    },
    120_000,
  );

  it('is used by the keyboard alone, in reading order', async () => {
    const frame = await dashboardFrame(page);
    await guide().getByRole('combobox', { name: 'Role of Yoruba' }).focus();
    const stops: string[] = [];
    for (let i = 0; i < 30; i++) {
      stops.push(
        await frame.evaluate(() => {
          const element = document.activeElement;
          return (
            element?.getAttribute('aria-label') ?? element?.getAttribute('value') ?? element?.textContent?.trim() ?? ''
          );
        }),
      );
      if (stops.at(-1) === 'Create') break;
      await page.keyboard.press('Tab');
    }
    const order = [
      'Role of Yoruba',
      'Role of English',
      'Add Dataset…',
      'model:mini-eng-cmn',
      'Choose a folder…',
      'Own head',
      'Join a speaker’s recordings',
      'Leave out what is shorter than',
      'Train for',
      'Replay of existing languages',
      'Create and Train',
      'Create',
    ];
    const places = order.map((name) => stops.indexOf(name));
    expect(stops).toEqual(expect.arrayContaining(order));
    // The head's choice stands below the table, above the buttons that bring another base.
    expect([...places].sort((a, b) => a - b)[0]).toBe(places[0]);
    expect(stops.filter((name) => name === '')).toEqual([]);
    await guide().getByRole('combobox', { name: 'Train for' }).focus();
    await page.keyboard.press('ArrowUp');
    await expect.poll(() => guide().getByRole('combobox', { name: 'Train for' }).textContent()).toMatch(/first look/);
  }, 60_000);

  it('writes a file that passes every check, and trains it at once, without one refusal', async () => {
    const told = await guide().getByText('The first curve after about').textContent();
    await guide().getByText('The first curve after about').scrollIntoViewIfNeeded();
    await shoot('time');
    await guide().getByRole('button', { name: 'Create and Train' }).click();
    await expect.poll(() => runsOf(bench.workspace).length, { timeout: 120_000 }).toBe(1);
    // The same words in all three places.
    const [status, pace, row] = [
      page.locator('.statusbar-item[id*="milore.status"]'),
      guide().locator('.pace'),
      page.locator('.pane-body .monaco-list-row', { hasText: /^experiment\s*preparing/ }).first(),
    ];
    for (const place of [status, pace, row]) await place.getByText(/preparing \d+\s%/).waitFor({ timeout: 60_000 });
    await shoot('training');
    const text = readFileSync(join(bench.workspace, 'experiment.milore.yaml'), 'utf8');
    const { experiment, problems } = parseExperiment(text, 'experiment.milore.yaml');
    expect(problems).toEqual([]);
    expect(experiment?.languages).toMatchObject({ yor: { role: 'new' }, eng: { role: 'existing' } });
    expect(experiment?.base.head).toBe('models/mini-eng-cmn/head_it2.safetensors');
    expect(experiment?.audio.joinSeconds).toBe(5);
    expect(text).toMatch(/# About .+ until the first curve, .+ in all/);
    expect(told).toMatch(/all done after about/);
    const log = () => readFileSync(join(runsOf(bench.workspace)[0], 'log.jsonl'), 'utf8');
    await expect
      .poll(() => /"type":"(done|failed|stopped)"/.exec(log())?.[1], { timeout: 900_000, interval: 2000 })
      .toBe('done');
    expect(await toasts()).toBe(0);
    // The base's own head was there: forgetting was measured by it.
    expect(log()).toContain('ownHead');
    await dashboard(page).locator('.result p').first().waitFor({ timeout: 60_000 });
    await shoot('result');
    // From now on estimates are of this machine.
    expect(existsSync(join(bench.workspace, '.milore', 'pace.json'))).toBe(true);
  }, 1_200_000);

  it('nothing was refused by a policy, and nothing left this machine', () => {
    expect(complaints).toMatchObject({ policy: [], outside: [] });
  });
});
