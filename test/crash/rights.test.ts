import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runFiles } from '../../sidecar/runs/run.ts';
import { mountDisk } from './faults/full.ts';
import { faultsOf, type Result } from './faults/outcome.ts';
import { command } from './faults/processes.ts';
import { runsOf } from './faults/scenarios.ts';
import { alone } from './faults/together.ts';
import { rawIn } from './faults/trials.ts';
import { makeData, makeWorkspace, type Workspace } from './faults/workspace.ts';

/** Nothing is forbidden to root: there the program runs as nobody. */
const uid = process.getuid?.() === 0 ? 65_534 : undefined;

function give(folder: string): void {
  if (uid === undefined) return;
  chownSync(folder, uid, uid);
  for (const name of readdirSync(folder, { recursive: true }) as string[]) chownSync(join(folder, name), uid, uid);
}

const train = ({ experiment }: Workspace) => command(['train', experiment], undefined, uid);
const logOf = (workspace: Workspace) => readFileSync(join(runsOf(workspace).at(-1)!, runFiles.log), 'utf8');

describe.skipIf(process.platform === 'win32')('without the right to it', () => {
  const data = makeData();
  let expected: Result;
  const made: string[] = [];
  const closed: string[] = [];

  const close = (path: string, mode: number) => {
    chmodSync(path, mode);
    closed.push(path);
  };
  const open = () => {
    for (const path of closed.splice(0)) chmodSync(path, 0o755);
  };
  const workspace = () => {
    const own = mkdtempSync(join(tmpdir(), 'milore-faults-data-'));
    cpSync(data, own, { recursive: true });
    const workspace = makeWorkspace(own);
    made.push(own, workspace.root);
    give(own);
    give(workspace.root);
    return workspace;
  };
  beforeAll(async () => {
    [expected] = await alone(data, 1, 3);
  });
  afterEach(() => {
    open();
    for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
  });

  it('a folder or a recording is left out and named, and taken again as soon as it may be read', async () => {
    const mine = workspace();
    const folder = join(mine.data, 'fin/b');
    const recording = join(mine.data, 'eng/a/2.wav');
    close(folder, 0);
    close(recording, 0);
    const first = await train(mine);
    expect(first).toMatchObject({ ended: 'done' });
    expect(first.text).toMatch(
      /fin: 1 recording left out \(1 unreadable\)[\s\S]*eng: 1 recording left out \(1 unreadable\)/,
    );
    expect(logOf(mine)).toContain(folder);
    expect(logOf(mine)).toContain(recording);
    // Where there is no log they are named at once.
    const labelled = await command(['units', mine.experiment], undefined, uid);
    for (const path of [folder, recording]) expect(labelled.text).toContain(path);
    open();
    expect(await train(mine)).toMatchObject({ ended: 'done' });
    expect(logOf(mine)).not.toContain('unreadable');
    expect(await faultsOf(mine, runsOf(mine).at(-1), expected)).toEqual([]);
  }, 120_000);

  it('a cache, a workspace or a base says what cannot be written or read and what cures it, and then goes on', async () => {
    const mine = workspace();
    close(mine.root, 0o555);
    const nowhere = await train(mine);
    expect(nowhere.text).toMatch(
      /Could not make a run under .*: you have no right to do so \(EACCES\)\. Give yourself/,
    );
    open();
    mkdirSync(join(mine.root, '.milore/cache'), { recursive: true });
    give(mine.root);
    close(join(mine.root, '.milore/cache'), 0o555);
    const uncached = await train(mine);
    expect(uncached.ended).toBe('refused');
    expect(uncached.text).toMatch(/to the cache .*: you have no right to do so \(EACCES\)\. Give yourself/);
    for (const { text } of [nowhere, uncached]) expect(rawIn(text, mine.root)).toEqual([]);
    open();
    expect(await command(['train', '--resume', runsOf(mine)[0]], undefined, uid)).toMatchObject({ ended: 'done' });
    expect(await faultsOf(mine, runsOf(mine)[0], expected)).toEqual([]);
  }, 120_000);

  it('a disk that can only be read says that, in every command that writes', async () => {
    const disk = mountDisk(65_536);
    if (!disk) return console.log('left out: nothing can be mounted here');
    try {
      const mine = makeWorkspace(data, disk.root);
      expect(await command(['train', mine.experiment])).toMatchObject({ ended: 'done' });
      const [run] = runsOf(mine);
      disk.remount('ro');
      const tries = [
        ['train', mine.experiment],
        ['train', '--resume', run],
        ['units', mine.experiment, '--set', 'units.clusters=7'],
        ['export', run, '--out', join(disk.root, 'out')],
      ];
      for (const args of tries) {
        const { ended, text } = await command(args);
        expect([args[0], ended, rawIn(text, disk.root)]).toEqual([args[0], 'refused', []]);
        expect(text).toContain('the disk can only be read (EROFS). Choose a folder on a disk that can be written.');
      }
      disk.remount('rw');
      expect(await command(['export', run, '--out', join(disk.root, 'out')])).toMatchObject({ ended: 'done' });
    } finally {
      disk.remove();
    }
  }, 120_000);
});
