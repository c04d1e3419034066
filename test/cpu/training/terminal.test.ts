import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { finished, milore, start } from '../../support/cli.ts';
import { tinyWorkspace } from '../../support/tiny.ts';

const { root, experiment } = tinyWorkspace();
afterAll(() => rmSync(root, { recursive: true }));

it('a run goes on with its experiment named beside it, tells its start again, and refuses another’s settings', async () => {
  const child = start(['train', experiment, '--json']);
  let asked = false;
  child.stdout!.on('data', (text) => {
    // Once: a second signal, at the checkpoint that the first one brought, would mean to leave at once.
    if (!asked && String(text).includes('"type":"checkpoint"')) asked = child.kill('SIGTERM');
  });
  expect((await finished(child)).code).toBe(75);
  const [id] = readdirSync(join(root, '.milore', 'runs'));
  const run = join(root, '.milore', 'runs', id);

  const text = readFileSync(experiment, 'utf8');
  writeFileSync(experiment, text.replace('batchSeconds: 8', 'batchSeconds: 9'));
  const refused = await milore(['train', experiment, '--resume', run]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/begun with other settings: training differs\. Leave .* out to go on/);

  writeFileSync(experiment, text);
  const resumed = await milore(['train', experiment, '--resume', run]);
  expect(resumed.stderr).toBe('');
  expect(resumed.code).toBe(0);
  const [, row] = /^fin \(new\) +(\S+)/m.exec(resumed.stdout) ?? [];
  expect(Number(row)).toBeGreaterThan(1);
  expect(resumed.stdout).not.toContain('–');
}, 60_000);
