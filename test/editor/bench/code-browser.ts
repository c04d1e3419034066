/**
 * @file Stands in for a VS Code executable: takes the desktop's arguments as @vscode/test-electron gives them, runs the
 * same suite in code-server and Chromium, and ends with its exit code. Run by code-browser.sh on the bench's own Node.
 */
import { parseArgs } from 'node:util';
import { openBrowser } from './browser.ts';
import { pageUrl, startBench } from './server.ts';

const limitMs = 180_000;
const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  strict: false,
  allowPositionals: true,
  options: { extensionTestsPath: { type: 'string' }, extensionDevelopmentPath: { type: 'string' } },
});
const bench = await startBench({ workspace: positionals[0] });
const browser = await openBrowser();
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
const environment = Object.fromEntries(Object.entries(process.env).filter(([key]) => key.startsWith('MILORE_')));
const code = await new Promise<number>((resolve) => {
  void page.exposeFunction('codeAutomationLog', (_type: string, args: unknown[]) => console.log(...args));
  void page.exposeFunction('codeAutomationExit', (status: number) => resolve(status));
  page.on('crash', () => resolve(98));
  setTimeout(() => resolve(99), limitMs).unref();
  void page.goto(
    pageUrl(bench, {
      extension: values.extensionDevelopmentPath as string,
      tests: values.extensionTestsPath as string,
      environment,
    }),
  );
});
await browser.close();
await bench.stop();
process.exit(code);
