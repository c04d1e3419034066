// Several ranks by MPI against one process alone: two, three and four of them, dense and top-k, with accumulation and
// replay; then a rank is killed at random moments, the run goes on with another number of ranks, and the adapter is
// compared with the unbroken run's.
// node test/crash/rank-kills.mjs [kills] [seed] [openmpi|mpich]   (npm run build first; minutes long, so no part of npm test)
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const wanted = Number(process.argv[2] ?? 10);
let state = Number(process.argv[3] ?? 1);
const kinds = [
  { command: 'mpirun.openmpi', options: ['--allow-run-as-root', '--oversubscribe'] },
  { command: 'mpirun.mpich', options: [] },
].filter(({ command }) => command.endsWith(process.argv[4] ?? ''));
const STEPS = 240;
/** A linear congruential generator (Numerical Recipes): the same kills again from the same seed. */
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
// This build aside, inside dist/, where it finds its packages: a later build must not change it under way.
mkdirSync('dist/kills', { recursive: true });
const program = mkdtempSync(resolve('dist/kills/program-'));
for (const name of readdirSync('dist'))
  if (/\.(js|cjs|wasm)$/.test(name)) copyFileSync(join('dist', name), join(program, name));
const entry = join(program, 'milore.js');
const root = mkdtempSync(join(tmpdir(), 'milore-kills-'));

/** The tests' tiny HuBERT, so that a busy machine comes to an end; a step is eight batches, in four shards. */
function experimentWith(router) {
  const file = join(root, `${router.kind}.milore.yaml`);
  const speech = (language) => resolve('extension/sample/speech', language);
  const experiment = {
    base: { model: resolve('test/fixtures/hubert_tiny_base') },
    languages: {
      fin: { role: 'new', data: speech('fin'), hours: 0.015 },
      eng: { role: 'existing', data: speech('eng'), hours: 0.015 },
    },
    audio: { joinSeconds: 2 },
    adapter: { experts: 2, rank: 2, router },
    units: { layer: 2, clusters: 20, restarts: 1 },
    head: { projection: 16, warmupSteps: 4 },
    training: { steps: STEPS, batchSeconds: 8, shards: 4, accumulate: 2 },
    evaluation: { every: STEPS, secondsPerLanguage: 10, probes: false },
    checkpoint: { every: 10 },
    device: 'cpu',
  };
  writeFileSync(file, JSON.stringify(experiment));
  return file;
}

const folder = join(root, '.milore', 'runs');
const runs = () =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => !name.startsWith('.'))
        .sort()
    : [];
const logOf = (run) => readFileSync(join(folder, run, 'log.jsonl'), 'utf8');
const sha = (run) =>
  createHash('sha256')
    .update(readFileSync(join(folder, run, 'adapter', 'adapter_model.safetensors')))
    .digest('hex');
const lastWords = () => readFileSync(join(root, 'said'), 'utf8').slice(-2000);

/** Ranks of this launch alone, as their own environment says. */
function ranksOf(mark) {
  return readdirSync('/proc').filter((pid) => {
    try {
      if (!/^\d+$/.test(pid) || !readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(entry)) return false;
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      return (
        environment.includes(`MILORE_TEST=${mark}`) &&
        environment.some((line) => /^(OMPI_COMM_WORLD_RANK|PMI_RANK)=/.test(line))
      );
    } catch {
      return false;
    }
  });
}

const ended = (child) => new Promise((done) => child.on('close', (code) => done(code)));
const start = (command, args, mark = '') =>
  spawn(command, args, {
    env: { ...process.env, MILORE_TEST: mark, MILORE_THREADS: '1' },
    stdio: ['ignore', 'ignore', openSync(join(root, 'said'), 'w')],
  });
const launch = ({ command, options }, ranks, args, mark) =>
  start(command, [...options, '-n', String(ranks), process.execPath, entry, 'train', ...args], mark);

async function alone(file) {
  if (await ended(start(process.execPath, [entry, 'train', file]))) throw new Error(lastWords());
  return sha(runs().at(-1));
}

/** How many adapters are others than that of one process alone. */
async function unbroken(kind, file, expected) {
  let wrong = 0;
  for (const ranks of [2, 3, 4]) {
    if (await ended(launch(kind, ranks, [file]))) throw new Error(lastWords());
    const same = sha(runs().at(-1)) === expected;
    if (!same) wrong++;
    console.log(`${kind.command}: ${ranks} ranks, ${same ? 'the same adapter' : 'ANOTHER ADAPTER'}`);
  }
  return wrong;
}

/** The same, after kills. */
async function killed(kind, file, expected) {
  const { command } = kind;
  let wrong = 0;
  let ranks = 2;
  let going;
  for (let kills = 0; kills < wanted || going; ) {
    const before = runs();
    const mark = `${process.pid}-${state}`;
    const child = launch(kind, ranks, going ? ['--resume', join(folder, going)] : [file], mark);
    const done = ended(child);
    let over = false;
    void done.then(() => (over = true));
    const run = () => going ?? runs().find((one) => !before.includes(one));
    const checkpoints = () => (run() ? logOf(run()).split('"type":"checkpoint"').length : 0);
    const had = going ? checkpoints() : 1;
    // After a checkpoint of this very launch, so that each goes further than the last; then at any moment.
    while (!over && !(checkpoints() > had)) await sleep(20);
    if (kills < wanted) await sleep(random() * 1500);
    const alive = over || kills >= wanted ? [] : ranksOf(mark);
    if (alive.length > 0) {
      process.kill(Number(alive[Math.floor(random() * alive.length)]), 'SIGKILL');
      kills++;
    }
    const began = performance.now();
    const code = await done;
    going = run();
    if (!going) throw new Error(`no run was begun: ${lastWords()}`);
    if (code === 0) {
      const same = sha(going) === expected;
      if (!same) wrong++;
      console.log(`${command}: ended on ${ranks} ranks, ${same ? 'the same adapter' : 'ANOTHER ADAPTER'}`);
      going = undefined;
    } else {
      const step = [...logOf(going).matchAll(/"step":(\d+)/g)].at(-1)?.[1];
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      console.log(
        `${command}: kill ${kills} of ${ranks} ranks about step ${step}, code ${code}, all gone after ${seconds} s`,
      );
    }
    // The last of them may be one process alone.
    const others = (kills >= wanted ? [1, 2, 3] : [2, 3]).filter((n) => n !== ranks);
    ranks = others[Math.floor(random() * others.length)];
  }
  return wrong;
}

let wrong = 0;
for (const router of [{ kind: 'dense' }, { kind: 'top-k', k: 1 }]) {
  const file = experimentWith(router);
  const expected = await alone(file);
  console.log(`${router.kind}, alone: ${expected.slice(0, 16)}, load ${loadavg()[0].toFixed(0)}`);
  for (const kind of kinds) {
    if (spawnSync(kind.command, ['--version']).status !== 0) {
      console.log(`${kind.command}: not here`);
      continue;
    }
    wrong += await unbroken(kind, file, expected);
    wrong += await killed(kind, file, expected);
  }
}
rmSync(root, { recursive: true });
rmSync(program, { recursive: true });
console.log(`${wrong} adapters differ`);
process.exitCode = wrong > 0 ? 1 : 0;
