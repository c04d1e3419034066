// npm run faults: builds, keeps that build aside, bundles main.ts and runs it; the arguments are its.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundle } from '../../bundle.mjs';

// Inside dist/, so that it finds its packages.
mkdirSync('dist/faults', { recursive: true });
const program = mkdtempSync(resolve('dist/faults/program-'));
for (const name of readdirSync('dist'))
  if (/\.(js|cjs|wasm)$/.test(name)) copyFileSync(join('dist', name), join(program, name));
await bundle('test/crash/faults/main.ts', join(program, 'main.mjs'));
process.exitCode =
  spawnSync(process.execPath, [join(program, 'main.mjs'), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, MILORE_FAULTS_PROGRAM: program },
  }).status ?? 1;
rmSync(program, { recursive: true });
