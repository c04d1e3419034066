/**
 * @file What a long manifest takes: rows of 10 s over some recordings, read, scanned, split, cut, planned and drawn from as a
 * training does it. Prints resident memory by stage and the time of a draw. `npm run bench:corpus -- [rows]`.
 */
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadExperiment } from '../../sidecar/config/resolve.ts';
import { trainedClips, trainingSampler } from '../../sidecar/training/prepare/clips.ts';
import { plan } from '../../sidecar/training/prepare/index.ts';
import { wav } from '../support/wav.ts';

const rows = Number(process.argv[2] ?? 36_000);
const root = resolve('dist/bench-corpus');
/** Each of 10 minutes: rows overlap, so that little has to be decoded. */
const recordings = 10;
const seconds = 600;
const draws = 2000;

function write(): string {
  mkdirSync(root, { recursive: true });
  for (let i = 0; i < recordings; i++) {
    const file = `${root}/recording-${i}.wav`;
    if (existsSync(file)) continue;
    const samples = new Float32Array(seconds * 16_000).map(
      (_, at) => 0.3 * Math.sin(at * (0.03 + 0.01 * i)) * Math.sin(at / 9000),
    );
    writeFileSync(file, wav([samples]));
  }
  const manifest = `${root}/manifest-${rows}.tsv`;
  writeFileSync(manifest, 'path\tid\tspeaker\tstart\tend\n');
  let lines = '';
  for (let i = 0; i < rows; i++) {
    const start = ((Math.floor(i / recordings) * recordings * (seconds - 10)) / rows).toFixed(4);
    const name = `corpus_of_ten_second_rows_${String(i).padStart(8, '0')}`;
    const line = `recording-${i % recordings}.wav\t${name}\tspeaker-${i % 997}\t${start}\t${(Number(start) + 10).toFixed(4)}`;
    lines += `${line}\n`;
    if (i % 1000 < 999 && i < rows - 1) continue;
    appendFileSync(manifest, lines);
    lines = '';
  }
  const experiment = `${root}/rows-${rows}.milore.yaml`;
  writeFileSync(
    experiment,
    `base: { model: ${JSON.stringify(resolve('test/fixtures/hubert_tiny_base'))} }
languages:
  fin: { role: new, data: ${JSON.stringify(`${root}/manifest-${rows}.tsv`)}, layout: tsv }
adapter: { experts: 2, rank: 2 }
units: { layer: 2, clusters: 8 }
training: { steps: 10, batchSeconds: 60 }
seed: 3
`,
  );
  return experiment;
}

let peak = 0;
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage().rss);
}, 5);
watch.unref();
const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
/** After a collection where the process was started with --expose-gc. */
function told(what: string, since: number): void {
  const { user, system } = process.cpuUsage();
  (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  console.log(
    `${what.padEnd(12)} ${((performance.now() - since) / 1000).toFixed(1).padStart(7)} s, processor ${((user + system) / 1e6).toFixed(1).padStart(6)} s in all   heap ${megabytes(heapUsed)}, buffers ${megabytes(arrayBuffers)}, resident ${megabytes(rss)}, most so far ${megabytes(Math.max(peak, process.resourceUsage().maxRSS * 1024))} MB`,
  );
}

const file = write();
const { experiment } = await loadExperiment(file, []);
told('begin', performance.now());
let start = performance.now();
const planned = await plan(experiment, {
  cache: `${root}/cache-${rows}`,
  device: 'cpu',
  emit: () => {},
  signal: new AbortController().signal,
});
told('plan', start);
start = performance.now();
const fps = planned.frozen.framesPerSecond;
const clips = trainedClips(experiment, planned.clips, fps);
const sampler = trainingSampler(experiment, clips, fps);
told('sampler', start);
start = performance.now();
let drawn = 0;
for (let step = 0; step < draws; step++) for (const { crops } of sampler.next(step)) drawn += crops.length;
const ms = (performance.now() - start) / draws;
told('draws', start);
console.log(
  `${rows} rows, ${clips.length} clips train; a draw of ${(drawn / draws).toFixed(1)} clips takes ${ms.toFixed(3)} ms`,
);
