/** @file A private Slurm for tests: whether this machine can have one, its beginning and end, and what it says of a job. */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const scripts = resolve(import.meta.dirname, '../slurm');

/** Why there can be none here, in words; undefined where there can. */
export function noSlurm(): string | undefined {
  if (process.platform !== 'linux') return 'Slurm is for Linux';
  if (process.getuid?.() !== 0) return "its daemons, munge's among them, are started by root";
  const missing = [
    ['slurmctld', 'slurm-wlm'],
    ['slurmd', 'slurm-wlm'],
    ['munged', 'munge'],
  ].filter(([program]) => spawnSync('which', [program]).status !== 0);
  if (missing.length === 0) return undefined;
  return `${missing.map(([program]) => program).join(', ')} not found: apt install ${[...new Set(missing.map(([, one]) => one))].join(' ')}`;
}

export interface Slurm {
  folder: string;
  /** For whoever is to speak with it. */
  env: Record<string, string>;
  /** What a command of Slurm's says. */
  say(command: string, ...args: string[]): Promise<string>;
  /** One job as `scontrol show job` has it: JobState, ExitCode, Restarts, NodeList… */
  job(id: string): Promise<Record<string, string>>;
  /** Waits for a job to come to one of these states. */
  until(id: string, states: readonly string[], seconds?: number): Promise<Record<string, string>>;
  /** A node goes as in a power cut: its daemon and all that runs on it, at once. */
  killNode(name: string): void;
  startNode(name: string): Promise<unknown>;
  down(): void;
}

/** Seconds, not minutes: up within one, and it must be taken down. @param nodes of one processor each */
export function slurmUp(nodes: number): Slurm {
  const folder = mkdtempSync(join(tmpdir(), 'milore-slurm-'));
  // Several may run on one machine.
  const port = String(20_000 + Math.floor(Math.random() * 9000));
  execFileSync(join(scripts, 'up.sh'), [folder, String(nodes)], { env: { ...process.env, SLURM_TEST_PORT: port } });
  const env = { SLURM_CONF: join(folder, 'slurm.conf') };
  const say = async (command: string, ...args: string[]) =>
    (await promisify(execFile)(command, args, { env: { ...process.env, ...env } })).stdout;
  const job = async (id: string) =>
    Object.fromEntries(
      (await say('scontrol', 'show', 'job', id, '--oneliner'))
        .split('\n')[0]
        .split(' ')
        .map((pair) => [pair.split('=')[0], pair.split('=').slice(1).join('=')]),
    );
  return {
    folder,
    env,
    say,
    job,
    async until(id, states, seconds = 120) {
      for (const end = Date.now() + 1000 * seconds; ; await sleep(200)) {
        const found = await job(id);
        if (states.includes(found.JobState)) return found;
        if (Date.now() > end) throw new Error(`job ${id} is ${found.JobState} (${found.Reason}), not ${states}`);
      }
    },
    killNode(name) {
      const daemon = Number(readFileSync(join(folder, `slurmd.${name}.pid`), 'utf8'));
      for (const pid of [daemon, ...processesOf(folder, `SLURMD_NODENAME=${name}`)]) process.kill(pid, 'SIGKILL');
    },
    startNode: (name) => say('slurmd', '-f', join(folder, `conf.${name}`, 'slurm.conf'), '-N', name),
    down() {
      execFileSync(join(scripts, 'down.sh'), [folder]);
      // Its daemons may still write for a moment.
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}

/** Processes of jobs of this Slurm in whose environment a line stands, and the shepherd of each. */
export function processesOf(folder: string, line: string): number[] {
  const found = readdirSync('/proc').filter((name) => {
    try {
      if (!/^\d+$/.test(name)) return false;
      const environment = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
      return environment.includes(line) && environment.some((one) => one.startsWith(`SLURM_CONF=${folder}/`));
    } catch {
      return false;
    }
  });
  const shepherds = found.flatMap((pid) => {
    try {
      const parent = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
      return readFileSync(`/proc/${parent}/cmdline`, 'utf8').startsWith('slurmstepd') ? [parent] : [];
    } catch {
      return [];
    }
  });
  return [...new Set([...shepherds, ...found])].map(Number);
}

/** Whether a process is held by SIGSTOP; one that has gone is not. */
export function isStopped(pid: number): boolean {
  try {
    return /^State:\s*T/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
