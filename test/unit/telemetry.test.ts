import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const firstImport = (path: string) => /^import .*$/m.exec(readFileSync(path, 'utf8'))?.[0];

it('the runtime is told to report nothing before it is loaded, in the process and in what it starts', () => {
  // What is imported first is evaluated first; a worker's environment is a copy of its process's.
  for (const path of ['sidecar/cli.ts', 'sidecar/server/worker.ts', 'sidecar/bench/main.ts'])
    expect(firstImport(path), path).toMatch(/^import '\.{1,2}\/engine\/telemetry\.ts';$/);
  // The one that loads it.
  expect(firstImport('sidecar/engine/runtime.ts')).toBe("import './telemetry.ts';");
});

it('an environment that says otherwise is not believed', async () => {
  process.env.ORT_DISABLE_TELEMETRY = '0';
  await import('../../sidecar/engine/session.ts');
  expect(process.env.ORT_DISABLE_TELEMETRY).toBe('1');
});
