// node test/bench/many-ranks.mjs [RUN [RANKS]]: what 8, 64 and 512 ranks would cost, by simulation with measured constants. From a
// run (npm run bench:ranks says where its constants come from) come a shard's compute times and the sizes; from the network
// its latency and bandwidth, which nobody here has measured. A step waits for its slowest rank; its gradient goes round by
// a ring all-reduce (Patarasuk and Yuan 2009): 2 (n − 1) messages one after the other, 2 (n − 1)/n of all bytes through each link.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Seconds. @param ranks n @param bytes of the whole vector @param latency seconds a message @param bandwidth bytes a second */
export const ringSeconds = (ranks, bytes, latency, bandwidth) =>
  ranks === 1 ? 0 : 2 * (ranks - 1) * (latency + bytes / ranks / bandwidth);

/** By a binary tree, down and up (MPI's choice where messages are many and small): seconds. */
export const treeSeconds = (ranks, bytes, latency, bandwidth) =>
  2 * Math.ceil(Math.log2(ranks)) * (latency + bytes / bandwidth);

/** Mean over draws of the slowest of n, from measured times. */
export function slowest(times, ranks, draws = 2000) {
  let state = 1;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  let sum = 0;
  for (let draw = 0; draw < draws; draw++) {
    let most = 0;
    for (let rank = 0; rank < ranks; rank++) most = Math.max(most, times[Math.floor(random() * times.length)]);
    sum += most;
  }
  return sum / draws;
}

/** What a run measured: seconds of compute a step, trained parameters, bytes a step of batches.jsonl a shard. */
export function constantsOf(run) {
  const lines = (name) =>
    readFileSync(join(run, name), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  const { training } = JSON.parse(readFileSync(join(run, 'resolved.json'), 'utf8'));
  const log = lines('log.jsonl');
  const spent = log.filter(({ type, seconds }) => type === 'spent' && seconds.update > 0).slice(1);
  const trained = parametersIn(join(run, 'checkpoints'));
  const shards = training.shards ?? 1;
  const batches = readFileSync(join(run, 'batches.jsonl'), 'utf8').trim().split('\n');
  const bytes = batches.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
  const steps = new Set(batches.map((line) => JSON.parse(line).step)).size;
  return {
    computeSeconds: spent.map(({ seconds }) => seconds.compute),
    trained,
    shards,
    batchBytes: bytes / steps / shards,
  };
}

/** Of the adapted arm, as the newest checkpoint's header has it. */
function parametersIn(checkpoints) {
  const newest = readdirSync(checkpoints).sort().at(-1);
  const file = readFileSync(join(checkpoints, newest, 'state.safetensors'));
  const header = JSON.parse(file.toString('utf8', 8, 8 + Number(file.readBigUInt64LE(0))));
  return header['adapted.parameters'].shape[0];
}

/**
 * Without a run, what docs/performance.md has of a model of HuBERT-base's size, 4 × 5 s a batch, on two cores; four experts
 * of rank 8 on both feed-forward matrices, their routers and a head of 256; and the bytes that a batch of four clips took.
 */
const known = {
  computeSeconds: [1.369, 1.383, 1.415, 1.597],
  trained: 12 * 2 * (768 + 3072) * 8 * 4 + 12 * (768 + 3072) * 4 + (768 + 100) * 256,
  shards: 1,
  batchBytes: 632,
};
/** Measured on 2026-11-26 on one core that others wanted too (sums.ts): adding and scaling back a parameter's gradient. */
const addSeconds = 14.5e-9;
const networks = {
  '10 Gb/s Ethernet': { latency: 30e-6, bandwidth: 1.1e9 },
  '100 Gb/s InfiniBand': { latency: 2e-6, bandwidth: 11e9 },
};

function tell() {
  const { computeSeconds, trained, shards, batchBytes } = process.argv[2] ? constantsOf(process.argv[2]) : known;
  // One process had all of them; a rank has one.
  const ranksThen = Number(process.argv[3] ?? 1);
  const shardSeconds = computeSeconds.map((seconds) => (seconds * ranksThen) / shards);
  const bytes = 8 * trained;
  console.log(
    `${trained.toLocaleString('en-US')} trained parameters: ${(bytes / 2 ** 20).toFixed(1)} MiB a step; a batch takes ${Math.min(...shardSeconds).toFixed(2)} to ${Math.max(...shardSeconds).toFixed(2)} s`,
  );
  console.log('ranks  network              compute, slowest  all-reduce  sums    share  batches.jsonl a 100,000 steps');
  for (const [name, { latency, bandwidth }] of Object.entries(networks))
    for (const ranks of [1, 8, 64, 512]) {
      const compute = slowest(shardSeconds, ranks);
      const reduce =
        ranks === 1
          ? 0
          : Math.min(ringSeconds(ranks, bytes, latency, bandwidth), treeSeconds(ranks, bytes, latency, bandwidth));
      const sums = trained * addSeconds;
      const share = reduce / (compute + reduce + sums);
      const cells = [
        String(ranks).padStart(5),
        name.padEnd(19),
        `${compute.toFixed(3)} s`.padStart(16),
        `${(1000 * reduce).toFixed(1)} ms`.padStart(10),
        `${(1000 * sums).toFixed(0)} ms`.padStart(6),
        `${(100 * share).toFixed(1)} %`.padStart(6),
        `${((ranks * batchBytes * 1e5) / 1e9).toFixed(1)} GB`.padStart(9),
      ];
      console.log(cells.join('  '));
    }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) tell();
