/** @file What is left of a workspace after a fault and going on: whether the result is what it would have been, and what
 * lies about. */
import { existsSync, lstatSync, readdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { Measurement } from '../../../sidecar/protocol/measurement.ts';
import { latestCheckpoint } from '../../../sidecar/runs/checkpoints.ts';
import { readLog, readPoints } from '../../../sidecar/runs/log.ts';
import { runFiles } from '../../../sidecar/runs/run.ts';
import { Pack } from '../../../sidecar/units/pack.ts';
import { WeightFile } from '../../../sidecar/weights/file.ts';
import type { Workspace } from './workspace.ts';

const AGE_SECONDS = 600;

function below(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return (readdirSync(folder, { recursive: true }) as string[]).map((name) => join(folder, name));
}

const leftoversIn = ({ root }: Workspace) => below(root).filter((path) => path.endsWith('.tmp'));

/** As if the kill had been a while ago: what is young could be another process's, and is not swept. */
export function age(workspace: Workspace): void {
  const then = Date.now() / 1000 - AGE_SECONDS;
  for (const path of leftoversIn(workspace)) if (!lstatSync(path).isSymbolicLink()) utimesSync(path, then, then);
}

/** Every block of every store by its checksum; how many are sound, and the keys of those that are not. */
export function verifyCache(root: string): { sound: number; faults: string[] } {
  const cache = join(root, '.milore', 'cache');
  const faults: string[] = [];
  let sound = 0;
  for (const store of ['features', 'units']) {
    const folder = join(cache, store);
    if (!existsSync(folder)) continue;
    const names = new Set(readdirSync(folder).flatMap((name) => /^([0-9a-f]+)\..*\.blocks$/.exec(name)?.[1] ?? []));
    for (const name of names) {
      const pack = new Pack(folder, name);
      for (const key of pack.keys()) {
        if (pack.isSound(key)) sound++;
        else faults.push(`${store} ${key}`);
      }
      pack.close();
    }
  }
  const graphs = join(cache, 'graphs');
  for (const hash of existsSync(graphs) ? readdirSync(graphs) : []) {
    const file = existsSync(join(graphs, hash, 'weights.json')) && WeightFile.existing(hash, cache);
    if (file) sound += file.weights.size;
    else faults.push(`graphs ${hash}`);
  }
  return { sound, faults };
}

export interface Result {
  adapter: string;
  story: string;
}

/** The adapter's bytes, and of a run every measured value and every batch by step. */
export async function resultOf(folder: string): Promise<Result> {
  const inRun = join(folder, 'adapter');
  const at = existsSync(inRun) ? inRun : folder;
  const bytes = readFileSync(join(at, 'adapter_model.safetensors'));
  // The run's name is in it, which is another's each time.
  const { run: _, ...config } = JSON.parse(readFileSync(join(at, 'adapter_config.json'), 'utf8'));
  const adapter = bytes.toString('base64') + JSON.stringify(config);
  return { adapter, story: at === inRun ? await storyOf(folder) : '' };
}

/** How fast it went, and what it took, is another's each time. */
const OF_THE_MACHINE = ['audioSecondsPerSecond', 'residentBytes'];

async function storyOf(run: string): Promise<string> {
  const lines: string[] = [];
  for (const file of [runFiles.log, runFiles.batches])
    for await (const { seq: _, time: __, ...event } of readPoints(join(run, file))) {
      if (!['metrics', 'evaluation', 'batch', 'skipped'].includes(event.type)) continue;
      const values = (event.values as Measurement[] | undefined)?.filter(
        ({ measure }) => !OF_THE_MACHINE.includes(measure),
      );
      lines.push(JSON.stringify({ ...event, values }));
    }
  return lines.join('\n');
}

/** What is wrong with a run or an exported folder, in words; nothing where all is well. */
export async function faultsOf(workspace: Workspace, folder: string | undefined, expected: Result): Promise<string[]> {
  if (!folder || !existsSync(folder)) return ['there is no result'];
  const faults: string[] = [];
  try {
    const result = await resultOf(folder);
    if (result.adapter !== expected.adapter) faults.push('another adapter');
    if (result.story !== expected.story) faults.push('other values or batches in the log');
  } catch (error) {
    faults.push(`the result cannot be read: ${(error as Error).message}`);
  }
  if (existsSync(join(folder, runFiles.log))) {
    const numbers: number[] = [];
    for await (const { seq } of readLog(join(folder, runFiles.log))) numbers.push(seq);
    if (numbers.some((seq, i) => seq !== i + 1)) faults.push(`the log's numbers are ${numbers.join(' ')}`);
    if (!latestCheckpoint({ path: folder }, ({ why }) => faults.push(`a checkpoint: ${why}`)))
      faults.push('no checkpoint');
    if (existsSync(join(folder, runFiles.writer))) faults.push('the run is still claimed');
  }
  for (const path of leftoversIn(workspace)) faults.push(`left behind: ${path.slice(workspace.root.length + 1)}`);
  for (const fault of verifyCache(workspace.root).faults) faults.push(`unsound: ${fault}`);
  return faults;
}
