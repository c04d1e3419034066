/**
 * @file `npm run bench`: one training step on a model of HuBERT-base's size, timed through the product's own learner,
 * against this machine's own SGEMM and, with --peer, step by step against another program. Weights are random and
 * written by a process of their own, so that the peak measured here is that of training alone.
 */

import '../engine/telemetry.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { report } from '../cli/output.ts';
import { DEVICES, requireDevice } from '../engine/devices.ts';
import { calibrate } from '../learning/calibrate.ts';
import { newWeights } from '../model/new-base.ts';
import { trainsWith } from '../processes.ts';
import { WeightFile } from '../weights/file.ts';
import { CLIP_SECONDS, CLIPS, configOf, mixtureOf, randomBatch, shapeOf } from './model.ts';
import { errand, median, type PeerStep, startPeer, turn } from './peer.ts';
import { sgemmPeak } from './sgemm.ts';
import { EVALUATE, flopsOfStep, hashOf, RECIPE, type StepOptions, serveSteps } from './step.ts';
import { wholeRun } from './whole-run.ts';
import { writeBase } from './workspace.ts';

interface Options extends StepOptions {
  steps: number;
  peer?: string;
  /** Of a contestant: where the weights lie. */
  folder?: string;
  /** The whole of a training instead of a step. */
  run?: boolean;
  minutes: number;
  rounds: number;
  onlyPeer: boolean;
  json?: boolean;
}

interface Contestant {
  name: string;
  steps: PeerStep[];
  step(line?: string): Promise<PeerStep>;
  end(): void;
}

/**
 * The step that is measured, and whoever takes turns with it: itself in float32 and without a control, and another program.
 * All are programs of their own, and ours are started as the editor starts its sidecar.
 */
function contestants(folder: string, options: Options): Contestant[] {
  const { clips, threads, compute, control, device, profile, prepack, peer, large } = options;
  const { layers } = configOf(shapeOf(options));
  const environment = { THREADS: String(threads), LAYERS: String(layers) };
  const self = (...more: string[]) =>
    [process.execPath, fileURLToPath(import.meta.url), 'serve', '--folder', folder, '--layers', layers]
      .concat(large ? ['--large'] : [])
      .concat('--clips', clips, '--threads', threads, ...more)
      .map((part) => JSON.stringify(String(part)))
      .join(' ');
  const measured = ['--compute', compute, '--device', device]
    .concat(control ? ['--control'] : [])
    .concat(profile ? ['--profile', profile] : [])
    .concat(prepack ? ['--prepack'] : []);
  const commands: [string, string][] = [['', self(...measured)]];
  if (compute !== 'float32') commands.push(['float32', self(...(control ? ['--control'] : []))]);
  if (control) commands.push(['no control', self('--compute', compute, '--base-mask')]);
  if (peer) commands.push(['peer', peer]);
  return commands.map(([name, command]) => {
    const own = name === 'peer' ? {} : trainsWith();
    return { name, steps: [], ...startPeer(command, { ...environment, ...own }) };
  });
}

async function measure(folder: string, options: Options) {
  const all = contestants(folder, options);
  const [us, ...others] = all;
  for (const one of all) await one.step(); // memory is still being claimed
  // Who goes first alternates, so that none always follows another's heat.
  for (let i = 0; i < options.steps; i++)
    for (const one of i % 2 === 0 ? all : [...all].reverse()) one.steps.push(await turn(one.step));
  for (const other of others) other.end();
  const ours = us.steps;
  const { peakMiB, openedMs = Number.NaN } = ours[ours.length - 1];
  const { peakMiB: peakWithEvaluationMiB } = await us.step(EVALUATE);
  us.end();
  return { ours, others, peakMiB, peakWithEvaluationMiB, flops: flopsOfStep(folder, options), openedMs };
}

/** Is a contestant itself, so that two builds can take turns too. */
async function serve(options: Options) {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'milore-bench-'));
  try {
    if (!options.folder) prepareBench(folder, options);
    await serveSteps(folder, options);
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
      const cpuRatios = steps.flatMap(({ cpuMs }, i) => (cpuMs ? [(ours[i].cpuMs ?? Number.NaN) / cpuMs] : []));
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
  .option('--only-peer', 'with --run: leave out float32 and the run with a full cache, which take as long again', false)
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
