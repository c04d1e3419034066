/** Several processes by MPI: the same adapter, and an end in words where one of them is lost. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Finished, finished, start } from '../../support/cli.ts';
import { tinyWorkspace } from '../../support/tiny.ts';

const entry = resolve('dist/milore.js');
const kinds = [
  { name: 'Open MPI', command: 'mpirun.openmpi', options: ['--allow-run-as-root', '--oversubscribe'] },
  { name: 'MPICH', command: 'mpirun.mpich', options: [] },
].filter(({ command }) => spawnSync(command, ['--version']).status === 0);

function missing(): string | undefined {
  if (process.platform === 'win32') return 'mpirun is for Linux and macOS';
  try {
    createRequire(import.meta.url).resolve('koffi');
  } catch {
    return 'koffi is not installed';
  }
  return kinds.length > 0 ? undefined : 'there is no mpirun here: apt install openmpi-bin libopenmpi3, or mpich';
}
const reason = missing();

/** Whether this user may mount a disk of some megabytes. */
const noSmallDisk = (() => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return true;
  const folder = mkdtempSync(join(tmpdir(), 'milore-mount-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]).status === 0;
  if (mounted) spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true, force: true });
  return !mounted;
})();

const { root, experiment } = tinyWorkspace();
afterAll(() => rmSync(root, { recursive: true }));
const folder = join(root, '.milore', 'runs');
const runs = () => (existsSync(folder) ? readdirSync(folder) : []).map((name) => join(folder, name)).sort();
const adapter = (run: string) => readFileSync(join(run, 'adapter', 'adapter_model.safetensors')).toString('hex');
const settings = ['training.shards=4', 'training.batchSeconds=4', 'training.steps=12'].flatMap((one) => ['--set', one]);

