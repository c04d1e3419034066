import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findingsPath } from '../../sidecar/runs/findings.ts';
import { sampleFindings } from '../support/findings.ts';
import { dashboard, dashboardFrame, openBrowser, settled, workbench } from './bench/browser.ts';
import { palette, typeChoice } from './bench/quick-input.ts';
import { type Bench, missing, pageUrl, startBench } from './bench/server.ts';
import { root, train, warmWorkspace } from './bench/workspace.ts';

const reason = missing();
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tabs = ['Languages', 'Experts', 'Evaluation', 'Run'] as const;
const themes: [theme: string, kind: string][] = [
  ['Dark Modern', 'vscode-dark'],
  ['Light Modern', 'vscode-light'],
  ['Dark High Contrast', 'vscode-high-contrast'],
  ['Light High Contrast', 'vscode-high-contrast-light'],
];

/** A control that has the focus: its accessible name, where it stands, whether the focus can be seen on it. */
interface Stop {
  name: string;
  html: string;
  /** Of the figure that it belongs to, or its own, as [y, x] in whole pixels of the page. */
  block: [number, number];
  own: [number, number];
  visible: boolean;
}

interface Probe {
  axe: { setup(node: Node): void; teardown(): void; commons: { text: { accessibleText(element: Element): string } } };
  last?: { element: Element; look: string };
}

/** Runs in the webview. Undefined where the focus has left the page. Whether the last stop looked different is told too. */
function look(): { stop: Omit<Stop, 'visible'> | undefined; lastDiffers: boolean } {
  const probe = window as unknown as Probe;
  const looks = (element: Element): string => {
    const parts = [element, ...(element.shadowRoot?.querySelectorAll('*') ?? [])];
    return parts
      .map((part) => getComputedStyle(part))
      .map((style) => [style.outlineStyle, style.outlineWidth, style.borderColor, style.boxShadow].join())
      .join('\n');
  };
  const lastDiffers = probe.last !== undefined && looks(probe.last.element) !== probe.last.look;
  probe.last = undefined;
  const element = document.activeElement;
  if (!document.hasFocus() || !element || element === document.body) return { stop: undefined, lastDiffers };
  probe.last = { element, look: looks(element) };
  const place = (of: Element): [number, number] => {
    const { x, y } = of.getBoundingClientRect();
    return [Math.round(y + scrollY), Math.round(x)];
  };
  probe.axe.setup(document.documentElement);
  const name = probe.axe.commons.text.accessibleText(element);
  probe.axe.teardown();
  const block = place(element.closest('figure') ?? element);
  return { stop: { name, html: element.outerHTML.slice(0, 120), block, own: place(element) }, lastDiffers };
}

/** Top to bottom; within what stands on one line, left to right. */
const before = ([y1, x1]: [number, number], [y2, x2]: [number, number]) => y1 < y2 - 8 || (y1 < y2 + 8 && x1 <= x2);

