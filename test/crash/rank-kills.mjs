// Kills a rank at random moments, goes on with another number of ranks, and compares the adapter with an unbroken run's.
// node test/crash/rank-kills.mjs [kills] [seed] [openmpi|mpich]   (npm run build first; minutes long, so no part of npm test)
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const wanted = Number(process.argv[2] ?? 10);
let state = Number(process.argv[3] ?? 1);
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
cpSync('extension/sample', root, { recursive: true });
const file = join(root, 'add-two-languages.milore.yaml');
const settings = [
  ['training.shards=4', 'training.steps=60', 'training.batchSeconds=10', 'checkpoint.every=5'],
  ['evaluation.every=30', 'evaluation.probes=false', 'head.warmupSteps=4'],
]
  .flat()
  .flatMap((one) => ['--set', one]);

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

const launch = (command, options, ranks, args, mark) =>
  spawn(command, [...options, '-n', String(ranks), process.execPath, entry, 'train', ...args], {
    env: { ...process.env, MILORE_TEST: mark, MILORE_THREADS: '1' },
    stdio: ['ignore', 'ignore', openSync(join(root, 'said'), 'w')],
  });
const ended = (child) => new Promise((done) => child.on('close', (code) => done(code)));

if (await ended(spawn(process.execPath, [entry, 'train', file, ...settings], { stdio: 'ignore' })))
  throw new Error('the unbroken run failed');
const alone = sha(runs().at(-1));
console.log(`alone: ${alone.slice(0, 16)}`);
let wrong = 0;
for (const [command, options] of [
  ['mpirun.openmpi', ['--allow-run-as-root', '--oversubscribe']],
  ['mpirun.mpich', []],
]) {
  if (process.argv[4] && !command.endsWith(process.argv[4])) continue;
  if (spawnSync(command, ['--version']).status !== 0) {
    console.log(`${command}: not here`);
    continue;
  }
  let ranks = 2;
  let going;
  for (let kills = 0; kills < wanted || going; ) {
    const before = runs();
    const mark = `${process.pid}-${state}`;
    const child = launch(
      command,
      options,
      ranks,
      going ? ['--resume', join(folder, going)] : [file, ...settings],
      mark,
    );
    const done = ended(child);
    let over = false;
    void done.then(() => (over = true));
    const run = () => going ?? runs().find((one) => !before.includes(one));
    const checkpoints = () => (run() ? logOf(run()).split('"type":"checkpoint"').length : 0);
    const had = going ? checkpoints() : 1;
    // After a checkpoint of this very launch, so that each goes further than the last; then at any moment.
    while (!over && !(checkpoints() > had)) await sleep(50);
    if (kills < wanted) await sleep(random() * 2500);
    const alive = over || kills >= wanted ? [] : ranksOf(mark);
    if (alive.length > 0) {
      process.kill(Number(alive[Math.floor(random() * alive.length)]), 'SIGKILL');
      kills++;
    }
    const began = performance.now();
    const code = await done;
    going = run();
    if (!going) throw new Error(`no run was begun: ${readFileSync(join(root, 'said'), 'utf8').slice(-2000)}`);
    if (code === 0) {
      const same = sha(going) === alone;
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
    ranks = (kills >= wanted ? [1, 2, 3] : [2, 3]).filter((n) => n !== ranks)[
      Math.floor(random() * 1.99) % (kills >= wanted ? 2 : 1)
    ];
  }
}
rmSync(root, { recursive: true });
rmSync(program, { recursive: true });
console.log(`${wrong} adapters differ`);
process.exitCode = wrong > 0 ? 1 : 0;
