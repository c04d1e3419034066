// npm run fuzz -- [--reader NAME …] [--inputs N | --minutes N] [--from I]: changed files, each by its number alone, so that a
// find can be had again. Every reader unless named. An error that is not in words, more than 2 s of the processor or 500 MB is
// kept in dist/fuzz/found/; an ended process is named by its input.
import { fork } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle } from '../bundle.mjs';

const { values } = parseArgs({
  options: {
    reader: { type: 'string', multiple: true },
    inputs: { type: 'string' },
    /** Of each reader. */
    minutes: { type: 'string' },
    from: { type: 'string', default: '0' },
  },
});
const out = resolve('dist/fuzz');
const found = join(out, 'found');
mkdirSync(found, { recursive: true });
copyFileSync('sidecar/audio/libav-audio/libav-audio.wasm', join(out, 'libav-audio.wasm'));
for (const part of ['child', 'readers']) await bundle(`test/fuzz/${part}.ts`, join(out, `${part}.mjs`));
process.env.MILORE_FUZZ_CASES = resolve('test/cases');
const { readers } = await import(join(out, 'readers.mjs'));

/** Of a process: what an input left in memory goes with it; a process takes as long to begin as a thousand small files. */
const batchOf = (reader) => (reader === 'audio' ? 500 : 5000);
const stuckMs = 120_000;

/** One batch in a process of its own; the number to go on from. */
function run(reader, from, to, totals) {
  return new Promise((done) => {
    const child = fork(join(out, 'child.mjs'), [reader, found, String(from), String(to)], {
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
        console.log(`${reader}: ended ${last.at}: the process ended (${signal ?? code}); again with --from ${last.at}`);
      }
      done(finished ? to : last.at + 1);
    });
  });
}

let finds = 0;
for (const reader of values.reader ?? Object.keys(readers)) {
  const totals = { inputs: 0, read: 0, refused: 0, raw: 0, slow: 0, large: 0, ended: 0 };
  const began = Date.now();
  const first = Number(values.from);
  const last = values.inputs === undefined ? Number.POSITIVE_INFINITY : first + Number(values.inputs);
  const end = values.inputs === undefined ? began + Number(values.minutes ?? 1) * 60_000 : Number.POSITIVE_INFINITY;
  for (let next = first; next < last && Date.now() < end; )
    next = await run(reader, next, Math.min(next + batchOf(reader), last), totals);
  finds += totals.raw + totals.slow + totals.large + totals.ended;
  console.log(`${reader}: ${JSON.stringify(totals)}, ${((Date.now() - began) / 60_000).toFixed(1)} min`);
}
process.exitCode = finds > 0 ? 1 : 0;
