/** @file Another program that takes turns with the bench. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { UserError } from './errors.ts';

export interface PeerStep {
  wallMs: number;
  /** Processor time of all threads; some peers do not say. */
  cpuMs?: number;
  peakMiB: number;
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
    async step(): Promise<PeerStep> {
      child.stdin.write('\n');
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
