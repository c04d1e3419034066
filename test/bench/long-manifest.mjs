// npm run bench:corpus -- [rows]: bundles long-manifest.ts and runs it twice, with a cold cache and a warm one.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { build } from 'esbuild';

mkdirSync('dist/bench', { recursive: true });
copyFileSync('sidecar/audio/libav-audio/libav-audio.wasm', 'dist/bench/libav-audio.wasm');
await build({
  entryPoints: ['test/bench/long-manifest.ts'],
  outfile: 'dist/bench/long-manifest.mjs',
  bundle: true,
  platform: 'node',
  format: 'esm',
  logLevel: 'warning',
  external: ['onnxruntime-node', '@wasm-audio-decoders/opus-ml'],
  banner: { js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);" },
});
for (let turn = 0; turn < 2; turn++)
  spawnSync(process.execPath, ['--expose-gc', 'dist/bench/long-manifest.mjs', ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
