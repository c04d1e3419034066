/**
 * @file `npm run bench`: one training step on a model of HuBERT-base's size, timed through the product's own learner,
 * against this machine's own SGEMM and, with --peer, step by step against another program. Weights are random and
 * written by a process of their own, so that the peak measured here is that of training alone.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { compile } from './engine/compile.ts';
import { flopsOf } from './engine/flops.ts';
import { Graph } from './engine/graph.ts';
import { gemm } from './engine/ops/linear.ts';
import { sum } from './engine/ops/reduce.ts';
import { Session } from './engine/session.ts';
import type { HubertConfig } from './model/checkpoint/huggingface.ts';
import { type LearnableConfig, parameterSpecs, stepGraph } from './model/learnable.ts';
import { newWeights } from './model/new-base.ts';
import { WeightFile } from './model/weights.ts';
import { keyed, normals } from './random.ts';
import { type Batch, Learner } from './training/learner.ts';

const CLIPS = 4;
const FRAMES = 249; // 5 s at 50 frames a second, less the front end's edge
const CLIP_SECONDS = 5;
const MASKED_SHARE = 0.56;

const RATES = { adapter: 1e-4, head: 1e-4 };
const ADAMW = { betas: [0.9, 0.98], epsilon: 1e-6, weightDecay: 0.01, clipNorm: 1 } as const;

const hubertBase = (layers: number): HubertConfig => ({
  hidden: 768,
  layers,
  heads: 12,
  feedForward: 3072,
  convDim: Array(7).fill(512),
  convKernel: [10, 3, 3, 3, 3, 2, 2],
  convStride: [5, 2, 2, 2, 2, 2, 2],
  convBias: false,
  extractorNorm: 'group',
  stableLayerNorm: false,
  projectionNorm: true,
  posKernel: 128,
  posGroups: 16,
  eps: 1e-5,
});

const mixtureOf = (base: HubertConfig): LearnableConfig => ({
  base,
  adapter: {
    kind: 'lora-mixture',
    mixture: {
      experts: Array(base.layers).fill(4),
      rank: Array(base.layers).fill(8),
      alpha: 16,
      targets: ['fc1', 'fc2'],
      router: { kind: 'dense', k: 1, share: 'site', balance: 0, zLoss: 0, init: 0.02 },
      init: 0.02,
    },
  },
  head: { projection: 256, units: 500, temperature: 0.1 },
  trainMask: true,
});

const hashOf = (layers: number) => `bench-${layers}`;

/** Frames masked one by one, as many as the peer masks. */
function randomBatch(width: number): Batch {
  const rows = CLIPS * FRAMES;
  const [uniform, draw] = [keyed('bench', 'mask'), normals('bench', 'features')];
  const mask = Float32Array.from({ length: rows }, () => (uniform() < MASKED_SHARE ? 1 : 0));
  const masked = [...mask.keys()].filter((i) => mask[i] === 1);
  return {
    clips: CLIPS,
    frames: FRAMES,
    speech: { data: Float32Array.from({ length: rows * width }, draw), shape: [rows, width] },
    mask,
    masked: BigInt64Array.from(masked, BigInt),
    labels: Float32Array.from(masked, () => Math.floor(500 * uniform())),
  };
}

/** The fastest of some products of 2048 × 3072 × 3072, in GFLOP/s. */
async function sgemmPeak(threads: number): Promise<number> {
  const [m, n] = [2048, 3072];
  const graph = new Graph();
  const y = sum(gemm(graph.input('a', [m, n]), graph.input('b', [n, n])), [0, 1]);
  const { bytes, ...compiled } = compile({ y }, 'cpu');
  const session = await Session.open(bytes, compiled, { device: 'cpu', threads });
  const feed = (rows: number) => ({ data: new Float32Array(rows * n).fill(0.5), shape: [rows, n] });
  const feeds = { a: feed(m), b: feed(n) };
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 8; i++) {
    const start = performance.now();
    await session.run(feeds, {});
    best = Math.min(best, performance.now() - start);
  }
  await session.release();
  return flopsOf({ y }, {}) / best / 1e6;
}

/** Runs this program again for one errand and returns what it printed. */
function errand(...args: string[]): string {
  const { status, stdout } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`internal: ${args[0]} failed`);
  return stdout;
}

interface PeerStep {
  wallMs: number;
  peakMiB: number;
  loss: number;
}

