import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunHead, ToWebview } from '../../sidecar/protocol/dashboard.ts';
import { sampleFindings } from '../support/findings.ts';
import { fiveLanguages, linesOf, madeRun } from '../support/run-events.ts';
import { type Dashboard, type Host, host, missing } from './harness.ts';

const head = (id: string, more: Partial<RunHead> = {}): RunHead => ({
  id,
  name: `run ${id}`,
  experiment: 'run',
  createdAt: '2026-11-23T20:25:23Z',
  state: 'done',
  step: 200,
  steps: 200,
  device: 'cpu',
  pinned: false,
  tags: [],
  languages: fiveLanguages.map((language) => ({ ...language, name: `Name of ${language.code}` })),
  ...more,
});

function told(count: number, more: Partial<RunHead> = {}): ToWebview[] {
  const ids = Array.from({ length: count }, (_, i) => `r${i}`);
  const { log, utilisation } = madeRun({});
  return [
    { type: 'hello', words: {}, version: '0.4.0', trusted: true },
    { type: 'connection', state: 'files' },
    { type: 'runs', runs: ids.map((id) => head(id, more)) },
    { type: 'show', runs: ['r0'] },
    { type: 'events', run: 'r0', log: 'log', lines: linesOf(log), first: true, more: true },
    { type: 'events', run: 'r0', log: 'utilisation', lines: linesOf(utilisation), first: true, more: false },
    { type: 'findings', run: 'r0', findings: sampleFindings() },
  ];
}

describe.skipIf(missing)(`the dashboard in little room${missing && ` (${missing})`}`, () => {
  let editor: Host;
  beforeAll(async () => {
    editor = await host();
  });
  afterAll(async () => {
    await editor?.close();
  });
  const open = async (width: number, height: number, ...messages: ToWebview[]): Promise<Dashboard> => {
    const one = await editor.open({ width, height });
    await one.tell(...messages);
    await one.settled();
    return one;
  };

  it('has no inner scrollbar that nobody asked for, on any page of a window of 1280 × 720', async () => {
    // Beside the side bar, below the tabs.
    const one = await open(925, 625, ...told(3));
    const found: Record<string, string[]> = {};
    for (const tab of ['languages', 'experts', 'evaluation', 'run']) {
      await one.page.click(`#tab-${tab}`);
      await one.settled();
      found[tab] = await one.page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>('main *')]
          .filter((element) => {
            const { overflowX, overflowY } = getComputedStyle(element);
            const scrolls = (how: string) => how === 'auto' || how === 'scroll';
            const down = scrolls(overflowY) && element.scrollHeight > element.clientHeight + 1;
            const across = scrolls(overflowX) && element.scrollWidth > element.clientWidth + 1;
            return element.offsetParent !== null && (down || across);
          })
          .map(
            (e) =>
              `${e.tagName}.${e.className}: ${e.scrollWidth} of ${e.clientWidth}, ${e.scrollHeight} of ${e.clientHeight}`,
          )
          // The end of the log is a window on more.
          .filter((name) => !name.startsWith('DIV.log:')),
      );
    }
    expect(found).toEqual({ languages: [], experts: [], evaluation: [], run: [] });
    await one.close();
  });

  it('beside another editor begins its first chart above the middle', async () => {
    const one = await open(460, 720, ...told(3));
    const top = await one.page.evaluate(
      () => document.querySelector('[data-chart=masked-loss]')!.getBoundingClientRect().top,
    );
    expect(top).toBeLessThan(360);
    const whole = await one.page.locator('.result p').first().innerText();
    expect(whole).toMatch(/^Learned, against the control: fin .* Next: try more replay \(replay\.fraction\)\.$/);
    await one.close();
  });

  it('keeps the list of runs within the window, its rows whole whatever their tags, and finds one of many', async () => {
    const tags = Array.from({ length: 9 }, (_, i) => `a tag with number ${i}`);
    const one = await open(460, 720, ...told(300, { tags }));
    await one.page.getByRole('button', { name: /^Runs: 1 of 300/ }).click();
    const box = (await one.page.locator('.picker-list').boundingBox())!;
    expect(box.x).toBeGreaterThanOrEqual(0);
    expect(box.x + box.width).toBeLessThanOrEqual(460);
    expect(box.y + box.height).toBeLessThanOrEqual(720);
    const row = one.page.locator('.picker-row').nth(1);
    const [name, rowBox] = [await row.locator('.picker-name').boundingBox(), await row.boundingBox()];
    expect(name!.width).toBeGreaterThan(30);
    for (const tag of await row.locator('.tag').all()) {
      const at = (await tag.boundingBox())!;
      expect(at.x + at.width).toBeLessThanOrEqual(rowBox!.x + rowBox!.width);
      expect(at.y).toBeGreaterThan(name!.y + name!.height / 2);
    }
    expect(await one.page.locator('.picker-row').count()).toBe(100);
    await one.page.keyboard.type('r277');
    expect(await one.page.locator('.picker-row').count()).toBe(1);
    await one.page.keyboard.press('Tab');
    await one.page.keyboard.press('Space');
    expect((await one.said()).findLast((said) => said.type === 'select')?.runs).toEqual(['r0', 'r277']);
    await one.page.keyboard.press('Escape');
    expect(await one.page.locator('.picker-list').isVisible()).toBe(false);
    await one.close();
  });

  it('draws more than six runs, and says what the most is before it leaves one out', async () => {
    const one = await open(900, 720, ...told(30));
    await one.page.getByRole('button', { name: /^Runs:/ }).click();
    for (let i = 1; i <= 24; i++) await one.page.locator(`.picker-row input[data-run=r${i}]`).click();
    const runs = (await one.said()).findLast((said) => said.type === 'select')?.runs ?? [];
    expect(runs).toEqual(Array.from({ length: 24 }, (_, i) => `r${i}`));
    expect(await one.page.locator('.picker-row input[data-run=r24]').isChecked()).toBe(false);
    expect(await one.page.locator('.picker-list .filter-fault').innerText()).toMatch(/^24 runs are drawn already/);
    await one.close();
  });
});
