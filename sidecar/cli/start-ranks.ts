/** @file `milore train --devices N`: starts the ranks of one machine through mpirun, and passes on what asks them to stop. */
import { spawn } from 'node:child_process';
import { CommanderError } from 'commander';
import { UserError } from '../errors.ts';
import { RUN_FAILED, RUN_STOPPED, STOPPED_EXIT } from './output.ts';

/** mpirun passes these two on; at any other it ends the ranks, checkpoint or not. */
const passedOn = 'SIGUSR2';

/**
 * Resolves when all have ended well.
 * @param args of `milore`, without those of this start
 * @throws CommanderError with what the ranks ended with; UserError where there is no mpirun
 */
export async function startRanks(count: number, args: readonly string[]): Promise<void> {
  const env = { ...process.env };
  // In a container there is no other user; Open MPI asks for both.
  if (process.getuid?.() === 0) env.OMPI_ALLOW_RUN_AS_ROOT = env.OMPI_ALLOW_RUN_AS_ROOT_CONFIRM = '1';
  // Open MPI 4 ends where it finds no ssh, though all ranks are here: any program will do, as none is started.
  env.OMPI_MCA_plm_rsh_agent ??= process.execPath;
  // Open MPI 4 and 5: as many ranks as were asked for, whatever it takes for a slot.
  env.OMPI_MCA_rmaps_base_oversubscribe = '1';
  env.PRTE_MCA_rmaps_default_mapping_policy = ':oversubscribe';
  const command = [process.execPath, ...process.execArgv, process.argv[1], ...args];
  // A group of its own: a Ctrl-C in the terminal would reach mpirun, which ends the ranks at once.
  const child = spawn('mpirun', ['-n', String(count), ...command], { env, stdio: 'inherit', detached: true });
  const pass = () => child.kill(passedOn);
  const asked = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
  for (const signal of asked) process.on(signal, pass);
  try {
    const code = await new Promise<number | null>((ended, failed) => {
      child.on('error', failed);
      child.on('close', ended);
    });
    if (code === STOPPED_EXIT) throw new CommanderError(STOPPED_EXIT, RUN_STOPPED, 'the run was stopped');
    if (code !== 0) throw new CommanderError(1, RUN_FAILED, '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new UserError({
      code: 'ranks.no-mpirun',
      tried: `start ${count} ranks`,
      why: 'there is no mpirun on this machine.',
      cure: 'Install Open MPI (Debian: apt install openmpi-bin) or MPICH, or leave --devices out.',
    });
  } finally {
    for (const signal of asked) process.off(signal, pass);
  }
}
