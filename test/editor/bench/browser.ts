/** @file Chromium in front of the bench, and the workbench as a person uses it: palette, dashboard, what went wrong. */
import { type Browser, type BrowserContext, chromium as driver, type FrameLocator, type Page } from 'playwright-core';
import { chromium } from './server.ts';

const flags =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

export const openBrowser = (): Promise<Browser> =>
  driver.launch({ executablePath: chromium, headless: true, args: flags.split(' ') });

/** Everything a page must not do while it is used. */
export interface Complaints {
  console: string[];
  policy: string[];
  /** Requests to anywhere but this machine. */
  outside: string[];
}

/** Faults of VS Code in a browser without a marketplace; none is about us. */
const noise =
  /Ignoring fetching|AccountPolicyGate|connection token|Creating a socket|reconnection-grace|builtin extensions cache|AgentHost|Service Worker|ServiceWorker|product\.json|webPackagePaths|nls\.messages|An iframe which has both|Unrecognized feature|punycode|favicon|manifest\.json|[Tt]elemetry|chatParticipant|copilot|Copilot|status of 404|No authentication provider|defaultAccount|github|during shutdown are unsupported|Canceled: Canceled/;

/** Said in our webview, or about us: our name, or one of our files in a stack. */
const ours = /milore|vscode-webview|webview\/browser\/pre|dist\/(extension|webview|language-server|chunk)[\w-]*\.c?js/i;

export function listen(context: BrowserContext): Complaints {
  const complaints: Complaints = { console: [], policy: [], outside: [] };
  context.on('console', (message) => {
    const text = message.text();
    if (/Content Security Policy|Refused to/.test(text) && !noise.test(text)) complaints.policy.push(text);
    else if (message.type() === 'error' && !noise.test(text)) {
      // What VS Code says of itself now and then is shown, not counted.
      if (ours.test(`${message.location().url} ${text}`)) complaints.console.push(text);
      else console.log(`VS Code: ${text}`);
    }
  });
  context.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    const here =
      /^(data|blob|vscode-[a-z-]+):$/.test(protocol) || /^(127\.0\.0\.1|localhost|.*\.vscode-cdn\.net)$/.test(hostname);
    if (!here) complaints.outside.push(request.url());
  });
  return complaints;
}

/** Runs a command by its title, as a person types it. */
export async function palette(page: Page, title: string, timeout = 30_000): Promise<void> {
  // The list is drawn anew while it is filtered, so a click may hit another row; what has the focus is what runs.
  const row = page
    .locator('.quick-input-list .monaco-list-row')
    .filter({ has: page.getByText(title, { exact: true }) });
  const focused = page
    .locator('.quick-input-list .monaco-list-row.focused')
    .filter({ has: page.getByText(title, { exact: true }) });
  for (const end = Date.now() + timeout; ; ) {
    await page.keyboard.press('F1');
    const input = page.locator('.quick-input-widget input[type=text]');
    try {
      await input.waitFor({ state: 'visible', timeout: 3000 });
      await input.fill(`>${title}`);
      await row.first().waitFor({ timeout: 3000 });
      for (let i = 0; i < 10 && (await focused.count()) === 0; i++)
        await page.keyboard.press('ArrowDown', { delay: 50 });
      await focused.waitFor({ timeout: 1000 });
      // An editor that opens late takes the focus, and would take the key.
      await input.and(page.locator(':focus')).waitFor({ timeout: 1000 });
      await page.keyboard.press('Enter');
      return;
    } catch (error) {
      // Opened before the extension's commands were known, the list stays without them: open it anew.
      if (Date.now() > end) throw error;
      await page.keyboard.press('Escape');
      await page.waitForTimeout(500);
    }
  }
}

/** Chooses an entry of the quick pick that is open. */
export const pick = (page: Page, label: string): Promise<void> =>
  page.locator('.quick-input-list .monaco-list-row', { hasText: label }).first().click({ timeout: 20_000 });

/** The content of the one webview that is shown. */
export const dashboard = (page: Page): FrameLocator =>
  page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');

/** The workbench is there, and so is the extension: its status item is the last that it makes. */
export const workbench = (page: Page): Promise<void> =>
  page.locator('.part.statusbar .statusbar-item[id*="milore.status"]').waitFor({ timeout: 60_000 });

/** Opens a file of the workspace's first level from the explorer. */
export async function openFile(page: Page, name: string): Promise<void> {
  await page.locator('.explorer-folders-view .monaco-list-row', { hasText: name }).first().dblclick();
  // Its tab may stand there already, behind another.
  await page.locator('.tabs-container .tab.active', { hasText: name }).waitFor({ timeout: 15_000 });
  await page.locator('.editor-group-container.active .monaco-editor.focused').first().waitFor({ timeout: 15_000 });
}
