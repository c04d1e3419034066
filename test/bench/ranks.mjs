// npm run bench:ranks [-- steps rounds]: one process on two cores against two ranks on one core each, on a model of
// HuBERT-base's size and the same two batches a step, in turns; then an exact sum against a plain one. Minutes long.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { bundle } from '../bundle.mjs';

const steps = Number(process.argv[2] ?? 3);
const rounds = Number(process.argv[3] ?? 1);
const folder = mkdtempSync(join(tmpdir(), 'milore-bench-'));
const speech = resolve('extension/sample/speech');
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

function node(args, env = {}) {
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, ...env } });
  if (status !== 0) throw new Error(stderr);
}

const names = ['load', 'compute', 'share', 'update', 'log'];
const total = (of) => names.reduce((sum, name) => sum + (of?.[name] ?? 0), 0);

/**
 * Medians of the steps after the first, in milliseconds: parts by the clock, and all of them by the processor, which
 * others on the machine disturb less. Of several ranks the first one's.
 */
function spent(run) {
  const lines = readFileSync(join(run, 'log.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const all = lines
    .filter(({ type, seconds }) => type === 'spent' && seconds.compute > 0 && seconds.update > 0)
    .slice(1);
  const ms = (of) => 1000 * median(all.map(of));
  return {
    parts: names.map((name) => [name, ms(({ seconds }) => seconds[name] ?? 0)]),
    wholeMs: ms(({ seconds }) => total(seconds)),
    processorMs: ms(({ processorSeconds }) => total(processorSeconds)),
    share: ms(({ seconds }) => (seconds.share ?? 0) / total(seconds)) / 1000,
  };
}

try {
  const model = join(folder, 'base');
  node(['dist/bench.js', 'base', model, 'base-12']);
  const file = join(folder, 'bench.milore.yaml');
  const experiment = {
    name: 'bench',
    base: { model },
    languages: {
      fin: { role: 'new', data: join(speech, 'fin'), hours: 0.012 },
      eng: { role: 'existing', data: join(speech, 'eng'), hours: 0.012 },
    },
    audio: { joinSeconds: 5 },
    adapter: { experts: 4, rank: 8, targets: ['fc1', 'fc2'], trainMask: false },
    units: { layer: 9, clusters: 100, iterations: 5 },
    head: { warmupSteps: 0, projection: 256 },
    control: false,
    training: { steps, batchSeconds: 20, shards: 2 },
    evaluation: { every: 10 * steps, secondsPerLanguage: 10, probes: false },
    checkpoint: { every: 10 * steps },
    log: { every: 1 },
  };
  writeFileSync(file, JSON.stringify(experiment));
  const runs = join(folder, '.milore', 'runs');
  console.log(`${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${steps} steps a run, ${rounds} rounds`);
  const ratios = [];
  const shares = [];
  for (let round = 0; round < rounds; round++) {
    const wholes = [];
    for (const [name, args, threads] of [
      ['one process, two cores', [], 2],
      ['two ranks, one core each', ['--devices', '2'], 1],
    ]) {
      node(['dist/milore.js', 'train', file, ...args, '--device', 'cpu'], { MILORE_THREADS: String(threads) });
      const found = spent(join(runs, readdirSync(runs).sort().at(-1)));
      wholes.push(found.wholeMs);
      shares[round] = found.share;
      const parts = found.parts.map(([part, ms]) => `${part} ${ms.toFixed(1)}`);
      console.log(
        `${name}: ${found.wholeMs.toFixed(0)} ms a step (${parts.join(', ')}); by the processor ${found.processorMs.toFixed(0)} ms; load ${loadavg()[0].toFixed(1)}`,
      );
    }
    ratios.push(wholes[1] / wholes[0]);
  }
  const all = ratios.map((one) => one.toFixed(3)).join(', ');
  console.log(`two ranks' step over one process's: ${median(ratios).toFixed(3)} (median of ${all})`);
  const percents = shares.map((one) => (100 * one).toFixed(1)).join(', ');
  console.log(
    `all-reduce with waiting for the other rank: ${(100 * median(shares)).toFixed(1)} % of a step (${percents})`,
  );
  // What more of them would cost, by these constants: the last run's two ranks had a batch each.
  const last = join(runs, readdirSync(runs).sort().at(-1));
  spawnSync(process.execPath, ['test/bench/many-ranks.mjs', last, '2'], { stdio: 'inherit' });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
mkdirSync('dist/bench', { recursive: true });
await bundle('test/bench/sums.ts', 'dist/bench/sums.mjs');
const root = process.getuid?.() === 0 ? ['--allow-run-as-root'] : [];
// As many parameters as the adapter of the model above has.
const sums = [process.execPath, 'dist/bench/sums.mjs', '3360000'];
spawnSync('mpirun.openmpi', [...root, '--oversubscribe', '-n', '2', ...sums], { stdio: 'inherit' });