describe.skipIf(reason)(`accessibility${reason ? ` (not run: ${reason})` : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'milore-accessibility-'));
  let bench: Bench;
  let browser: Browser;
  let page: Page;

  const view = () => dashboard(page);
  const inner = () => dashboardFrame(page);
  const tab = async (name: string) => {
    await view().getByRole('tab', { name }).click();
    await view().locator(`#view-${name.toLowerCase()}`).waitFor({ state: 'visible' });
    await settled(await inner());
  };
  const said = () => view().locator('#say').textContent();

  beforeAll(async () => {
    const workspace = warmWorkspace(join(folder, 'work'), 30);
    train(workspace);
    // What a run of two stages finds; a quick one has none of it.
    writeFileSync(findingsPath({ path: train(workspace) }), JSON.stringify(sampleFindings()));
    bench = await startBench({ workspace });
    browser = await openBrowser();
    page = await browser.newPage({ viewport: { width: 1500, height: 950 } });
    await page.goto(pageUrl(bench, { extension: root }));
    await workbench(page);
    await palette(page, 'MiLorE: Open Dashboard');
    await view().locator('table').first().waitFor({ timeout: 60_000 });
  });
  afterAll(async () => {
    await browser?.close();
    await bench?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(themes)('axe-core finds nothing serious on any tab in %s', async (theme, kind) => {
    await palette(page, 'Preferences: Color Theme');
    await typeChoice(page, theme);
    await expect
      .poll(async () => (await view().locator('body').getAttribute('class'))?.split(/\s+/), { timeout: 30_000 })
      .toContain(kind);
    for (const name of tabs) {
      await tab(name);
      const frame = await inner();
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
      expect(serious, `${theme}, ${name}`).toEqual([]);
    }
  });

  /** Tab after Tab from the tab's name until the focus leaves the page. */
  async function walk(name: string): Promise<Stop[]> {
    await tab(name);
    const frame = await inner();
    await frame.evaluate(axe);
    const stops: Stop[] = [];
    await frame.evaluate(look);
    for (let i = 0; i < 120; i++) {
      await page.keyboard.press('Tab');
      const { stop, lastDiffers } = await frame.evaluate(look);
      const last = stops.at(-1);
      if (last) last.visible = lastDiffers;
      if (!stop) return stops;
      stops.push({ ...stop, visible: false });
    }
    throw new Error(`after 120 Tabs the focus is still on the page, at ${stops.at(-1)!.html}`);
  }

  it.each(tabs)(
    'every control of %s is reached by Tab in reading order, named, and seen to have the focus',
    async (name) => {
      const stops = await walk(name);
      expect(stops.length).toBeGreaterThan(20);
      expect(stops.filter((stop) => stop.name.trim() === '').map(({ html }) => html)).toEqual([]);
      expect(stops.filter((stop) => !stop.visible).map(({ html }) => html)).toEqual([]);
      const jumps = stops.flatMap((stop, i) => {
        if (i === 0) return [];
        const last = stops[i - 1];
        const same = last.block.join() === stop.block.join();
        const fine = same ? before(last.own, stop.own) : before(last.block, stop.block);
        return fine ? [] : [`${last.name} ${last.own} → ${stop.name} ${stop.own}`];
      });
      expect(jumps).toEqual([]);
      const reachable = await view()
        .locator(`#view-${name.toLowerCase()}`)
        .locator(
          'button:visible, input:visible, vscode-checkbox:visible, vscode-dropdown:visible, summary:visible, [tabindex="0"]:visible',
        )
        .count();
      expect(stops.length).toBeGreaterThanOrEqual(reachable);
    },
  );

  it('changes the tab by arrow keys, and shows that the tab has the focus', async () => {
    await tab('Languages');
    const frame = await inner();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Shift+Tab');
    await frame.evaluate(look);
    await page.keyboard.press('ArrowRight');
    expect((await frame.evaluate(look)).lastDiffers).toBe(true);
    await view().locator('#view-experts .heat').first().waitFor({ state: 'visible' });
    expect(await view().getByRole('tab', { name: 'Experts' }).getAttribute('aria-selected')).toBe('true');
  });

  it('reads a line chart, heat maps and bars by arrow keys', async () => {
    await tab('Languages');
    const seen = new Set<string | null>();
    let last = await said();
    const press = async (key: string) => {
      await page.keyboard.press(key);
      await expect.poll(said).not.toBe(last);
      const words = (last = await said());
      expect(seen).not.toContain(words);
      seen.add(words);
      return words;
    };
    await view().locator('[data-chart=masked-loss] .plot').focus();
    expect(await press('Home')).toMatch(/^fin training, Step \d+: \d+\.\d\d nats(, |$)/);
    expect(await press('ArrowRight')).toMatch(/^fin training, Step \d+: \d+\.\d\d nats(, |$)/);
    expect(await press('ArrowDown')).not.toMatch(/^fin training/);
    expect(await press('End')).toMatch(/Step 30: \d/);
    await tab('Experts');
    await view().locator('[data-chart=language-expert] .heat').focus();
    expect(await press('ArrowRight')).toMatch(/^Finnish, new, Expert 1: \d\.\d\d load ÷ ideal$/);
    expect(await press('ArrowRight')).toMatch(/^Finnish, new, Expert 2: /);
    expect(await press('ArrowDown')).toMatch(/^Vietnamese, new, Expert 2: /);
    await tab('Evaluation');
    await view().locator('[data-chart=findings-0] .heat').focus();
    expect(await press('ArrowRight')).toMatch(/^The base, before training, Language fin: \d/);
    expect(await press('ArrowDown')).toMatch(/^After stage 1 \(fin\), step \d+, Language fin: \d.* better by /);
    await view().locator('[data-chart=findings-bars-0] .bars').focus();
    expect(await press('ArrowDown')).toMatch(/^fin: \d/);
  });

  it.each(tabs)('shows a table behind every chart of %s, and numbers in it', async (name) => {
    await tab(name);
    const charts = await view().locator(`#view-${name.toLowerCase()} figure.chart`).all();
    expect(charts.length).toBeGreaterThanOrEqual(4);
    for (const chart of charts) {
      const button = chart.locator('button[aria-expanded]');
      await button.focus();
      await page.keyboard.press('Enter');
      await chart.locator('.chart-table table').waitFor({ state: 'visible' });
      expect((await chart.locator('.chart-table tbody td').allInnerTexts()).join(' ')).toMatch(/\d/);
      await page.keyboard.press('Enter');
      await chart.locator('.chart-table').waitFor({ state: 'hidden' });
    }
  });

  it('says every row of the trees in words', async () => {
    await page.locator('.activitybar a[aria-label*="MiLorE"]').first().click();
    const rows = page.locator('.pane-body .monaco-list-row');
    await expect.poll(() => rows.count(), { timeout: 30_000 }).toBeGreaterThan(8);
    const spoken = await rows.evaluateAll((all) => all.map((row) => row.getAttribute('aria-label') ?? ''));
    expect(spoken.filter((words) => !/\p{L}{2}/u.test(words))).toEqual([]);
    expect(spoken).toContain('Finnish, fin');
    expect(spoken).toContain('quick, 2 runs');
    expect(spoken.filter((words) => /^quick[^,]*, done, /.test(words)).length).toBe(2);
    // Icons and separators are for the eye.
    expect(spoken.filter((words) => /[·📌]|\$\(/u.test(words))).toEqual([]);
  });
});
