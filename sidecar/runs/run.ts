/**
 * @file A run's folder, `.milore/runs/<id>/`: made whole, opened, listed.
 * It must not know the experiment's keys: it keeps the text and the resolved values as they are given.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fsyncFolder, makeFolder, removeIfPossible, sweepTemporary, temporaryName, writeFileAtomic } from '../disk.ts';
import { type Problem, UserError } from '../errors.ts';
import { diskFault } from '../machine.ts';
import { recoverCheckpoints } from './checkpoints.ts';
import { isRecord, readJson } from './files.ts';
import { LogWriter } from './log.ts';
import { deriveStatus } from './status.ts';

export interface RunInfo {
  name: string;
  /** Versions of what computes: milore, node, onnxruntime. */
  versions: Record<string, string>;
  /** The device used, in words. */
  device: string;
  /** The job of a scheduler that began it, and finds it again by this. */
  job?: string;
  /** The sweep that it is a point of. */
  study?: RunStudy;
  /** A fork begins with another run's parameters: which run of the same folder of runs, and after how many of its steps. */
  parent?: Parent;
  /** How its steps multiply by frozen weights; absent until that is known, and in runs of earlier versions. */
  compute?: string;
}

/** Which point of which sweep a run is. */
export interface RunStudy {
  /** The sweep's file, relative to the workspace, with `/`. */
  sweep: string;
  point: string;
  seed: number;
  /** Of its resolved settings: a point with the same need not be run again. */
  identity: string;
  /** What its point changes, by key. */
  settings: Record<string, unknown>;
}

export interface Parent {
  run: string;
  step: number;
}

export interface RunDir extends RunInfo {
  id: string;
  /** Absolute folder of the run. */
  path: string;
  createdAt: string;
}

export interface NewRun extends RunInfo {
  /** The experiment file as it was read. */
  configText: string;
  /** The experiment with every default and absolute path. */
  resolved: unknown;
}

export const runFiles = {
  info: 'run.json',
  config: 'experiment.milore.yaml',
  resolved: 'resolved.json',
  log: 'log.jsonl',
  batches: 'batches.jsonl',
  utilisation: 'utilisation.jsonl',
  /** What it learned and forgot, written after the base's row and after every stage. */
  findings: 'findings.json',
  /** A file a row of what it measured, utterance by utterance. */
  evaluation: 'evaluation',
  heartbeat: 'heartbeat.json',
  writer: 'writer.json',
  checkpoints: 'checkpoints',
  tensorboard: 'tensorboard',
} as const;

/** Any text as part of a folder's name: letters and digits of any script, joined by `-`, at most 60 characters. */
export function slug(name: string): string {
  const words = name
    .slice(0, 1000)
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '');
  // File systems count bytes: sixty characters of any script stay below their limit of 255.
  const short = [...words].slice(0, 60).join('');
  let kept = short;
  while (Buffer.byteLength(kept) > 180) kept = [...kept].slice(0, -1).join('');
  return kept.replace(/-+$/, '') || 'run';
}

const twoDigits = (value: number) => String(value).padStart(2, '0');

/** `YYYYMMDD-HHMMSS-<name>-<4 hex>` in local time; at most 80 characters. */
function makeId(name: string, at: Date): string {
  const date = `${at.getFullYear()}${twoDigits(at.getMonth() + 1)}${twoDigits(at.getDate())}`;
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join('');
  const random = randomBytes(2).toString('hex');
  return `${date}-${time}-${[...slug(name)].slice(0, 58).join('').replace(/-+$/, '')}-${random}`;
}

export const runsFolder = (root: string) => join(resolve(root), '.milore', 'runs');

/** Makes the folder of a new run under `root`, complete or not at all. */
export function createRun(root: string, given: NewRun): RunDir {
  const { name, configText, resolved, versions, device, job, study, parent } = given;
  const folder = runsFolder(root);
  const createdAt = new Date();
  let temporary = '';
  try {
    makeFolder(folder);
    let id = makeId(name, createdAt);
    while (existsSync(join(folder, id))) id = makeId(name, createdAt);
    sweepTemporary(folder, { below: false });
    const info = {
      id,
      name,
      createdAt: createdAt.toISOString(),
      versions,
      device,
      ...(job === undefined ? {} : { job }),
      ...(study === undefined ? {} : { study }),
      ...(parent === undefined ? {} : { parent }),
    };
    temporary = temporaryName(join(folder, `.${id}`));
    makeFolder(join(temporary, runFiles.checkpoints));
    writeFileAtomic(join(temporary, runFiles.config), configText);
    writeFileAtomic(join(temporary, runFiles.resolved), `${JSON.stringify(resolved, null, 2)}\n`);
    writeFileAtomic(join(temporary, runFiles.info), `${JSON.stringify(info, null, 2)}\n`);
    writeFileSync(join(temporary, runFiles.log), '');
    const path = join(folder, id);
    renameSync(temporary, path);
    fsyncFolder(folder);
    return { ...info, path };
  } catch (error) {
    if (temporary) removeIfPossible(temporary);
    throw diskFault(`make a run under ${folder}`, error, { path: folder });
  }
}

