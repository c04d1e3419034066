/**
 * @file Figures of the table of runs in a real VS Code, for docs/performance.md: `test/editor/bench/take.sh
 * test/editor/table.figures.ts [runs]` after `npm run build`. Writes that many run folders first.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeRuns } from '../support/many-runs.ts';
import { dashboard, dashboardFrame, openBrowser, workbench } from './bench/browser.ts';
import { palette } from './bench/quick-input.ts';
import { pageUrl, startBench } from './bench/server.ts';

const root = join(import.meta.dirname, '../..');
const count = Number(process.argv[2] ?? 2000);
const folder = mkdtempSync(join(tmpdir(), 'milore-table-'));
makeRuns(folder, count);
const bench = await startBench({ workspace: folder });
const browser = await openBrowser();
try {
  const page = await browser.newPage({ viewport: { width: 1500, height: 1000 } });
  const since = async (act: () => Promise<unknown>) => {
    const before = performance.now();
    await act();
    return Math.round(performance.now() - before);
  };
  await page.goto(pageUrl(bench, { extension: root }));
  await page.locator('.activitybar a[aria-label*="MiLorE"]').first().click({ timeout: 60_000 });
  await workbench(page);
  const opened = await since(async () => {
    await palette(page, 'MiLorE: Open Dashboard');
    await dashboard(page).locator('#tab-runs').waitFor({ timeout: 120_000 });
  });
  const view = dashboard(page);
  const first = await since(async () => {
    await view.locator('#tab-runs').click();
    await view.locator('.grid tbody tr[aria-rowindex]').first().waitFor({ timeout: 120_000 });
  });
  const read = await since(() =>
    view.locator('.runs-table .toolbar .note', { hasText: /^[^·]*runs$/ }).waitFor({ timeout: 300_000 }),
  );
  const frame = await dashboardFrame(page);
  const scrolling = await frame.evaluate(async () => {
    const scroll = document.querySelector('.grid-scroll')!;
    const times: number[] = [];
    let last = performance.now();
    for (let i = 0; i < 90; i++) {
      scroll.scrollTop += 400;
      await new Promise((done) => requestAnimationFrame(done));
      times.push(performance.now() - last);
      last = performance.now();
    }
    times.sort((a, b) => a - b);
    return { median: times[45], slow: times[85] };
  });
  console.log(
    `${count} runs: dashboard ${opened} ms, table ${first} ms, all rows read ${read} ms later; scrolling ${scrolling.median.toFixed(1)} ms a frame (95th ${scrolling.slow.toFixed(1)})`,
  );
} finally {
  await browser.close();
  await bench.stop();
  rmSync(folder, { recursive: true, force: true });
}
