/**
 * @file `npm run bench`: one training step on a model of HuBERT-base's size, timed through the product's own learner,
 * against this machine's own SGEMM and, with --peer, step by step against another program. Weights are random and
 * written by a process of their own, so that the peak measured here is that of training alone.
 */

import '../engine/telemetry.ts';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { report } from '../cli/output.ts';
import { DEVICES, requireDevice } from '../engine/devices.ts';
import { flopsOf } from '../engine/flops.ts';
import type { DeviceName } from '../engine/session.ts';
import { calibrate } from '../learning/calibrate.ts';
import { openLearners } from '../learning/open-learner.ts';
import { accumulateTogether, evaluateTogether } from '../learning/together.ts';
import { newWeights } from '../model/new-base.ts';
import { parameterSpecs, stepGraph } from '../objectives/learnable.ts';
import { WeightFile } from '../weights/file.ts';
import { quantise } from '../weights/quantised.ts';
import { CLIP_SECONDS, CLIPS, configOf, FRAMES, mixtureOf, randomBatch, shapeOf } from './model.ts';
import { errand, median, type PeerStep, startPeer, turn } from './peer.ts';
import { sgemmPeak } from './sgemm.ts';
import { wholeRun } from './whole-run.ts';
import { writeBase } from './workspace.ts';

const RATES = { adapter: 1e-4, head: 1e-4 };
const ADAMW = { betas: [0.9, 0.98], epsilon: 1e-6, weightDecay: 0.01, clipNorm: 1 } as const;

const hashOf = (shape: string) => `bench-${shape}`;

interface Options {
  /** 12, and 24 of a large one, unless told. */
  layers?: number;
  large: boolean;
  compute: 'float32' | 'int8';
  control: boolean;
  /** Of a contestant: the mask embedding does not train. */
  baseMask: boolean;
  clips: number;
  steps: number;
  threads: number;
  device: DeviceName;
  peer?: string;
  /** Of a contestant: where the weights lie. */
  folder?: string;
  profile?: string;
  /** The whole of a training instead of a step. */
  run?: boolean;
  minutes: number;
  rounds: number;
  prepack?: boolean;
  json?: boolean;
}

type StepResult = Required<PeerStep>;
const RECIPE = 'recipe.json';

/** The product's learner on one fixed batch; `step` is forward, backward, clipping and AdamW of every arm. */
async function openBench(
  folder: string,
  { layers, large, clips, threads, device, profile, prepack, compute, control, baseMask }: Options,
) {
  const shape = shapeOf({ layers, large });
  // A base that brings its mask embedding, as most do: a control that must train one goes all the way back through it.
  const config = { ...mixtureOf(configOf(shape)), ...(control || baseMask ? { trainMask: false } : {}) };
  const file = WeightFile.existing(hashOf(shape), folder)!;
  const batch = randomBatch(config.base.convDim.at(-1)!, clips);
  const flops = flopsOf(stepGraph(config, file, parameterSpecs(config, file.weights)), {
    B: clips,
    T: FRAMES,
    M: batch.masked.length,
  });
  const recipe = compute === 'int8' ? JSON.parse(readFileSync(join(folder, RECIPE), 'utf8')) : undefined;
  const began = performance.now();
  const models = [{ config }, ...(control ? [{ config: { ...config, adapter: { kind: 'none' } as const } }] : [])];
  const options = { device, threads, profile, ...(prepack ? { prepack } : {}) };
  const learners = await openLearners(models, file, file, 1, options, recipe && quantise(file, recipe));
  const step = async (): Promise<StepResult> => {
    const start = performance.now();
    const cpu = process.cpuUsage();
    const [{ loss }] = await accumulateTogether(learners, batch);
    for (const learner of learners) await learner.update(RATES, ADAMW);
    const wallMs = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    return { wallMs, cpuMs: (user + system) / 1000, loss, peakMiB: process.resourceUsage().maxRSS / 1024 };
  };
  const evaluate = () => evaluateTogether(learners, batch);
  const release = async () => {
    for (const learner of learners) await learner.release();
  };
  return { step, evaluate, release, flops, began };
}

interface Contestant {
  name: string;
  steps: PeerStep[];
  step(): Promise<PeerStep>;
  end(): void;
}

