/**
 * @file An MPI library behind one small face, through koffi. Open MPI's handles are addresses of its symbols, those of
 * MPICH and its kin are numbers (mpi.h of MPICH; its ABI initiative's members share them). Lives in the one thread that
 * speaks MPI.
 */
import { createRequire } from 'node:module';
import { UserError } from '../errors.ts';
import type { Launched } from './launched.ts';

export interface Mpi {
  /** As the library calls itself, first line. */
  version: string;
  rank: number;
  size: number;
  /** In place. */
  sum(values: Float64Array): void;
  /** As many bytes of every rank, by rank. */
  gather(bytes: Uint8Array, counts: readonly number[]): Uint8Array;
  /** One number of every rank. */
  numbers(value: number): number[];
  finalize(): void;
}

const names: Record<Launched['speaks'], string[]> = {
  openmpi: ['libmpi.so.40', 'libmpi.so.80', 'libmpi.so', 'libmpi.40.dylib', 'libmpi.dylib'],
  pmix: ['libmpi.so.40', 'libmpi.so.80', 'libmpi.so', 'libmpich.so.12', 'libmpi.so.12'],
  mpich: ['libmpich.so.12', 'libmpi.so.12', 'libmpich.so', 'libmpi.dylib'],
  pmi: ['libmpich.so.12', 'libmpi.so.12', 'libmpi.so.40', 'libmpich.so'],
};

/** Most bytes of one call: MPI counts in 32-bit integers. */
const mostDoubles = 1 << 27;

type Call = (...values: unknown[]) => number;
interface Library {
  func(name: string, result: string, parameters: string[]): Call;
  symbol(name: string, type: string): unknown;
}
interface Koffi {
  load(path: string, options: { global: boolean }): Library;
}

/** @throws UserError where koffi or the library is not there, or the library counts otherwise than the launcher */
export function openMpi(launched: Launched, env: Record<string, string | undefined> = process.env): Mpi {
  const koffi = loadKoffi();
  const library = loadLibrary(koffi, launched, env.MILORE_MPI_LIBRARY);
  const check = (call: string, code: number) => {
    if (code !== 0) throw new Error(`${call} gave the error code ${code}`);
  };
  const text = Buffer.alloc(8192);
  const length = new Int32Array(1);
  const versionCall = library.func('MPI_Get_library_version', 'int', ['void *', 'void *']);
  check('MPI_Get_library_version', versionCall(text, length));
  const version = text
    .toString('utf8', 0, length[0])
    .split(/[\n,\0]/)[0]
    .replace(/\s+/g, ' ');
  const handles = /Open MPI/i.test(version) ? openMpiHandles(library) : mpichHandles;
  const { type } = handles;
  const init = library.func('MPI_Init_thread', 'int', ['void *', 'void *', 'int', 'void *']);
  // Serialised: one thread speaks, but it is not the main thread.
  check('MPI_Init_thread', init(null, null, 2, new Int32Array(1)));
  const asked = new Int32Array(1);
  const sizeOf = library.func('MPI_Type_size', 'int', [type, 'void *']);
  for (const [name, handle, bytes] of [
    ['double', handles.double, 8],
    ['byte', handles.byte, 1],
  ] as const) {
    check('MPI_Type_size', sizeOf(handle, asked));
    if (asked[0] !== bytes)
      throw new Error(`${version} has a ${name} of ${asked[0]} bytes: its handles are not known here`);
  }
  const number = (name: string): number => {
    check(name, library.func(name, 'int', [type, 'void *'])(handles.world, asked));
    return asked[0];
  };
  const size = number('MPI_Comm_size');
  const rank = number('MPI_Comm_rank');
  if (size !== launched.size || rank !== launched.rank) throw otherWorld(version, launched, { rank, size });
  const allReduce = library.func('MPI_Allreduce', 'int', ['intptr_t', 'void *', 'int', type, type, type]);
  const allGather = library.func('MPI_Allgather', 'int', ['void *', 'int', type, 'void *', 'int', type, type]);
  const allGatherV = library.func('MPI_Allgatherv', 'int', [
    ...['void *', 'int', type, 'void *'],
    ...['void *', 'void *', type, type],
  ]);
  const finalize = library.func('MPI_Finalize', 'int', []);
  return {
    version,
    rank,
    size,
    sum(values) {
      for (let from = 0; from < values.length; from += mostDoubles) {
        const part = values.subarray(from, from + mostDoubles);
        check(
          'MPI_Allreduce',
          allReduce(handles.inPlace, part, part.length, handles.double, handles.add, handles.world),
        );
      }
    },
    gather(bytes, counts) {
      const total = counts.reduce((a, b) => a + b, 0);
      if (total >= 2 ** 31) throw new Error(`${total} bytes are more than MPI gathers at once`);
      const all = new Uint8Array(total);
      let at = 0;
      const places = Int32Array.from(counts, (count) => {
        at += count;
        return at - count;
      });
      check(
        'MPI_Allgatherv',
        allGatherV(
          ...[bytes, bytes.length, handles.byte, all],
          ...[Int32Array.from(counts), places, handles.byte, handles.world],
        ),
      );
      return all;
    },
    numbers(value) {
      const all = new Float64Array(size);
      check(
        'MPI_Allgather',
        allGather(Float64Array.of(value), 1, handles.double, all, 1, handles.double, handles.world),
      );
      return [...all];
    },
    finalize: () => check('MPI_Finalize', finalize()),
  };
}