/** Another program that makes one step for each line it is sent, and answers each with a line of JSON. */
function startPeer(command: string, environment: Record<string, string>) {
  const child = spawn(command, {
    shell: true,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async step(): Promise<PeerStep> {
      child.stdin.write('\n');
      const { value, done } = await lines.next();
      if (done) throw new Error(`The peer "${command}" ended without an answer.`);
      return JSON.parse(value);
    },
    end: () => void child.stdin.end(),
  };
}

const median = (values: readonly number[]) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

interface Options {
  layers: number;
  steps: number;
  threads: number;
  peer?: string;
  profile?: string;
  json?: boolean;
}

async function measure(folder: string, { layers, steps, threads, peer: command, profile }: Options) {
  // First, while this process is small: a child's peak begins with its parent's.
  const peer = command ? startPeer(command, { THREADS: String(threads), LAYERS: String(layers) }) : undefined;
  const config = mixtureOf(hubertBase(layers));
  const file = WeightFile.existing(hashOf(layers), folder)!;
  const flops = flopsOf(stepGraph(config, file, parameterSpecs(config, file.weights)), {
    B: CLIPS,
    T: FRAMES,
    M: randomBatch(1).masked.length,
  });
  const learner = await Learner.open(config, file, file, 1, {
    device: 'cpu',
    threads,
    profile,
    prepack: process.env.NOPREPACK !== '1',
  });
  const batch = randomBatch(config.base.convDim.at(-1)!);
  const step = async () => {
    const start = performance.now();
    const { loss } = await learner.accumulate(batch);
    learner.update(RATES, ADAMW);
    return { wallMs: performance.now() - start, loss };
  };
  await step(); // memory is still being claimed
  await peer?.step();
  const ours: number[] = [];
  const theirs: PeerStep[] = [];
  for (let i = 0; i < steps; i++) {
    // Who goes first alternates, so that neither always follows the other's heat.
    if (peer && i % 2 === 1) theirs.push(await peer.step());
    ours.push((await step()).wallMs);
    if (peer && i % 2 === 0) theirs.push(await peer.step());
  }
  peer?.end();
  const peakMb = process.resourceUsage().maxRSS / 1024;
  await learner.release();
  return { ours, theirs, peakMb, flops };
}

async function bench(options: Options) {
  const { layers, steps, threads, json } = options;
  const folder = mkdtempSync(join(tmpdir(), 'milore-bench-'));
  try {
    const say = (text: string) => json || process.stdout.write(`${text}\n`);
    errand('weights', folder, String(layers));
    const before = Number(errand('peak', String(threads)));
    const { ours, theirs, peakMb, flops } = await measure(folder, options);
    const peak = Math.max(before, Number(errand('peak', String(threads))));
    const stepMs = median(ours);
    const gflops = flops / stepMs / 1e6;
    const ratios = theirs.map(({ wallMs }, i) => ours[i] / wallMs);
    const result = {
      machine: cpus()[0]?.model.trim(),
      threads,
      layers,
      steps,
      stepMs,
      gflopPerStep: flops / 1e9,
      gflopsPerSecond: gflops,
      sgemmPeak: peak,
      shareOfPeak: gflops / peak,
      audioSecondsPerSecond: (CLIPS * CLIP_SECONDS * 1000) / stepMs,
      peakMb,
      ...(theirs.length > 0
        ? {
            peer: {
              stepMs: median(theirs.map(({ wallMs }) => wallMs)),
              peakMb: Math.max(...theirs.map(({ peakMiB }) => peakMiB)),
              ratio: median(ratios),
              ratios,
            },
          }
        : {}),
    };
    if (json) return void process.stdout.write(`${JSON.stringify(result)}\n`);
    say(`${result.machine}, ${threads} threads; ${layers} × 768, ${CLIPS} × ${CLIP_SECONDS} s, fp32`);
    say(`step            ${stepMs.toFixed(0)} ms (median of ${steps}; ${ours.map((ms) => ms.toFixed(0)).join(', ')})`);
    say(`arithmetic      ${(flops / 1e9).toFixed(1)} GFLOP a step, products and convolutions of the graph`);
    say(
      `speed           ${gflops.toFixed(1)} GFLOP/s, ${(100 * result.shareOfPeak).toFixed(0)} % of SGEMM's ${peak.toFixed(1)}`,
    );
    say(`audio           ${result.audioSecondsPerSecond.toFixed(2)} s a second`);
    say(`peak memory     ${peakMb.toFixed(0)} MiB`);
    if (result.peer) {
      say(`peer            ${result.peer.stepMs.toFixed(0)} ms, ${result.peer.peakMb.toFixed(0)} MiB`);
      say(
        `ratio           ${result.peer.ratio.toFixed(3)} of the peer's (median of pairs; ${ratios.map((r) => r.toFixed(3)).join(', ')})`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const count = (text: string) => {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1) throw new Error(`${text} is not a whole number from 1.`);
  return n;
};

const program = new Command('bench')
  .description("Time a training step on a model of HuBERT-base's size with random weights.")
  .option('--layers <n>', 'transformer layers', count, 12)
  .option('--steps <n>', 'steps measured, after one that is not', count, 5)
  .option('--threads <n>', 'threads of the runtime and of the peer', count, availableParallelism())
  .option(
    '--peer <command>',
    'a program to take turns with: reads a line, makes a step, answers {wallMs, peakMiB, loss}',
  )
  .option('--profile <prefix>', "write the runtime's profile to files that begin so")
  .option('--json', 'one JSON object instead of text')
  .action(bench);
program.command('weights <folder> <layers>', { hidden: true }).action((folder: string, layers: string) => {
  const base = { hash: hashOf(Number(layers)), weights: newWeights(hubertBase(Number(layers)), 1) };
  WeightFile.prepare(base, folder);
});
program.command('peak <threads>', { hidden: true }).action(async (threads: string) => {
  process.stdout.write(String(await sgemmPeak(Number(threads))));
});
await program.parseAsync();
