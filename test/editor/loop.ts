/**
 * @file The whole loop as a newcomer walks it, in a real VS Code: walkthrough, sample, code lens, dashboard, table,
 * export. Once with the extension under development, once with the packed one.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Complaints, dashboard, listen, openBrowser, workbench } from './bench/browser.ts';
import { palette, pick, typePath } from './bench/quick-input.ts';
import { type Bench, type BenchOptions, pageUrl, startBench } from './bench/server.ts';

/** Looked at by whoever changes what is seen; not committed. */
export const shots = join(import.meta.dirname, '../../dist/test/shots');

export function theLoop(name: string, options: BenchOptions, extension?: string): void {
  let bench: Bench;
  let browser: Browser;
  let page: Page;
  let complaints: Complaints;
  const shoot = (what: string) => page.screenshot({ path: join(shots, `${name}-${what}.png`) });
  const sample = () => join(bench.home, 'milore-sample');

  beforeAll(async () => {
    mkdirSync(shots, { recursive: true });
    bench = await startBench(options);
    browser = await openBrowser();
    const context = await browser.newContext({ viewport: { width: 1500, height: 950 } });
    complaints = listen(context);
    page = await context.newPage();
    await page.goto(pageUrl(bench, { extension }));
  });
  afterAll(async () => {
    await browser?.close();
    await bench?.stop();
  });

  it('opens the sample from the walkthrough', async () => {
    await palette(page, 'Welcome: Open Walkthrough...', 60_000);
    await pick(page, 'Teach a speech model a new language');
    await page.getByRole('button', { name: /Try it on the sample/ }).click();
    await shoot('walkthrough');
    // Nobody has brought recordings yet.
    expect(await page.locator('[data-done-step-id$="#data"]').first().getAttribute('aria-checked')).toBe('false');
    await page.getByRole('button', { name: 'Open Sample Workspace' }).click();
    await pick(page, 'milore-sample');
    await page
      .locator('.tabs-container .tab', { hasText: 'add-two-languages.milore.yaml' })
      .waitFor({ timeout: 60_000 });
    expect(readdirSync(sample())).toContain('milore.datasets.yaml');
  });

  it('trains from the code lens and shows every language to the end', async () => {
    await workbench(page);
    const lens = page.locator('.codelens-decoration a', { hasText: /^(\$\(play\) ?)?\s*Train$/ });
    await lens.waitFor({ timeout: 60_000 });
    await shoot('lens');
    await lens.click();
    const view = dashboard(page);
    await view.locator('.badge.running').first().waitFor({ timeout: 90_000 });
    await page.locator('.statusbar-item', { hasText: /fin, vie [4-9]\d %/ }).waitFor({ timeout: 180_000 });
    await shoot('during');
    await view.locator('.badge.done').first().waitFor({ timeout: 240_000 });
    await shoot('after');
    const rows = await view.locator('table').first().locator('tbody tr').allInnerTexts();
    const codes = rows.map((row) => /\((\w{3})\)/.exec(row)?.[1]);
    expect(codes.sort()).toEqual(['deu', 'eng', 'fin', 'spa', 'vie']);
  });

  it('keeps every event: what the view has seen is the log on disk', async () => {
    const runs = join(sample(), '.milore', 'runs');
    const [run] = readdirSync(runs);
    const lines = readFileSync(join(runs, run, 'log.jsonl'), 'utf8')
      .trimEnd()
      .split('\n');
    const seen = async () => JSON.parse((await dashboard(page).locator('body').getAttribute('data-seq')) ?? '{}')[run];
    const all = { log: lines.length, gaps: 0, count: lines.length };
    await expect.poll(seen, { timeout: 15_000 }).toMatchObject({ log: all });
    expect(existsSync(join(runs, run, 'adapter', 'adapter_model.safetensors'))).toBe(true);
  });

  it('exports a chart as SVG where the person says', async () => {
    await dashboard(page).getByRole('button', { name: /SVG/ }).first().click();
    const file = join(sample(), 'loss.svg');
    await typePath(page, 'Save ', file);
    // It is there before it is written.
    const written = () => (existsSync(file) ? readFileSync(file, 'utf8') : '');
    await expect.poll(written, { timeout: 15_000 }).toMatch(/^(<svg |<\?xml)[\s\S]*<\/svg>\s*$/);
    const svg = written();
    expect(svg).toContain('nats');
    expect(svg).not.toMatch(/<script|javascript:|https?:\/\/(?!www\.w3\.org)/);
  });

  it('complained about nothing and asked nobody outside', () => {
    expect(complaints).toEqual({ console: [], policy: [], outside: [] });
  });
}
