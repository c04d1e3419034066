/** @file A small disk of its own, where this machine lets us mount one: really full, really read-only. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faultsOf, type Result, resultOf } from './outcome.ts';
import { command } from './processes.ts';
import { remove, runsOf } from './scenarios.ts';
import { rawIn } from './trials.ts';
import { makeWorkspace } from './workspace.ts';

export interface Disk {
  root: string;
  remount(options: string): void;
  remove(): void;
}

export function mountDisk(kilobytes: number): Disk | undefined {
  const root = mkdtempSync(join(tmpdir(), 'milore-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'milore', root]);
  if (status !== 0) {
    rmSync(root, { recursive: true });
    return undefined;
  }
  return {
    root,
    remount: (options) => void execFileSync('mount', ['-o', `remount,${options}`, root]),
    remove() {
      execFileSync('umount', [root]);
      rmSync(root, { recursive: true });
    },
  };
}

/**
 * What a training comes to where there is room, by what it keeps of the front end. On a disk that is nearly full it keeps
 * nothing, says and records so, and goes on so when there is room: the last digits are then others.
 */
export async function byWhatIsKept(data: string): Promise<Record<string, Result>> {
  const results: Record<string, Result> = {};
  for (const kind of ['float16', 'none']) {
    const workspace = makeWorkspace(data);
    const { ended, text } = await command(['train', workspace.experiment, '--set', `cache.features=${kind}`]);
    if (ended !== 'done') throw new Error(`a training alone ended ${ended}: ${text}`);
    results[kind] = await resultOf(runsOf(workspace)[0]);
    remove(workspace);
  }
  return results;
}

/** Trains on a disk of that size; when it is full, says what is wrong with that, makes it larger and goes on. */
export async function fill(data: string, kilobytes: number, expected: Readonly<Record<string, Result>>) {
  const disk = mountDisk(kilobytes);
  if (!disk) return undefined;
  const faults: string[] = [];
  try {
    const workspace = makeWorkspace(data, disk.root);
    const first = await command(['train', workspace.experiment]);
    if (first.ended === 'refused') {
      faults.push(...rawIn(first.text, disk.root));
      if (!/the disk is full/.test(first.text)) faults.push('it is not said that the disk is full');
    }
    disk.remount('size=64m');
    const [begun] = runsOf(workspace);
    const again =
      first.ended === 'done'
        ? first
        : await command(begun ? ['train', '--resume', begun] : ['train', workspace.experiment]);
    if (again.ended !== 'done') faults.push(`did not go on: ${again.text}`);
    const [run] = runsOf(workspace);
    const { kind } = JSON.parse(readFileSync(join(run, 'features.json'), 'utf8'));
    if (kind === 'none' && !/Nothing is kept in the cache/.test(first.text))
      faults.push('it is not said that nothing is kept');
    faults.push(...(await faultsOf(workspace, run, expected[kind])));
    return { faults, said: first.text.trim(), wasFull: first.ended === 'refused' };
  } finally {
    disk.remove();
  }
}