const launch = ({ command, options }: (typeof kinds)[number], size: number, args: string[], env = {}) =>
  spawn(command, [...options, '-n', String(size), process.execPath, entry, 'train', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
const trained = async (kind: (typeof kinds)[number], size: number, args = [experiment, ...settings], env = {}) => {
  const before = runs();
  const ended = await finished(launch(kind, size, args, env));
  return { ...ended, run: runs().find((run) => !before.includes(run)) ?? before.at(-1)! };
};
/** The processes of a launch, by rank. */
function ranksOf(run: string): Map<number, number> {
  const found = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const environment = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
      const rank = environment.find((line) => /^(OMPI_COMM_WORLD_RANK|PMI_RANK)=/.test(line));
      if (
        rank &&
        readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(entry) &&
        environment.includes(`MILORE_TEST=${run}`)
      )
        found.set(Number(rank.split('=')[1]), Number(name));
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

describe.skipIf(reason)(`ranks by MPI${reason ? ` (not run: ${reason})` : ''}`, () => {
  let alone: string;

  it.each(kinds)(
    '$name: two and three of them come to the adapter of one process alone, byte for byte',
    async (kind) => {
      alone ??= adapter((await trained(kind, 1)).run);
      for (const size of [2, 3]) {
        const { code, run, stdout } = await trained(kind, size);
        expect(code).toBe(0);
        expect(adapter(run)).toBe(alone);
        // One tells; the others are quiet.
        expect(stdout.match(/trained parameters/g)).toHaveLength(1);
      }
      expect(readdirSync(join(root, '.milore', 'ranks'))).toEqual([]);
    },
    400_000,
  );

  it.each(kinds.slice(0, 1))(
    'one that is killed ends all, and another number of them goes on to the same adapter',
    async (kind) => {
      alone ??= adapter((await trained(kind, 1)).run);
      const { run } = await lost(kind, 'SIGKILL');
      const resumed = await trained(kind, 2, ['--resume', run]);
      expect(resumed.code).toBe(0);
      expect(adapter(run)).toBe(alone);
    },
    120_000,
  );

  it.each(kinds.slice(0, 1))(
    'one that hangs is named within 30 s, and all end',
    async (kind) => {
      const { ended, seconds } = await lost(kind, 'SIGSTOP');
      expect(ended.code).not.toBe(0);
      expect(ended.stderr.match(/Rank 1 on \S+ has not been heard of for 2\d s: all ranks end/g)).toHaveLength(1);
      expect(seconds).toBeLessThan(45); // 20 s of silence, a beat, and a busy machine
    },
    120_000,
  );

  it.skipIf(noSmallDisk)(
    `a shared disk that is full ends all within 30 s, with one reason${noSmallDisk ? ' (not run: no small disk can be mounted)' : ''}`,
    async () => {
      const disk = mkdtempSync(join(tmpdir(), 'milore-full-'));
      spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', disk]);
      let child: ChildProcess | undefined;
      try {
        cpSync(experiment, join(disk, 'tiny.milore.yaml'));
        const long = [...settings, '--set', 'training.steps=100000', '--set', 'checkpoint.every=20'];
        child = launch(kinds[0], 2, [join(disk, 'tiny.milore.yaml'), ...long]);
        const ended = finished(child);
        const checkpoints = () =>
          existsSync(join(disk, '.milore/runs')) && readdirSync(join(disk, '.milore/runs'), { recursive: true }).join();
        await expect.poll(checkpoints, { timeout: 120_000, interval: 100 }).toContain('step-0000');
        const began = performance.now();
        spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'fill')}`, 'bs=64k']);
        const { code, stderr } = await ended;
        expect((performance.now() - began) / 1000).toBeLessThan(30);
        expect(code).not.toBe(0);
        expect(stderr.match(/the disk is full \(ENOSPC\)/g)).toHaveLength(1);
      } finally {
        child?.kill('SIGTERM');
        spawnSync('umount', ['--lazy', disk]);
        rmSync(disk, { recursive: true, force: true });
      }
    },
    200_000,
  );

  it('--devices starts them; what asks it to stop asks them, before the first step as after it', async () => {
    const stopped = async (when: string) => {
      const child = start([
        'train',
        experiment,
        '--devices',
        '2',
        '--json',
        ...settings,
        '--set',
        'training.steps=100000',
      ]);
      child.stdout!.on('data', (text) => String(text).includes(when) && child.kill('SIGTERM'));
      const { code } = await finished(child);
      return {
        code,
        log: readFileSync(join(runs().at(-1)!, 'log.jsonl'), 'utf8')
          .trim()
          .split('\n'),
      };
    };
    expect((await stopped('"type":"started"')).code).toBe(75);
    const { code, log } = await stopped('"type":"checkpoint"');
    expect(code).toBe(75);
    expect(JSON.parse(log.at(-1)!)).toMatchObject({ type: 'stopped', reason: { code: 'signal', signal: 'SIGUSR2' } });
  }, 120_000);

  it.each(kinds.filter(({ name }) => name === 'Open MPI'))(
    '--devices needs no ssh, which an image may not have',
    async ({ command }) => {
      const path = mkdtempSync(join(tmpdir(), 'milore-path-'));
      try {
        symlinkSync(spawnSync('which', [command], { encoding: 'utf8' }).stdout.trim(), join(path, 'mpirun'));
        // They are started where they say that they have nothing to share.
        const { stderr } = await finished(start(['train', experiment, '--devices', '2'], undefined, { PATH: path }));
        expect(stderr).toMatch(/training\.shards/);
      } finally {
        rmSync(path, { recursive: true });
      }
    },
    60_000,
  );

  it.each(kinds.slice(0, 1))(
    'fewer shards than ranks, and no MPI library, are said in words',
    async (kind) => {
      const few = await trained(kind, 2, [experiment]);
      expect(few.code).toBe(1);
      expect(few.stderr).toMatch(/training\.shards.*--set training\.shards=2/);
      const none = await trained(kind, 2, [experiment, ...settings], { MILORE_MPI_LIBRARY: '/no/libmpi.so' });
      expect(none.stderr).toMatch(/no MPI library could be loaded \(\/no\/libmpi\.so\).*apt install/);
    },
    60_000,
  );

  /** A launch of three, of which the second is lost after a checkpoint. */
  async function lost(
    kind: (typeof kinds)[number],
    signal: NodeJS.Signals,
  ): Promise<{ ended: Finished; run: string; seconds: number }> {
    const mark = `${signal}-${process.pid}`;
    const before = runs();
    const child = launch(kind, 3, [experiment, ...settings], { MILORE_TEST: mark });
    const ended = finished(child);
    const newest = () => runs().find((run) => !before.includes(run));
    await expect
      .poll(() => (newest() ? readFileSync(join(newest()!, 'log.jsonl'), 'utf8') : ''), {
        timeout: 60_000,
        interval: 50,
      })
      .toContain('"checkpoint"');
    process.kill(ranksOf(mark).get(1)!, signal);
    const began = performance.now();
    return { ended: await ended, run: newest()!, seconds: (performance.now() - began) / 1000 };
  }
});
