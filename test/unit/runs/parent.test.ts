import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createRun, openRun } from '../../../sidecar/runs/run.ts';
import { temporaryFolder } from './folder.ts';

it('a fork’s folder says whose parameters it began with; what is no such thing is left out', () => {
  const made = createRun(temporaryFolder(), {
    name: 'fork',
    configText: '',
    resolved: {},
    versions: {},
    device: 'cpu',
    parent: { run: '20261126-101112-first-abcd', step: 100 },
  });
  expect(openRun(made.path).parent).toEqual({ run: '20261126-101112-first-abcd', step: 100 });
  const file = join(made.path, 'run.json');
  const info = JSON.parse(readFileSync(file, 'utf8'));
  for (const parent of [{ run: 7, step: 1 }, { run: 'x', step: -1 }, { run: 'x', step: 1.5 }, 'x', null]) {
    writeFileSync(file, JSON.stringify({ ...info, parent }));
    expect(openRun(made.path).parent).toBeUndefined();
  }
});
