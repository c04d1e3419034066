import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { job } from '../crash/faults/processes.ts';
import { scratch } from '../support/reference.ts';
import { tinyRuns } from '../support/tiny-run.ts';

it('the service writes the report of a run that it trained', async () => {
  const { root, run } = tinyRuns();
  const { path } = (await run(['languages.fin.licence=CC BY 4.0'])).result.run;
  const out = join(scratch(), 'report');
  const { ended, text } = await job('report', { path, out }, root);
  expect(ended, text).toBe('done');
  for (const name of ['report.html', 'report.md', 'tables.tex', 'loss-matrix.svg', 'drift.svg'])
    expect(existsSync(join(out, name)), name).toBe(true);
  const markdown = readFileSync(join(out, 'report.md'), 'utf8');
  expect(markdown).toMatch(/^- \w{3} \(new\): .*loss \d\.\d\d, control \d\.\d\d/m);
  expect(markdown).toMatch(/parameters were trained/);
  expect(markdown).toMatch(/^\| fin \|.*\| CC BY 4\.0 \|$/m);
  expect(markdown).toMatch(/^\| eng \|.*\| not noted \|$/m);
  expect(markdown).toMatch(/By log-mel energies: \d+/);
}, 120_000);