/** Whoever takes turns with the step that is measured: itself in float32 and without a control, and another program. */
function contestants(folder: string, options: Options): Contestant[] {
  const { clips, threads, compute, control, peer, large } = options;
  const { layers } = configOf(shapeOf(options));
  const environment = { THREADS: String(threads), LAYERS: String(layers) };
  const self = (...more: string[]) =>
    [process.execPath, fileURLToPath(import.meta.url), 'serve', '--folder', folder, '--layers', layers]
      .concat(large ? ['--large'] : [])
      .concat('--clips', clips, '--threads', threads, ...more)
      .map((part) => JSON.stringify(String(part)))
      .join(' ');
  const commands: [string, string][] = [];
  if (compute !== 'float32') commands.push(['float32', self(...(control ? ['--control'] : []))]);
  if (control) commands.push(['no control', self('--compute', compute, '--base-mask')]);
  if (peer) commands.push(['peer', peer]);
  return commands.map(([name, command]) => ({ name, steps: [], ...startPeer(command, environment) }));
}

async function measure(folder: string, options: Options) {
  // First, while this process is small: a child's peak begins with its parent's.
  const others = contestants(folder, options);
  const { step, evaluate, release, flops, began } = await openBench(folder, options);
  await step(); // memory is still being claimed
  const openedMs = performance.now() - began;
  for (const other of others) await other.step();
  const ours: StepResult[] = [];
  const us: Pick<Contestant, 'step' | 'steps'> = { step, steps: ours };
  // Who goes first alternates, so that none always follows another's heat.
  for (let i = 0; i < options.steps; i++)
    for (const one of i % 2 === 0 ? [us, ...others] : [...others, us]) one.steps.push(await turn(one.step));
  for (const other of others) other.end();
  const peakMiB = ours[ours.length - 1].peakMiB;
  await evaluate();
  const peakWithEvaluationMiB = process.resourceUsage().maxRSS / 1024;
  await release();
  return { ours, others, peakMiB, peakWithEvaluationMiB, flops, openedMs };
}

/** Is a peer itself: one step for each line, so that two builds can take turns. */
async function serve(options: Options) {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'milore-bench-'));
  try {
    if (!options.folder) prepareBench(folder, options);
    const { step, release } = await openBench(folder, options);
    for await (const _ of createInterface({ input: process.stdin }))
      process.stdout.write(`${JSON.stringify(await step())}\n`);
    await release();
  } finally {
    if (!options.folder) rmSync(folder, { recursive: true, force: true });
  }
}

/** By processes of their own, so that the peak measured here is that of training alone. */
function prepareBench(folder: string, options: Options): void {
  errand('weights', folder, shapeOf(options));
  if (options.compute === 'int8') errand('calibrate', folder, shapeOf(options));
}

