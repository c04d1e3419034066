/**
 * @file Every moment at which a kill could strike, without killing: what is on the disk before each operation, and with half of
 * each write, is kept while the program runs once. A kill leaves exactly that, since what was written is the system's.
 */
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { age, faultsOf, resultOf } from './outcome.ts';
import { copyOf, remove } from './scenarios.ts';
import { type Operation, type Prepared, recorded } from './trials.ts';
import type { Workspace } from './workspace.ts';

export interface Moments {
  /** The place that the states belong to: paths of it stand in them. */
  workspace: Workspace;
  folder: string;
  operations: Operation[];
  /** Once each, in their order. */
  states: string[];
}

export async function moments({ scenario, template }: Prepared): Promise<Moments> {
  const workspace = copyOf(template);
  const folder = mkdtempSync(join(tmpdir(), 'milore-faults-states-'));
  const record = join(folder, 'operations');
  const { ended, text } = await scenario.act(workspace, {
    root: [workspace.root, workspace.data],
    record,
    states: folder,
  });
  if (ended !== 'done') throw new Error(`${scenario.name} ended ${ended} while it was looked at: ${text}`);
  const operations = recorded(record);
  const states = operations.flatMap(({ state, torn }) => [state, torn].filter((one) => one !== undefined));
  return { workspace, folder, operations, states: [...new Set(states)] };
}

export function forget({ workspace, folder }: Moments): void {
  remove(workspace);
  rmSync(folder, { recursive: true });
}

/** Begins with what a kill left, goes on, and says what is wrong. */
export async function goOnFrom(state: string, { workspace, folder }: Moments, prepared: Prepared): Promise<string[]> {
  const { scenario, expected } = prepared;
  rmSync(workspace.root, { recursive: true });
  cpSync(join(folder, state), workspace.root, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  const faults: string[] = [];
  const result = scenario.isWhole ? scenario.result(workspace) : undefined;
  if (result && existsSync(result)) {
    const found = await resultOf(result).catch(() => undefined);
    if (found?.adapter !== expected.adapter) faults.push('something half-made stands in its place');
  }
  age(workspace);
  const { ended, text } = await scenario.goOn(workspace);
  if (ended !== 'done') faults.push(`did not go on: ${text}`);
  faults.push(...(await faultsOf(workspace, scenario.result(workspace), expected)));
  if (faults.length > 0) {
    const kept = mkdtempSync(join(tmpdir(), 'milore-faults-kept-'));
    cpSync(join(folder, state), kept, { recursive: true });
    faults.push(`begun in ${kept}`);
  }
  return faults;
}
