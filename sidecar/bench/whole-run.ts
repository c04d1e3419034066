/**
 * @file `npm run bench -- --run`: the whole of `milore train`, from recordings to adapter, as a process of its own on a base
 * of HuBERT's size with an empty cache; where its time goes as its own log tells, its peak, what it wrote; and other ways to
 * do the same job, taking turns.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { trainsWith } from '../processes.ts';
import type { Spent } from '../training/stopwatch.ts';
import { CLIP_SECONDS, configOf, shapeOf } from './model.ts';
import { errand, median } from './peer.ts';
import { findSpeech, type RunOptions, writeExperiment, writePeerJob } from './workspace.ts';

export interface WholeRunOptions extends RunOptions {
  compute: 'float32' | 'int8';
  control: boolean;
  threads: number;
  rounds: number;
  /** A program that is given a job's file and does it. */
  peer?: string;
  /** Neither float32 nor a run with a full cache beside it. */
  onlyPeer: boolean;
  json?: boolean;
}

/** One whole run of anybody's. */
export interface WholeRun {
  wallSeconds: number;
  /** Processor time of all threads; absent where the system does not tell. */
  processorSeconds?: number;
  peakMiB?: number;
  /** Written to disk, and what lies there at the end. */
  writtenMiB?: number;
  keptMiB?: number;
  /** Where the time went, and the processor's. */
  seconds: Record<string, number>;
  processor: Record<string, number>;
  /** Of each step after the first: load, compute, update and log. */
  steps: Record<string, number>[];
}

interface Contestant {
  name: string;
  runs: WholeRun[];
  turn(): Promise<WholeRun>;
}

const milore = fileURLToPath(new URL('./milore.js', import.meta.url));
const OF_A_STEP = ['load', 'compute', 'update', 'log'];

type Asked = Omit<WholeRunOptions, 'clipSeconds' | 'layer' | 'clusters' | 'heldOutSeconds'> & {
  layers?: number;
  large: boolean;
};

