// npm run fuzz -- --minutes N [--from I]: changed recordings, each by its number alone, so that a find can be had again.
// An error that is not in words, more than 2 s or 500 MB is kept in dist/fuzz/found/; an ended process is named by its input.
import { fork } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const { values } = parseArgs({ options: { minutes: { type: 'string' }, from: { type: 'string' } } });
const end = Date.now() + Number(values.minutes ?? 1) * 60_000;
const out = resolve('dist/fuzz');
const found = join(out, 'found');
mkdirSync(found, { recursive: true });
copyFileSync('sidecar/audio/libav-audio/libav-audio.wasm', join(out, 'libav-audio.wasm'));
await build({
  entryPoints: ['test/fuzz/audio.ts'],
  outfile: join(out, 'audio.mjs'),
  bundle: true,
  platform: 'node',
  format: 'esm',
  logLevel: 'warning',
  external: ['@wasm-audio-decoders/opus-ml'],
  banner: { js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);" },
});

const batch = 500;
const stuckMs = 20_000;
const totals = { inputs: 0, read: 0, refused: 0, raw: 0, slow: 0, large: 0, ended: 0 };
let next = Number(values.from ?? 0);

/** One batch in a process of its own; the number to go on from. */
function run(from) {
  return new Promise((done) => {
    const child = fork(join(out, 'audio.mjs'), [resolve('test/cases'), found, String(from), String(from + batch)], {
      execArgv: ['--max-old-space-size=1024'],
    });
    let last = { at: from };
    let finished = false;
    let watch = setTimeout(() => child.kill('SIGKILL'), stuckMs);
    child.on('message', (message) => {
      clearTimeout(watch);
      watch = setTimeout(() => child.kill('SIGKILL'), stuckMs);
      if (message.done) {
        finished = true;
        for (const [key, count] of Object.entries(message.done)) totals[key] += count;
      } else last = message;
    });
    child.on('exit', (code, signal) => {
      clearTimeout(watch);
      if (!finished) {
        totals.ended++;
        totals.inputs += last.at - from + 1;
        console.log(`ended ${last.at}: the process ended (${signal ?? code}); again with --from ${last.at}`);
      }
      done(finished ? from + batch : last.at + 1);
    });
  });
}

while (Date.now() < end) next = await run(next);
console.log(JSON.stringify(totals));
process.exitCode = totals.raw + totals.slow + totals.large + totals.ended > 0 ? 1 : 0;
