/** @file Chromium in front of the bench, and the workbench as a person sees it: dashboard, files, what went wrong. */
import {
  type Browser,
  type BrowserContext,
  chromium as driver,
  type Frame,
  type FrameLocator,
  type Page,
} from 'playwright-core';
import { type Bench, chromium, pageUrl } from './server.ts';
import { root } from './workspace.ts';

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
  /Ignoring fetching|AccountPolicyGate|connection token|Creating a socket|reconnection-grace|builtin extensions cache|AgentHost|Service Worker|ServiceWorker|product\.json|webPackagePaths|nls\.messages|An iframe which has both|Unrecognized feature|punycode|favicon|manifest\.json|[Tt]elemetry|chatParticipant|copilot|Copilot|status of 404|No authentication provider|extension gallery service|defaultAccount|github|during shutdown are unsupported|Canceled: Canceled/;

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

/** The content of the one webview that is shown. */
export const dashboard = (page: Page): FrameLocator =>
  page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');

/** The same, to evaluate in. */
export async function dashboardFrame(page: Page): Promise<Frame> {
  const handle = await page.frameLocator('iframe.webview.ready').locator('iframe#active-frame').elementHandle();
  const frame = await handle?.contentFrame();
  if (!frame) throw new Error('No dashboard is shown.');
  return frame;
}

/** The workbench is there, and so is the extension: its status item is the last that it makes. */
export const workbench = (page: Page): Promise<void> =>
  page.locator('.part.statusbar .statusbar-item[id*="milore.status"]').waitFor({ timeout: 60_000 });

/** The workbench with the extension under development, in a context of its own. */
export async function openWorkbench(
  browser: Browser,
  bench: Bench,
  viewport = { width: 1400, height: 900 },
): Promise<{ page: Page; complaints: Complaints }> {
  const context = await browser.newContext({ viewport });
  const complaints = listen(context);
  const page = await context.newPage();
  await page.goto(pageUrl(bench, { extension: root }));
  await workbench(page);
  return { page, complaints };
}

/** Opens a file of the workspace's first level from the explorer. */
export async function openFile(page: Page, name: string): Promise<void> {
  await page.locator('.explorer-folders-view .monaco-list-row', { hasText: name }).first().dblclick();
  // Its tab may stand there already, behind another.
  await page.locator('.tabs-container .tab.active', { hasText: name }).waitFor({ timeout: 15_000 });
  const group = page.locator('.editor-group-container.active');
  const focused = group.locator('.monaco-editor.focused').first();
  // Something that was drawn late may have taken the focus: then a click into the text, as a person would.
  await focused.waitFor({ timeout: 10_000 }).catch(() => group.locator('.monaco-editor .view-lines').first().click());
  await focused.waitFor({ timeout: 15_000 });
}

/** Until nothing in the document has changed for `quietMs`: what is drawn late has been drawn. */
export const settled = (frame: Frame, quietMs = 400): Promise<void> =>
  frame.evaluate(
    (quiet) =>
      new Promise<void>((resolve) => {
        const done = () => {
          observer.disconnect();
          resolve();
        };
        let timer = setTimeout(done, quiet);
        const observer = new MutationObserver(() => {
          clearTimeout(timer);
          timer = setTimeout(done, quiet);
        });
        observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
      }),
    quietMs,
  );
