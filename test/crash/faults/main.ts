/**
 * @file `npm run faults`: every fault at every operation of every scenario, all combinations of processes, bits flipped
 * in every file of the cache; ends with tables of counts.
 */
import { parseArgs } from 'node:util';
import { flip, warm } from './flips.ts';
import { fill } from './full.ts';
import { hows } from './processes.ts';
import { remove, scenarios } from './scenarios.ts';
import { alone, atOnce, combinations, described } from './together.ts';
import { attempt, each, operations, phaseOf, prepare, telling } from './trials.ts';
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
    for (const how of hows.filter((one) => !given.how || given.how.includes(one))) {
      const all = await operations(prepared, how);
      const some = telling(all).filter(
        (one) => phaseOf(one).includes(given.phase ?? '') && one.at >= Number(given.from ?? 1),
      );
      console.log(`${scenario.name}, ${how}: ${some.length} of ${all.length} operations`);
      await each(some, jobs, async (operation) => {
        const { phase, faults, said } = await attempt(prepared, operation, how);
        const what = `${how} at ${operation.at}, ${operation.name} ${operation.path}`;
        tally([scenario.name, how, phase], what, faults, said);
      });
    }
    remove(prepared.template);
  }
}

async function tryTogether(): Promise<void> {
  const expected = await alone(data, 4);
  for (let turn = 1; turn <= times; turn++)
    for (const combination of combinations)
      tally([described(combination)], `turn ${turn}`, await atOnce(data, combination, expected));
}

/** From a disk that holds next to nothing up to one that holds all. */
async function tryFull(): Promise<void> {
  const [expected] = await alone(data, 1, 3);
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
