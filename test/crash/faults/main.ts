/**
 * @file `npm run faults`: every fault at every operation of every scenario, all combinations of processes, bits flipped
 * in every file of the cache; ends with tables of counts.
 */
import { parseArgs } from 'node:util';
import { flip, warm } from './flips.ts';
import { byWhatIsKept, fill } from './full.ts';
import { type How, hows } from './processes.ts';
import { remove, scenarios } from './scenarios.ts';
import { forget, goOnFrom, moments } from './states.ts';
import { alone, atOnce, combinations, described } from './together.ts';
import { attempt, each, first, type Operation, operations, type Prepared, phaseOf, prepare } from './trials.ts';
import { makeData } from './workspace.ts';

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Of operations: some scenarios, some faults, some phases, from an operation on. */
    scenario: { type: 'string', multiple: true },
    how: { type: 'string', multiple: true },
    phase: { type: 'string' },
    from: { type: 'string' },
    /** How often combinations and flips are tried. */
    times: { type: 'string', default: '10' },
    /** Of operations that an error hits at one call site, on like files: the first so many and the last; `all` for every one. */
    repeats: { type: 'string', default: '2' },
    /** Trials at once. */
    jobs: { type: 'string', default: '2' },
    /** Shows what was said at every fault. */
    said: { type: 'boolean', default: false },
  },
});
const parts = positionals.length > 0 ? positionals : ['operations', 'full', 'together', 'flips'];
const times = Number(given.times);
const jobs = Number(given.jobs);
const data = makeData();
/** By columns of a table: trials and those that went wrong. */
const counts = new Map<string, { trials: number; wrong: number }>();

function tally(columns: readonly string[], what: string, faults: readonly string[], said = ''): void {
  const key = columns.map((text, i) => text.padEnd([14, 8, 18][i] ?? 0)).join('');
  const row = counts.get(key) ?? { trials: 0, wrong: 0 };
  counts.set(key, row);
  row.trials++;
  if (faults.length > 0) row.wrong++;
  if (faults.length > 0 || given.said) console.log([`  ${what}`, ...faults, said].join('\n    '));
}

async function tryOperations(): Promise<void> {
  for (const scenario of scenarios.filter(({ name }) => !given.scenario || given.scenario.includes(name))) {
    const prepared = await prepare(scenario, data);
    const asked = (how: How) => !given.how || given.how.includes(how);
    if (asked('kill') || asked('torn')) await tryMoments(prepared, asked);
    for (const how of hows.filter(asked)) {
      const all = await operations(prepared, how);
      const isKill = how === 'kill' || how === 'torn';
      const some = (
        isKill ? onceAPhase(all) : given.repeats === 'all' ? all : first(Number(given.repeats), all)
      ).filter((one) => phaseOf(one).includes(given.phase ?? '') && one.at >= Number(given.from ?? 1));
      console.log(
        `${scenario.name}, ${how}: ${some.length} of ${all.length} operations${isKill ? ', really killed' : ''}`,
      );
      await each(some, jobs, async (operation) => {
        const { phase, faults, said } = await attempt(prepared, operation, how);
        const what = `${how} at ${operation.at}, ${operation.name} ${operation.path}`;
        tally([scenario.name, isKill ? `${how}!` : how, phase], what, faults, said);
      });
    }
    remove(prepared.template);
  }
}

/** Every moment of a kill: each content of the disk once, by as many processes as there are jobs, each with a place of its own. */
async function tryMoments(prepared: Prepared, asked: (how: How) => boolean): Promise<void> {
  const all = await each(Array.from({ length: jobs }), jobs, () => moments(prepared));
  const { name } = prepared.scenario;
  const [{ operations: of, states }] = all;
  const alike = all.filter((one) => one.states.length === states.length);
  console.log(`${name}: ${of.length} operations leave ${states.length} states of the disk`);
  const tried = (one: Operation) => phaseOf(one).includes(given.phase ?? '') && one.at >= Number(given.from ?? 1);
  await each([...alike.keys()], alike.length, async (job) => {
    const own = alike[job];
    for (const [i, state] of own.states.entries()) {
      if (i % alike.length !== job) continue;
      const here = own.operations.flatMap((operation) => [
        ...(operation.state === state && asked('kill') ? [{ how: 'kill', operation }] : []),
        ...(operation.torn === state && asked('torn') ? [{ how: 'torn', operation }] : []),
      ]);
      const wanted = here.filter(({ operation }) => tried(operation));
      if (wanted.length === 0) continue;
      const faults = await goOnFrom(state, own, prepared);
      for (const [n, { how, operation }] of wanted.entries()) {
        const what = `${how} at ${operation.at}, ${operation.name} ${operation.path}`;
        tally([name, how, phaseOf(operation)], what, n === 0 ? faults : faults.slice(0, 1));
      }
    }
  });
  for (const one of all) forget(one);
}

/** One of each phase, in its middle. */
function onceAPhase(all: readonly Operation[]): Operation[] {
  const phases = new Set(all.map(phaseOf));
  return [...phases].map((phase) => {
    const own = all.filter((one) => phaseOf(one) === phase);
    return own[own.length >> 1];
  });
}

async function tryTogether(): Promise<void> {
  const expected = await alone(data, 4);
  for (let turn = 1; turn <= times; turn++)
    for (const combination of combinations)
      tally([described(combination)], `turn ${turn}`, await atOnce(data, combination, expected));
}

/** From a disk that holds next to nothing up to one that holds all. */
async function tryFull(): Promise<void> {
  const expected = await byWhatIsKept(data);
  for (let kilobytes = 32; ; kilobytes += 32) {
    const filled = await fill(data, kilobytes, expected);
    if (!filled) return console.log('full disks: left out, since nothing can be mounted here');
    tally(['full', 'tmpfs', filled.wasFull ? 'was full' : 'had room'], `${kilobytes} kB`, filled.faults, filled.said);
    if (!filled.wasFull) return;
  }
}

async function tryFlips(): Promise<void> {
  const cache = await warm(data);
  const all = cache.files.flatMap((file) => Array.from({ length: times }, (_, turn) => ({ file, turn })));
  await each(all, jobs, async ({ file, turn }) => {
    const [, store] = /cache\/([^/]+)/.exec(file) ?? [];
    tally(['flips', store, file.slice(file.lastIndexOf('.'))], `${file}, turn ${turn}`, await flip(cache, file, turn));
  });
  remove(cache.workspace);
}

function tell(): void {
  console.log(`\n${'tried'.padStart(64)}  wrong`);
  for (const [key, { trials, wrong }] of counts)
    console.log(`${key.padEnd(58)}${String(trials).padStart(6)}${String(wrong).padStart(7)}`);
  const sum = (of: 'trials' | 'wrong') => [...counts.values()].reduce((all, row) => all + row[of], 0);
  console.log(`${sum('trials')} trials, ${sum('wrong')} wrong`);
  process.exitCode = sum('wrong') > 0 ? 1 : 0;
}

// Whoever has no time for all of it is told what was tried so far.
process.on('SIGTERM', () => {
  tell();
  process.exit();
});
if (parts.includes('operations')) await tryOperations();
if (parts.includes('full')) await tryFull();
if (parts.includes('together')) await tryTogether();
if (parts.includes('flips')) await tryFlips();
tell();
