/** @file A run in a temporary folder, for the tests of this room. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createRun } from '../../../sidecar/runs/run.ts';

const made: string[] = [];

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'milore-runs-'));
  made.push(folder);
  return folder;
}

export function newRun(name = 'add yoruba', root = temporaryFolder()) {
  return createRun(root, {
    name,
    configText: 'seed: 1\n',
    resolved: { training: { steps: 300 } },
    versions: { milore: '0.1.0' },
    device: 'cpu',
  });
}

afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});