/** Writes down how the run computes, once that is known. */
export function recordCompute(run: RunDir, compute: string): void {
  const path = join(run.path, runFiles.info);
  const info = readJson(path);
  if (!isRecord(info) || info.compute === compute) return;
  writeFileAtomic(path, `${JSON.stringify({ ...info, compute }, null, 2)}\n`);
  run.compute = compute;
}

/**
 * Opens a run's folder. To write into it (`write: true`) no other process may be at it, and what a crash left
 * half-written is removed first.
 */
export function openRun(path: string, { write = false } = {}): RunDir {
  const folder = resolve(path);
  const info = readJson(join(folder, runFiles.info));
  if (!isRecord(info) || typeof info.name !== 'string' || typeof info.createdAt !== 'string') {
    throw new UserError({
      code: 'runs.not-a-run',
      tried: `open the run ${folder}`,
      why: existsSync(folder) ? `it holds no readable ${runFiles.info}.` : 'there is no such folder.',
      cure: 'Name a folder under .milore/runs.',
    });
  }
  const versions = Object.entries(isRecord(info.versions) ? info.versions : {}).map(([key, value]) => [
    key,
    String(value),
  ]);
  const run: RunDir = {
    id: basename(folder),
    path: folder,
    name: info.name,
    createdAt: info.createdAt,
    versions: Object.fromEntries(versions),
    device: String(info.device ?? ''),
    ...(typeof info.job === 'string' ? { job: info.job } : {}),
    ...studyIn(info.study),
    ...(isParent(info.parent) ? { parent: { run: info.parent.run.slice(0, 255), step: info.parent.step } } : {}),
    ...(typeof info.compute === 'string' ? { compute: info.compute } : {}),
  };
  if (write) {
    const status = deriveStatus(run);
    if (status.state === 'running' && status.pid !== process.pid && status.pid !== undefined) {
      throw new UserError({
        code: 'runs.busy',
        tried: `go on with the run ${run.id}`,
        why: `process ${status.pid} is still writing it, at step ${status.step}.`,
        cure: 'Wait for it or stop it first.',
      });
    }
    removeLeftovers(run);
  }
  return run;
}

function studyIn(value: unknown): { study?: RunStudy } {
  if (!isRecord(value)) return {};
  const { sweep, point, seed, identity, settings } = value;
  if (typeof sweep !== 'string' || typeof point !== 'string' || typeof identity !== 'string') return {};
  if (!Number.isSafeInteger(seed)) return {};
  return { study: { sweep, point, seed: seed as number, identity, settings: isRecord(settings) ? settings : {} } };
}
const isParent = (value: unknown): value is Parent =>
  isRecord(value) && typeof value.run === 'string' && Number.isSafeInteger(value.step) && (value.step as number) >= 0;

/** Removes what a crash left half-written: nothing but names that end in `.tmp`. */
function removeLeftovers(run: RunDir): void {
  const rows = existsSync(join(run.path, runFiles.evaluation)) ? readdirSync(join(run.path, runFiles.evaluation)) : [];
  for (const name of [...readdirSync(run.path), ...rows.map((row) => join(runFiles.evaluation, row))]) {
    const path = join(run.path, name);
    // Another process may be claiming the run at this moment: its attempt is its own to clear away.
    const isClaim = name.startsWith(`${runFiles.writer}.`) && Date.now() - statSync(path).mtimeMs < 60_000;
    if (name.endsWith('.tmp') && !isClaim) rmSync(path, { recursive: true, force: true });
  }
  recoverCheckpoints(run);
}

/** The runs of a workspace, oldest first; folders that cannot be read are told, not skipped. */
export function listRuns(root: string): { runs: RunDir[]; problems: Problem[] } {
  const parent = runsFolder(root);
  const runs: RunDir[] = [];
  const problems: Problem[] = [];
  if (!existsSync(parent)) return { runs, problems };
  for (const entry of readdirSync(parent, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
    try {
      runs.push(openRun(join(parent, entry.name)));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(...error.problems);
    }
  }
  return { runs, problems };
}

/** The resolved experiment as it was written; its shape is the caller's to check. */
export function readResolved(run: RunDir): unknown {
  return readJson(join(run.path, runFiles.resolved));
}

/** The three logs of a run, opened for appending. */
export class RunLogs {
  readonly log: LogWriter;
  /** What was seen: which utterance, which hash. */
  readonly batches: LogWriter;
  readonly utilisation: LogWriter;

  constructor(run: RunDir) {
    this.log = new LogWriter(join(run.path, runFiles.log));
    this.batches = new LogWriter(join(run.path, runFiles.batches));
    this.utilisation = new LogWriter(join(run.path, runFiles.utilisation));
  }

  /** Takes back, in each log, what was written after the checkpoint that the run goes on from; -1 takes back all. */
  resumed(fromStep: number): void {
    for (const log of [this.batches, this.utilisation, this.log]) log.append({ type: 'resumed', fromStep });
  }

  sync(): void {
    for (const log of [this.batches, this.utilisation, this.log]) log.sync();
  }

  close(): void {
    for (const log of [this.batches, this.utilisation, this.log]) log.close();
  }
}
