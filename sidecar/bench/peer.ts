/** @file Other programs beside the bench: those that take turns with it, and itself for one errand. */
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { UserError } from '../errors.ts';

export interface PeerStep {
  wallMs: number;
  /** Processor time of all threads; some peers do not say. */
  cpuMs?: number;
  peakMiB: number;
  /** Of our own: from the beginning until the first step was done. */
  openedMs?: number;
  loss: number;
}

/** Another program that makes one step for each line it is sent, and answers each with a line of JSON. */
export function startPeer(command: string, environment: Record<string, string>) {
  const child = spawn(command, {
    shell: true,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async step(line = ''): Promise<PeerStep> {
      child.stdin.write(`${line}\n`);
      const { value, done } = await lines.next();
      if (done)
        throw new UserError({
          code: 'bench.peer-ended',
          tried: `take turns with the peer "${command}"`,
          why: 'it ended without answering a line with a line.',
          cure: 'Run the command by itself and send it an empty line: it has to print {"wallMs", "peakMiB", "loss"}.',
        });
      return JSON.parse(value);
    },
    end: () => void child.stdin.end(),
  };
}

/** Two steps, of which the second counts: in a training a step follows a step, and not another program's. */
export async function turn<T>(step: () => Promise<T>): Promise<T> {
  await step();
  return step();
}

/** Runs this program again for one errand and returns what it printed. */
export function errand(...args: string[]): string {
  const { status, stdout } = spawnSync(process.execPath, [process.argv[1], ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`internal: ${args[0]} failed`);
  return stdout;
}

export const median = (values: readonly number[]) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
