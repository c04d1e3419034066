// npm run bench:files -- [files]: bundles many-files.ts and runs it twice, with an empty memory of the scan and a full one.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { bundle } from '../bundle.mjs';

mkdirSync('dist/bench', { recursive: true });
copyFileSync('sidecar/audio/libav-audio/libav-audio.wasm', 'dist/bench/libav-audio.wasm');
await bundle('test/bench/many-files.ts', 'dist/bench/many-files.mjs');
await bundle('sidecar/helper.ts', 'dist/bench/helper.js');
for (const turn of ['first', 'again'])
  spawnSync(process.execPath, ['--expose-gc', 'dist/bench/many-files.mjs', process.argv[2] ?? '10000', turn], {
    stdio: 'inherit',
  });
