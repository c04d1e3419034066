/**
 * @file What a blind person hears of the dashboard in a real VS Code: the Orca screen reader listens to Chromium over
 * AT-SPI while real keys are pressed, and what it speaks is written to `screen-reader.txt`. Read it before it is committed.
 *
 *     apt-get install orca xvfb xdotool at-spi2-core dbus libglib2.0-bin
 *     npm run screen-reader
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium as driver, type Locator } from 'playwright-core';
import { dashboard, workbench } from './bench/browser.ts';
import { palette } from './bench/quick-input.ts';
import { chromium, pageUrl, startBench } from './bench/server.ts';
import { root, train, warmWorkspace } from './bench/workspace.ts';

const folder = mkdtempSync(join(tmpdir(), 'milore-screen-reader-'));
const home = join(folder, 'home');
const spoken = join(folder, 'orca.log');
const customizations = join(home, '.local', 'share', 'orca');
mkdirSync(customizations, { recursive: true });
mkdirSync(join(folder, 'runtime'), { mode: 0o700 });
// It notes what it says before it says it; without a sound card the voice would wait for ever.
writeFileSync(
  join(customizations, 'orca-customizations.py'),
  'import orca.speechdispatcherfactory as f\nf.SpeechServer._speak = lambda self, *a, **k: None\n',
);
Object.assign(process.env, {
  DISPLAY: ':77',
  XDG_RUNTIME_DIR: join(folder, 'runtime'),
  ACCESSIBILITY_ENABLED: '1',
  GNOME_ACCESSIBILITY: '1',
});
const helpers: ChildProcess[] = [];
const help = (command: string, ...args: string[]) =>
  helpers.push(spawn(command, args, { stdio: 'ignore', env: { ...process.env, HOME: home } }));

/** What was done, and when: the reader writes its log late, so both are laid together at the end. */
const done: [time: string, what: string][] = [];
const note = (what: string) =>
  done.push([new Date().toTimeString().slice(0, 8) + new Date().toISOString().slice(19, 23), what]);
async function press(key: string): Promise<void> {
  note(`[${key}]`);
  execFileSync('xdotool', ['key', key]);
  await sleep(1500);
}
async function until(focused: Locator, key: string): Promise<void> {
  for (let i = 0; i < 60 && (await focused.count()) === 0; i++) await press(key);
  if ((await focused.count()) === 0) throw new Error(`${key} never came to ${focused}`);
}

/** Each key with what was said before the next, without the echo of keys. */
function transcript(): string {
  const said = [...readFileSync(spoken, 'utf8').matchAll(/^(\d\d:\d\d:\d\d\.\d{3})\d* - SPEECH OUTPUT: '(.*?)' ?\{/gm)]
    .map(([, time, words]) => [time, words.trim()])
    .filter(([, words]) => !/^((left |right )?\w+|\S)$/.test(words));
  return done
    .map(([time, what], i) => {
      const words = said.filter(([at]) => at >= time && at < (done[i + 1]?.[0] ?? '99')).map(([, text]) => text);
      return what.startsWith('[')
        ? `${what.padEnd(12)}${words.join(' / ') || '(nothing)'}`
        : `\n${[what, ...words].join('\n  ')}`;
    })
    .join('\n');
}

const workspace = warmWorkspace(join(folder, 'work'), 60);
train(workspace);
const bench = await startBench({ workspace });
help('Xvfb', ':77', '-screen', '0', '1440x960x24');
await sleep(1000);
execFileSync('gsettings', ['set', 'org.gnome.desktop.interface', 'toolkit-accessibility', 'true']);
help('/usr/libexec/at-spi-bus-launcher', '--launch-immediately');
const browser = await driver.launchPersistentContext(join(folder, 'profile'), {
  executablePath: chromium,
  headless: false,
  viewport: null,
  args: ['--kiosk', '--no-sandbox', '--disable-gpu', '--force-renderer-accessibility', '--window-size=1440,960'],
});
try {
  const page = browser.pages()[0];
  await page.goto(pageUrl(bench, { extension: root }));
  await workbench(page);
  await palette(page, 'MiLorE: Open Dashboard');
  const view = dashboard(page);
  await view.locator('body[data-seq]').waitFor({ state: 'attached', timeout: 60_000 });
  await sleep(3000);
  // Only now: it loses its way in a page that is still being built.
  help('orca', `--debug-file=${spoken}`);
  await sleep(12_000);
  const title = (await view.locator('h1').first().boundingBox())!;
  note('A click on the title');
  execFileSync('xdotool', ['mousemove', `${Math.round(title.x + 5)}`, `${Math.round(title.y + 8)}`, 'click', '1']);
  await sleep(3000);
  note('Through the languages page');
  await until(view.locator('[data-chart=masked-loss] .plot:focus'), 'Tab');
  note('In a line chart');
  for (const key of ['Home', 'Right', 'Right', 'Down', 'plus', '0', 'End']) await press(key);
  note('Back to the tabs');
  await until(view.locator('#tab-languages:focus'), 'shift+Tab');
  note('To the experts');
  await press('Right');
  await until(view.locator('#view-experts .heat:focus'), 'Tab');
  note('In a heat map');
  for (const key of ['Right', 'Down', 'Right', 'Home']) await press(key);
  note('Back to the tabs');
  await until(view.locator('#tab-experts:focus'), 'shift+Tab');
  note('To the evaluation');
  await press('Right');
  await until(view.locator('[data-chart=findings-0] .heat:focus'), 'Tab');
  note('In what was measured');
  for (const key of ['Right', 'Right', 'Down', 'End']) await press(key);
  await sleep(6000);
  note('The end');
} finally {
  for (const helper of helpers.reverse()) helper.kill();
  await sleep(3000);
  const text = transcript();
  console.log(text);
  if (text.includes('The end')) writeFileSync(join(import.meta.dirname, 'screen-reader.txt'), `${text.trim()}\n`);
  await browser.close();
  await bench.stop();
  rmSync(folder, { recursive: true, force: true });
}
