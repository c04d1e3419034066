// npm run bench:corpus -- [rows]: bundles long-manifest.ts and runs it twice, with a cold cache and a warm one.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { bundle } from '../bundle.mjs';

mkdirSync('dist/bench', { recursive: true });
copyFileSync('sidecar/audio/libav-audio/libav-audio.wasm', 'dist/bench/libav-audio.wasm');
await bundle('test/bench/long-manifest.ts', 'dist/bench/long-manifest.mjs');
for (let turn = 0; turn < 2; turn++)
  spawnSync(process.execPath, ['--expose-gc', 'dist/bench/long-manifest.mjs', ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
