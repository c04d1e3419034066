/**
 * @file What an exact sum over ranks costs beside a plain one: adding a batch, the all-reduce (8 bytes a parameter, or 4),
 * and scaling back. `mpirun -n 2 node dist/bench/sums.mjs [parameters]`; Open MPI. The first rank tells medians.
 */
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import { ExactSum } from '../../sidecar/ranks/exact-sum.ts';
import { launchedBy } from '../../sidecar/ranks/launched.ts';
import { openMpi } from '../../sidecar/ranks/library.ts';

const size = Number(process.argv[2] ?? 2_000_000);
const launched = launchedBy(process.env);
if (launched?.speaks !== 'openmpi') throw new Error('start it with Open MPI: mpirun -n 2 node …');
const mpi = openMpi(launched);
// The product sums doubles alone: for the plain sum the library is asked for floats.
const library = createRequire(import.meta.url)('koffi').load(process.env.MILORE_MPI_LIBRARY ?? 'libmpi.so.40', {
  global: true,
});
const at = (name: string) => library.symbol(name, 'void *');
const handles = [at('ompi_mpi_float'), at('ompi_mpi_op_sum'), at('ompi_mpi_comm_world')];
const reduce = library.func('MPI_Allreduce', 'int', ['intptr_t', 'void *', 'int', 'void *', 'void *', 'void *']);

const gradient = Float32Array.from({ length: size }, (_, i) => Math.sin(i) * 1e-3);
const rounds = 21;
const times: Record<string, number[]> = {};
function timed(name: string, work: () => void): void {
  // All begin together: what is timed is no waiting.
  mpi.numbers(0);
  const began = performance.now();
  work();
  times[name] = [...(times[name] ?? []), performance.now() - began];
}
for (let round = 0; round < rounds; round++) {
  const exact = new ExactSum(size, 8);
  timed('exact: add', () => exact.add(gradient));
  timed('exact: all-reduce', () => mpi.sum(exact.values));
  timed('exact: scale back', () => void exact.total());
  const plain = new Float32Array(size);
  timed('float: add', () => {
    for (let i = 0; i < size; i++) plain[i] += gradient[i];
  });
  timed('float: all-reduce', () => void reduce(1n, plain, size, ...handles));
}
if (mpi.rank === 0) {
  console.log(`${mpi.version}, ${mpi.size} ranks, ${size.toLocaleString('en-US')} parameters, median of ${rounds}:`);
  for (const [name, all] of Object.entries(times))
    console.log(`${name.padEnd(20)} ${all.sort((a, b) => a - b)[rounds >> 1].toFixed(2)} ms`);
}
mpi.finalize();
