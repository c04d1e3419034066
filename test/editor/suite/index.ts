/** @file The suite that runs inside VS Code's extension host: mocha, its report in a file that the outer test reads. */
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';
import { languageTests } from './language.ts';
import { manifestTests } from './manifest.ts';

export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: 30_000, color: false });
  mocha.suite.emit('pre-require', globalThis, null as never, mocha);
  manifestTests();
  languageTests();
  const results: { title: string; error?: string }[] = [];
  const failures = await new Promise<number>((resolve) => {
    mocha
      .run(resolve)
      .on('pass', (test) => results.push({ title: test.fullTitle() }))
      .on('fail', (test, error: Error) =>
        results.push({ title: test.fullTitle(), error: error.stack ?? error.message }),
      );
  });
  if (process.env.MILORE_REPORT) writeFileSync(process.env.MILORE_REPORT, JSON.stringify(results));
  if (failures > 0) throw new Error(`${failures} failed`);
}
