import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runTests } from '@vscode/test-electron';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missing } from './bench/server.ts';

const root = resolve(import.meta.dirname, '../..');
const reason = missing();

/** One suite, two hosts: here a stand-in for the executable; with MILORE_DESKTOP=1 the VS Code that is downloaded. */
describe.skipIf(reason && !process.env.MILORE_DESKTOP)(
  `inside the extension host${reason ? ` (not run: ${reason})` : ''}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'milore-suite-'));
    const report = join(folder, 'report.json');
    let results: { title: string; error?: string }[] = [];

    beforeAll(async () => {
      const suite = join(root, 'dist', 'test', 'suite.cjs');
      await build({
        entryPoints: [join(root, 'test/editor/suite/index.ts')],
        outfile: suite,
        bundle: true,
        platform: 'node',
        format: 'cjs',
        external: ['vscode', 'mocha'],
      });
      process.env.MILORE_REPORT = report;
      await runTests({
        ...(process.env.MILORE_DESKTOP
          ? {}
          : { vscodeExecutablePath: join(root, 'test/editor/bench/code-browser.sh') }),
        extensionDevelopmentPath: root,
        extensionTestsPath: suite,
        launchArgs: [join(root, 'extension/sample')],
      }).catch((error: Error) => console.error(error.message));
      if (existsSync(report)) results = JSON.parse(readFileSync(report, 'utf8'));
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it('runs every test of the suite', () => expect(results.length).toBeGreaterThanOrEqual(8));
    it('passes every test of the suite', () => {
      expect(results.filter(({ error }) => error).map(({ title, error }) => `${title}: ${error}`)).toEqual([]);
    });
  },
);
