/** After an update the window is of one version and the sidecar of another: what trains goes on, then the new one comes. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readEndpoint } from '../../sidecar/endpoint.ts';
import { deriveStatus } from '../../sidecar/runs/status.ts';
import { VERSION } from '../../sidecar/version.ts';
import { connected, type Spawned, serve } from '../support/sidecar.ts';
import { openBrowser, openFile, workbench } from './bench/browser.ts';
import { palette } from './bench/quick-input.ts';
import { type Bench, missing, pageUrl, startBench } from './bench/server.ts';
import { quick, root, runsOf, warmWorkspace } from './bench/workspace.ts';

const reason = missing();
const OLDER = '0.2.9';

/** The product as it was built, under an older number. */
function olderSidecar(folder: string): string {
  const dist = join(folder, 'dist');
  mkdirSync(dist, { recursive: true });
  for (const name of readdirSync(join(root, 'dist')).filter((one) => /\.(js|wasm)$/.test(one))) {
    if (name.endsWith('.wasm')) cpSync(join(root, 'dist', name), join(dist, name));
    else
      writeFileSync(
        join(dist, name),
        readFileSync(join(root, 'dist', name), 'utf8').replaceAll(`"${VERSION}"`, `"${OLDER}"`),
      );
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return join(dist, 'milore.js');
}

describe.skipIf(reason)(`a window that was updated${reason ? ` (not run: ${reason})` : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'milore-updated-'));
  const script = olderSidecar(join(folder, 'old'));
  let bench: Bench;
  let browser: Browser;
  let page: Page;
  let older: Spawned;
  const states = () => runsOf(bench.workspace).map((path) => deriveStatus({ path }).state);
  /** As the window finds it. */
  const serving = () => {
    const home = process.env.HOME;
    process.env.HOME = bench.home;
    try {
      return readEndpoint(bench.workspace)?.pid;
    } finally {
      process.env.HOME = home;
    }
  };

  beforeAll(async () => {
    bench = await startBench({ workspace: warmWorkspace(join(folder, 'work'), 5000) });
    browser = await openBrowser();
    page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  });
  afterAll(async () => {
    older?.child.kill('SIGKILL');
    await browser?.close();
    await bench?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What each side knew, where a test is red. */
  afterEach(({ task }) => {
    if (task.result?.state !== 'fail') return;
    const sidecars = join(bench.home, '.milore', 'sidecars');
    console.log(`serving ${serving()}, older ${older?.child.pid} exit ${older?.child.exitCode}, runs ${states()}`);
    for (const name of existsSync(sidecars) ? readdirSync(sidecars) : [])
      console.log(name, readFileSync(join(sidecars, name), 'utf8').replace(/"token":"[^"]*"/, '"token":…'));
    console.log(`older:\n${older?.log()}`);
    for (const name of readdirSync(bench.root, { recursive: true, encoding: 'utf8' }))
      if (/MiLorE[^/]*\.log$/i.test(name)) console.log(name, readFileSync(join(bench.root, name), 'utf8'));
  });

  it('follows the run of the older sidecar, says so, and has a sidecar of its own version when that run is over', async () => {
    older = await serve(bench.workspace, bench.home, ['--keep'], script);
    const client = await connected(older.endpoint);
    expect((await client.request('run/start', { experiment: join(bench.workspace, quick) })).error).toBeUndefined();
    // Not before: a window that is there at once meets a sidecar that has nothing to do yet, and takes its place.
    await page.goto(pageUrl(bench, { extension: root }), { timeout: 120_000 });
    await workbench(page);
    await palette(page, 'Notifications: Show Notifications');
    await page
      .locator('.notifications-center .notification-list-item', { hasText: `still that of MiLorE ${OLDER}` })
      .waitFor({ timeout: 90_000 });
    await page.keyboard.press('Escape');
    expect(serving()).toBe(older.child.pid);
    expect(older.child.exitCode).toBeNull();
    await palette(page, 'MiLorE: Stop Run');
    expect(await older.ended).toBe(0);
    expect(states()).toEqual(['interrupted']);
    expect(older.log()).toContain(`it is of version ${OLDER}, and a window of ${VERSION} is here`);
    await openFile(page, quick);
    await palette(page, 'MiLorE: Train Experiment');
    await expect.poll(states, { timeout: 90_000 }).toEqual(['interrupted', 'running']);
    const records = runsOf(bench.workspace).map((path) => JSON.parse(readFileSync(join(path, 'run.json'), 'utf8')));
    expect(records.map(({ versions }) => versions.milore)).toEqual([OLDER, VERSION]);
    await palette(page, 'MiLorE: Stop Run');
    await expect.poll(states, { timeout: 90_000 }).toEqual(['interrupted', 'interrupted']);
  }, 400_000);

  it('takes the place of an older sidecar that has nothing to do, without a word', async () => {
    process.kill(serving()!, 'SIGTERM');
    await expect.poll(serving, { timeout: 30_000 }).toBeUndefined();
    older = await serve(bench.workspace, bench.home, ['--keep'], script);
    await openFile(page, quick);
    await palette(page, 'MiLorE: Train Experiment');
    expect(await older.ended).toBe(0);
    await expect.poll(() => states().at(-1), { timeout: 90_000 }).toBe('running');
    expect(serving()).not.toBe(older.child.pid);
    await palette(page, 'MiLorE: Stop Run');
    await expect.poll(() => states().at(-1), { timeout: 90_000 }).toBe('interrupted');
  }, 400_000);
});