async function bench(options: Options) {
  const { clips, steps, threads, device, compute, control, json } = options;
  const { layers, hidden } = configOf(shapeOf(options));
  const folder = mkdtempSync(join(tmpdir(), 'milore-bench-'));
  try {
    const say = (text: string) => json || process.stdout.write(`${text}\n`);
    prepareBench(folder, options);
    const before = Number(errand('peak', String(threads)));
    const { ours, others, peakMiB, peakWithEvaluationMiB, flops, openedMs } = await measure(folder, options);
    const peak = Math.max(before, Number(errand('peak', String(threads))));
    const stepMs = median(ours.map(({ wallMs }) => wallMs));
    const gflops = flops / stepMs / 1e6;
    const compared = others.map(({ name, steps }) => {
      const ratios = steps.map(({ wallMs }, i) => ours[i].wallMs / wallMs);
      const cpuRatios = steps.flatMap(({ cpuMs }, i) => (cpuMs ? [ours[i].cpuMs / cpuMs] : []));
      return {
        name,
        stepMs: median(steps.map(({ wallMs }) => wallMs)),
        peakMiB: Math.max(...steps.map(({ peakMiB }) => peakMiB)),
        loss: steps.at(-1)!.loss,
        ratio: median(ratios),
        ratios,
        ...(cpuRatios.length > 0 ? { cpuRatio: median(cpuRatios) } : {}),
      };
    });
    const result = {
      device,
      compute,
      control,
      machine: cpus()[0]?.model.trim(),
      threads,
      layers,
      clips,
      steps,
      stepMs,
      gflopPerStep: flops / 1e9,
      gflopsPerSecond: gflops,
      sgemmPeak: peak,
      shareOfPeak: gflops / peak,
      audioSecondsPerSecond: (clips * CLIP_SECONDS * 1000) / stepMs,
      peakMiB,
      peakWithEvaluationMiB,
      openedMs,
      compared,
    };
    if (json) return void process.stdout.write(`${JSON.stringify(result)}\n`);
    say(
      `${device === 'cpu' ? '' : `${device}; `}${result.machine}, ${threads} threads; ${layers} × ${hidden}, ${clips} × ${CLIP_SECONDS} s, ${compute}${control ? ', with a control' : ''}`,
    );
    say(
      `step            ${stepMs.toFixed(0)} ms (median of ${steps}; ${ours.map(({ wallMs }) => wallMs.toFixed(0)).join(', ')})`,
    );
    say(`arithmetic      ${(flops / 1e9).toFixed(1)} GFLOP a step, products and convolutions of the graph`);
    say(
      `speed           ${gflops.toFixed(1)} GFLOP/s, ${(100 * result.shareOfPeak).toFixed(0)} % of SGEMM's ${peak.toFixed(1)}`,
    );
    say(`audio           ${result.audioSecondsPerSecond.toFixed(2)} s a second`);
    say(`peak memory     ${peakMiB.toFixed(0)} MiB, ${peakWithEvaluationMiB.toFixed(0)} MiB with an evaluation`);
    say(`opening         ${(openedMs / 1000).toFixed(1)} s with the first step`);
    for (const { name, stepMs, peakMiB, ratio, ratios, cpuRatio, loss } of compared) {
      say(`${name.padEnd(16)}${stepMs.toFixed(0)} ms, ${peakMiB.toFixed(0)} MiB, loss ${loss.toFixed(4)}`);
      say(`  ratio         ${ratio.toFixed(3)} (median of pairs; ${ratios.map((r) => r.toFixed(3)).join(', ')})`);
      if (cpuRatio) say(`  processor     ${cpuRatio.toFixed(3)} of its time (median of pairs)`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const count = (text: string) => {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError('It takes a whole number from 1.');
  return n;
};

const program = new Command('bench')
  .description("Time a training step on a model of HuBERT-base's size with random weights.")
  .addOption(
    new Option('--compute <how>', 'frozen products in float32, or in 8 bits beside float32')
      .choices(['float32', 'int8'])
      .default('float32'),
  )
  .option('--control', 'with a control, beside a step without', false)
  .addOption(new Option('--folder <path>').hideHelp())
  .addOption(new Option('--base-mask').default(false).hideHelp())
  .option('--layers <n>', 'transformer layers; 12, or 24 of a large one', count)
  .option('--large', "a model of HuBERT-large's size", false)
  .option('--clips <n>', 'clips of 5 s in a step; a peer makes four', count, CLIPS)
  .option('--steps <n>', 'turns of two steps, the second of which is measured; with --run steps trained', count, 5)
  .option('--threads <n>', 'threads of the runtime and of the peer', count, availableParallelism())
  .addOption(new Option('--device <device>', 'where the step computes').choices(DEVICES).default('cpu'))
  .option(
    '--peer <command>',
    'a program to take turns with: reads a line, makes a step, answers {wallMs, peakMiB, loss}',
  )
  .option('--profile <prefix>', "write the runtime's profile to files that begin so")
  .option('--run', 'a whole `milore train` on real speech instead of a step; a peer is given the file of a job', false)
  .option('--minutes <n>', 'of speech, with --run', count, 2)
  .option('--rounds <n>', 'of everybody, with --run', count, 1)
  .option('--prepack', 'give each session packed copies of the weights', false)
  .option('--json', 'one JSON object instead of text')
  .addArgument(
    new Argument('[serve]', 'make one step for each line of standard input instead: be a peer').choices(['serve']),
  )
  .action(async (verb: string | undefined, options: Options) => {
    await requireDevice(options.device, 'time a step');
    if (verb === 'serve') return serve(options);
    return options.run ? wholeRun(options) : bench(options);
  });
program.command('base <folder> <shape>', { hidden: true }).action((folder: string, shape: string) => {
  writeBase(folder, configOf(shape));
});
program.command('weights <folder> <shape>', { hidden: true }).action((folder: string, shape: string) => {
  WeightFile.prepare({ hash: hashOf(shape), weights: newWeights(configOf(shape), 1) }, folder);
});
program.command('calibrate <folder> <shape>', { hidden: true }).action(async (folder: string, shape: string) => {
  const config = mixtureOf(configOf(shape));
  const file = WeightFile.existing(hashOf(shape), folder)!;
  const { recipe } = await calibrate(config, file, randomBatch(config.base.convDim.at(-1)!, 2), 1);
  writeFileSync(join(folder, RECIPE), JSON.stringify(recipe));
});
program.command('peak <threads>', { hidden: true }).action(async (threads: string) => {
  process.stdout.write(String(await sgemmPeak(Number(threads))));
});

try {
  await program.exitOverride().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    report(error, process.argv.includes('--json'));
    process.exitCode = 1;
  }
}
