/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * @file A page in a real Chromium that is to the dashboard what the editor is: its message channel, its theme's
 * variables, and the strict policy. Nothing of the dashboard is replaced.
 */
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { ToHost, ToWebview } from '../../sidecar/protocol/dashboard.ts';
import themes from '../fixtures/webview/themes.json' with { type: 'json' };

export type ThemeName = keyof typeof themes;
export const themeNames = Object.keys(themes) as ThemeName[];

const root = resolve(import.meta.dirname, '../..');
export const executable = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const missing = existsSync(executable) ? '' : `no Chromium at ${executable}: set CHROMIUM to one`;

const classOf: Record<ThemeName, string> = {
  dark: 'vscode-dark',
  light: 'vscode-light',
  'hc-dark': 'vscode-high-contrast',
  'hc-light': 'vscode-high-contrast vscode-high-contrast-light',
};
const kindOf: Record<ThemeName, string> = {
  dark: 'vscode-dark',
  light: 'vscode-light',
  'hc-dark': 'vscode-high-contrast',
  'hc-light': 'vscode-high-contrast-light',
};

/** The one style element of the toolkit, which is empty when it is inserted. */
const styleHash = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='";
const policy = `default-src 'none'; script-src 'nonce-tested'; style-src 'self' ${styleHash}; img-src data: blob:`;

export interface Host {
  browser: Browser;
  /** A fresh dashboard. `saved` is what an earlier one gave to setState. */
  open(options?: {
    theme?: ThemeName;
    width?: number;
    height?: number;
    saved?: unknown;
    scale?: number;
  }): Promise<Dashboard>;
  close(): Promise<void>;
}

export interface Dashboard {
  page: Page;
  tell(...messages: ToWebview[]): Promise<void>;
  said(): Promise<ToHost[]>;
  saved(): Promise<unknown>;
  theme(name: ThemeName): Promise<void>;
  /** Console errors, policy violations, uncaught errors, and requests off the page's own server. */
  troubles: string[];
  /** After two drawings. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** @param entry the page's script: the dashboard's, or another of ours */
export async function host(entry = 'webview/main.ts'): Promise<Host> {
  const bundle = await build({
    entryPoints: { webview: join(root, entry) },
    bundle: true,
    write: false,
    outdir: 'unused',
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    minify: true,
  });
  const file = (end: string) => bundle.outputFiles.find(({ path }) => path.endsWith(end))?.text ?? '';
  const served: Record<string, [string, string]> = {
    '/webview.js': ['text/javascript', file('.js')],
    '/webview.css': ['text/css', file('.css')],
    '/page.html': ['text/html', html()],
  };
  const server = createServer((request, response) => {
    const [type, body] = served[request.url ?? ''] ?? ['text/plain', ''];
    response.writeHead(body ? 200 : 404, {
      'content-type': `${type}; charset=utf-8`,
      ...(type === 'text/html' ? { 'content-security-policy': policy } : {}),
    });
    response.end(body);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const browser = await chromium.launch({
    executablePath: executable,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  return {
    browser,
    async open({ theme = 'dark', width = 1200, height = 900, saved = null, scale = 1 } = {}) {
      const context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor: scale });
      const page = await context.newPage();
      const troubles: string[] = [];
      page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()));
      page.on('pageerror', (error) => troubles.push(String(error)));
      page.on('request', (request) => {
        if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(origin))
          troubles.push(`request to ${request.url()}`);
      });
      await page.addInitScript(editor, {
        saved,
        variables: themes[theme],
        classes: classOf[theme],
        kind: kindOf[theme],
      });
      await page.goto(`${origin}/page.html`);
      const probe = () => page.evaluate(() => (window as unknown as Probe).probe);
      return {
        page,
        troubles,
        async tell(...messages) {
          await page.evaluate((all) => {
            for (const message of all) window.dispatchEvent(new MessageEvent('message', { data: message }));
          }, messages);
        },
        said: async () => (await probe()).said,
        saved: async () => (await probe()).saved,
        async theme(name) {
          await page.evaluate(
            ([variables, classes, kind]) => {
              const { style } = document.documentElement;
              for (const key of [...style]) style.removeProperty(key);
              for (const [key, value] of Object.entries(variables)) style.setProperty(`--vscode-${key}`, value);
              document.body.dataset.vscodeThemeKind = kind;
              document.body.className = classes;
            },
            [themes[name] as Record<string, string>, classOf[name], kindOf[name]] as const,
          );
        },
        async settled() {
          await page.waitForTimeout(300);
          await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
        },
        close: () => context.close(),
      };
    },
    async close() {
      await browser.close();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

interface Probe {
  probe: { said: ToHost[]; saved: unknown };
}

interface Setting {
  saved: unknown;
  variables: Record<string, string>;
  classes: string;
  kind: string;
}

/** Runs in the page before its own scripts: what VS Code gives to every webview. */
function editor({ saved, variables, classes, kind }: Setting): void {
  const probe: Probe['probe'] = { said: [], saved };
  Object.assign(window, {
    probe,
    acquireVsCodeApi: () => ({
      postMessage: (message: ToHost) => probe.said.push(structuredClone(message)),
      getState: () => probe.saved,
      setState: (state: unknown) => {
        probe.saved = structuredClone(state);
      },
    }),
  });
  document.addEventListener('securitypolicyviolation', (event) =>
    console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
  );
  const dress = () => {
    document.documentElement.lang = 'en';
    for (const [key, value] of Object.entries(variables))
      document.documentElement.style.setProperty(`--vscode-${key}`, value);
    document.body.className = classes;
    document.body.dataset.vscodeThemeKind = kind;
  };
  // The editor's variables stand before the view's script runs.
  new MutationObserver((_, observer) => {
    if (!document.body) return;
    observer.disconnect();
    dress();
  }).observe(document, { childList: true, subtree: true });
}

function html(): string {
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><link rel="stylesheet" href="webview.css"><title>MiLorE</title></head>
<body><div id="app"></div><script nonce="tested" src="webview.js"></script></body>
</html>`;
}