/** `type` is what a handle is to the caller. */
interface Handles {
  type: 'int' | 'void *';
  world: unknown;
  byte: unknown;
  double: unknown;
  add: unknown;
  inPlace: bigint;
}

const mpichHandles: Handles = {
  type: 'int',
  world: 0x44000000,
  byte: 0x4c00010d,
  double: 0x4c00080b,
  add: 0x58000003,
  inPlace: -1n,
};

function openMpiHandles(library: Library): Handles {
  const at = (name: string) => library.symbol(name, 'void *');
  return {
    type: 'void *',
    world: at('ompi_mpi_comm_world'),
    byte: at('ompi_mpi_byte'),
    double: at('ompi_mpi_double'),
    add: at('ompi_mpi_op_sum'),
    inPlace: 1n,
  };
}

const tried = 'train with several ranks';

function loadKoffi(): Koffi {
  try {
    return createRequire(import.meta.url)('koffi');
  } catch {
    throw new UserError({
      code: 'ranks.no-koffi',
      tried,
      why: 'the package koffi, through which MPI is reached, is not installed.',
      cure: 'Install it beside MiLorE with "npm install koffi", or start one process alone.',
    });
  }
}

function loadLibrary(koffi: Koffi, { speaks }: Launched, named: string | undefined): Library {
  const candidates = named ? [named] : names[speaks];
  const faults: string[] = [];
  for (const name of candidates) {
    try {
      // Its plug-ins look for its symbols.
      return koffi.load(name, { global: true });
    } catch (fault) {
      faults.push((fault as Error).message);
    }
  }
  const kind = speaks === 'mpich' || speaks === 'pmi' ? 'MPICH' : 'Open MPI';
  throw new UserError({
    code: 'ranks.no-library',
    tried,
    why: `no MPI library could be loaded (${candidates.join(', ')}): ${faults.at(-1)}.`,
    cure: `Install ${kind} (Debian: apt install ${kind === 'MPICH' ? 'libmpich12' : 'libopenmpi3'}; on a cluster: module load), the same that starts the ranks, or name its library in MILORE_MPI_LIBRARY.`,
  });
}

function otherWorld(version: string, launched: Launched, found: { rank: number; size: number }): UserError {
  return new UserError({
    code: 'ranks.other-world',
    tried,
    why: `${version} sees ${found.size} of them and the launcher started ${launched.size}: they are of two kinds of MPI.`,
    cure: 'Start the ranks with the mpirun of the same MPI (or srun --mpi=pmix for Open MPI, --mpi=pmi2 for MPICH), or name the library in MILORE_MPI_LIBRARY.',
  });
}