/** On a base that a process of its own has written. */
export async function wholeRun(asked: Asked): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'milore-bench-'));
  try {
    const model = join(folder, 'base');
    errand('base', model, shapeOf(asked));
    const layer = Math.max(1, Math.round(0.75 * configOf(shapeOf(asked)).layers));
    const job = { clipSeconds: CLIP_SECONDS, layer, clusters: 100, heldOutSeconds: 2 * CLIP_SECONDS };
    await takeTurns(folder, model, { ...asked, ...job });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param folder for what is made @param model the base's folder */
async function takeTurns(folder: string, model: string, options: WholeRunOptions): Promise<void> {
  const { compute, control, peer, onlyPeer, rounds, json } = options;
  const speech = findSpeech(resolve(fileURLToPath(new URL('..', import.meta.url))));
  const root = join(folder, 'workspace');
  const experiment = writeExperiment(root, model, speech, options);
  const own = (set: Record<string, unknown>) => () => trainOnce(root, experiment, set, options);
  const ours: Contestant[] = [{ name: compute, runs: [], turn: own({ compute, control }) }];
  if (control) ours.push({ name: 'no control', runs: [], turn: own({ compute, control: false }) });
  if (compute !== 'float32' && !onlyPeer)
    ours.push({ name: 'float32', runs: [], turn: own({ compute: 'float32', control }) });
  if (peer)
    ours.push({ name: 'peer', runs: [], turn: () => peerOnce(peer, writePeerJob(root, speech, options), options) });
  for (let round = 0; round < rounds; round++)
    // Who goes first alternates, so that none always follows another's heat.
    for (const one of round % 2 === 0 ? ours : [...ours].reverse()) one.runs.push(await one.turn());
  const again = onlyPeer
    ? undefined
    : await trainOnce(root, experiment, { compute, control }, options, 'keep the cache');
  if (json) process.stdout.write(`${JSON.stringify({ options, contestants: ours, again })}\n`);
  else process.stdout.write(`${inWords(options, ours, again)}\n`);
}

/** `milore train` with an empty cache, started as the editor starts its sidecar. */
async function trainOnce(
  root: string,
  experiment: string,
  set: Record<string, unknown>,
  { threads }: WholeRunOptions,
  cache: 'keep the cache' | 'empty cache' = 'empty cache',
): Promise<WholeRun> {
  const home = join(root, '.milore');
  const clear = cache === 'empty cache' ? home : join(home, 'runs');
  rmSync(clear, { recursive: true, force: true });
  const sets = Object.entries(set).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  const told = await followed(process.execPath, [milore, 'train', experiment, '--json', '--device', 'cpu', ...sets], {
    MILORE_THREADS: String(threads),
    ...trainsWith(),
  });
  const lines = told.out.split('\n').flatMap((line): Line[] => {
    try {
      return [JSON.parse(line)];
    } catch {
      return [];
    }
  });
  const seconds: Record<string, number> = {};
  const processor: Record<string, number> = {};
  const steps: Record<string, number>[] = [];
  const add = (to: Record<string, number>, parts: Record<string, number>) => {
    for (const [name, value] of Object.entries(parts)) to[name] = (to[name] ?? 0) + value;
  };
  for (const line of lines) {
    if (line.type !== 'spent') continue;
    add(seconds, line.seconds);
    add(processor, line.processorSeconds);
    if (line.step > 1 && 'compute' in line.seconds) steps.push(line.seconds);
  }
  return { ...told.taken, keptMiB: sizeOf(home) / 2 ** 20, seconds, processor, steps };
}

type Line = ({ type: 'spent' } & Spent & { step: number }) | { type: 'other' };

async function peerOnce(command: string, job: string, { threads }: WholeRunOptions): Promise<WholeRun> {
  const { out, taken } = await followed('/bin/sh', ['-c', `exec ${command} ${JSON.stringify(job)}`], {
    THREADS: String(threads),
  });
  const { seconds, processor, peakMiB } = JSON.parse(out.trim().split('\n').at(-1)!);
  return { ...taken, peakMiB: peakMiB ?? taken.peakMiB, seconds, processor: processor ?? {}, steps: [] };
}

/** Runs a program to its end beside a look at what the system says of it. */
async function followed(program: string, args: readonly string[], environment: Record<string, string>) {
  const began = performance.now();
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  let taken: ReturnType<typeof ofProcess> = {};
  const look = setInterval(() => (taken = { ...taken, ...ofProcess(child.pid!) }), 100);
  const code = await new Promise((resolve) => child.once('close', resolve));
  clearInterval(look);
  if (code !== 0) throw new Error(`internal: ${program} ended with ${code}: ${out.slice(-500)}`);
  return { out, taken: { ...taken, wallSeconds: (performance.now() - began) / 1000 } };
}

/** Linux alone tells; a clock tick is a hundredth of a second there. */
function ofProcess(pid: number): Pick<WholeRun, 'peakMiB' | 'processorSeconds' | 'writtenMiB'> {
  try {
    const of = (file: string, name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/${file}`, 'utf8'))?.[1]);
    const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
      .slice(11, 13);
    const peak = of('status', 'VmHWM') / 1024;
    if (!(peak > 0)) return {};
    return {
      peakMiB: peak,
      processorSeconds: (Number(user) + Number(system)) / 100,
      writtenMiB: of('io', 'write_bytes') / 2 ** 20,
    };
  } catch {
    return {};
  }
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? sizeOf(path) : statSync(path).size);
  }, 0);
}

const sumOf = (parts: Record<string, number>, names: readonly string[]) =>
  names.reduce((sum, name) => sum + (parts[name] ?? 0), 0);

/** The share of each part of a step, of all steps after the first together. */
export function stepShares(steps: readonly Record<string, number>[]): Record<string, number> {
  const whole = steps.reduce((sum, one) => sum + sumOf(one, OF_A_STEP), 0);
  return Object.fromEntries(
    OF_A_STEP.map((name) => [name, steps.reduce((sum, one) => sum + (one[name] ?? 0), 0) / whole]),
  );
}

const each = (names: readonly string[], of: (name: string) => number) =>
  names.map((name) => `${name} ${of(name).toFixed(2)}`).join(', ');

function inWords(options: WholeRunOptions, all: readonly Contestant[], again?: WholeRun): string {
  const { minutes, steps, clips, clipSeconds, threads, control } = options;
  const [first] = all;
  const of = (one: Contestant, read: (run: WholeRun) => number | undefined) =>
    median(one.runs.map((run) => read(run)!));
  const prepared = ['base', 'scan', 'features', 'units', 'calibrate'];
  const lines = [
    `${minutes} min of speech, ${steps} steps of ${clips} × ${clipSeconds} s, ${threads} threads, ${first.name}${control ? ' with a control' : ''}; medians of ${first.runs.length}`,
  ];
  for (const one of all) {
    const wall = of(one, ({ wallSeconds }) => wallSeconds);
    const ratio = (read: (run: WholeRun) => number | undefined) =>
      median(first.runs.map((run, i) => read(run)! / read(one.runs[i])!)).toFixed(2);
    const names = [...new Set(one.runs.flatMap(({ seconds }) => Object.keys(seconds)))];
    lines.push(
      `${one.name.padEnd(12)}${wall.toFixed(1)} s, ${of(one, (run) => run.processorSeconds).toFixed(1)} s of processor; ${((steps * clips * clipSeconds) / wall).toFixed(2)} audio-seconds a second; ${of(one, (run) => run.peakMiB).toFixed(0)} MiB at most, ${of(one, (run) => run.writtenMiB).toFixed(0)} MiB written`,
      `  seconds     ${each(names, (name) => of(one, ({ seconds }) => seconds[name] ?? 0))}`,
      `  processor   ${each(names, (name) => of(one, ({ processor }) => processor[name] ?? 0))}`,
    );
    if (one.runs[0].steps.length > 0) {
      const shares = stepShares(one.runs.flatMap((run) => run.steps));
      const step = median(one.runs.flatMap((run) => run.steps.map((parts) => sumOf(parts, OF_A_STEP))));
      const told = OF_A_STEP.map((name) => `${name} ${(100 * shares[name]).toFixed(2)} %`);
      lines.push(`  a step      ${step.toFixed(3)} s: ${told.join(', ')}`);
    }
    if (one !== first)
      lines.push(
        `  ratio       ${first.name} takes ${ratio((run) => run.wallSeconds)} of its time, ${ratio((run) => run.processorSeconds)} of its processor time (medians of pairs)`,
      );
  }
  if (again)
    lines.push(
      `again       ${sumOf(again.seconds, prepared).toFixed(1)} s before the head with everything in the cache, ${of(first, ({ seconds }) => sumOf(seconds, prepared)).toFixed(1)} s without; ${again.keptMiB!.toFixed(0)} MiB lie in .milore`,
    );
  return lines.join('\n');
}
