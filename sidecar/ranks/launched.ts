/** @file How this process was started: alone, or as one of several ranks by mpirun or srun. Reads the environment alone. */
import { UserError } from '../errors.ts';

/** What a launcher says of the process. */
export interface Launched {
  rank: number;
  size: number;
  /** The kind of MPI that the launcher speaks, where it can be told. */
  speaks: 'openmpi' | 'mpich' | 'pmix' | 'pmi';
}

type Environment = Record<string, string | undefined>;

const whole = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,7}$/.test(text) ? Number(text) : undefined;

/**
 * Undefined where the process is by itself.
 * @throws UserError where Slurm started several tasks that cannot find each other: each would train alone, in one folder
 */
export function launchedBy(env: Environment): Launched | undefined {
  const pair = (rank: string, size: string) => {
    const found = { rank: whole(env[rank]), size: whole(env[size]) };
    return found.rank !== undefined && found.size !== undefined ? { rank: found.rank, size: found.size } : undefined;
  };
  const openmpi = pair('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE');
  if (openmpi) return several({ ...openmpi, speaks: 'openmpi' });
  // A job's script is one task of its own, whatever the job asked for; only a step's tasks are ranks.
  const tasks = whole(env.SLURM_STEP_NUM_TASKS);
  const slurm = tasks && tasks > 1 ? { rank: whole(env.SLURM_PROCID) ?? 0, size: tasks } : undefined;
  if (slurm && env.PMIX_RANK !== undefined) return { ...slurm, speaks: 'pmix' };
  const mpich = pair('PMI_RANK', 'PMI_SIZE');
  if (mpich) return several({ ...mpich, speaks: slurm ? 'pmi' : 'mpich' });
  if (slurm)
    throw new UserError({
      code: 'ranks.no-mpi',
      tried: `train with ${slurm.size} tasks of one Slurm step`,
      why: 'srun started them without MPI: none can find the others.',
      cure: 'Start them with "srun --mpi=pmix" (or pmi2, as "srun --mpi=list" says), or one task alone.',
    });
  return undefined;
}

const several = (launched: Launched): Launched | undefined => (launched.size > 1 ? launched : undefined);
