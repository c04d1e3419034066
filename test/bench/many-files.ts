/**
 * @file What a folder of very many short recordings takes to scan: each a WAV of its own sound. Prints time, processor time
 * and memory of a scan into an empty memory, or of the same again. `npm run bench:files -- [files]`.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { scanLanguage } from '../../sidecar/corpus/index.ts';
import { helpersHere } from '../../sidecar/threads.ts';
import { wav } from '../support/wav.ts';

const files = Number(process.argv[2] ?? 10_000);
const isAgain = process.argv[3] === 'again';
const root = resolve(`dist/bench-files/${files}`);
const perFolder = 1000;
const seconds = 0.5;

/** Differs in a sample: no two hash alike. */
function write(): void {
  const tone = Float32Array.from({ length: seconds * 16_000 }, (_, i) => 0.3 * Math.sin(i * 0.1));
  const bytes = wav([tone]);
  for (let i = 0; i < files; i++) {
    const folder = `${root}/speaker-${Math.floor(i / perFolder)}`;
    if (i % perFolder === 0) mkdirSync(folder, { recursive: true });
    bytes.writeUInt32LE(0x1000_0000 + i, bytes.length - 4);
    writeFileSync(`${folder}/${String(i).padStart(7, '0')}.wav`, bytes);
  }
  writeFileSync(`${root}/written`, '');
}

if (!existsSync(`${root}/written`)) write();
const cacheDir = resolve(`dist/bench-files/cache-${files}`);
if (!isAgain) rmSync(cacheDir, { recursive: true, force: true });
const before = process.memoryUsage().rss;
let peak = before;
const began = performance.now();
const corpus = await scanLanguage({ code: 'fin', root, cacheDir }, ({ done }) => {
  if (done % 500 === 0) peak = Math.max(peak, process.memoryUsage().rss);
});
const wall = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage();
(globalThis as { gc?: () => void }).gc?.();
const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
console.log(
  `${files} files${isAgain ? ', again' : ''}: ${wall.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of processor, ${((1000 * wall) / files).toFixed(2)} ms a file, ${helpersHere()} helpers; resident ${megabytes(before)} before, ${megabytes(Math.max(peak, process.resourceUsage().maxRSS * 1024))} at most, ${megabytes(process.memoryUsage().rss)} after; ${corpus.utterances.length} utterances`,
);
