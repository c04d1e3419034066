/** @file `npm run faults`: every fault at every operation of every scenario, as a table of counts. */
import { parseArgs } from 'node:util';
import type { How } from './processes.ts';
import { remove, scenarios } from './scenarios.ts';
import { attempt, each, operations, phaseOf, prepare, type Trial, telling } from './trials.ts';
import { makeData } from './workspace.ts';

const { values } = parseArgs({
  options: {
    scenario: { type: 'string', multiple: true },
    how: { type: 'string', multiple: true },
    phase: { type: 'string' },
    jobs: { type: 'string' },
    from: { type: 'string' },
  },
});
const kinds = (values.how as How[] | undefined) ?? ['kill', 'torn', 'ENOSPC', 'EROFS', 'EACCES', 'EMFILE', 'EIO'];
const chosen = scenarios.filter(({ name }) => !values.scenario || values.scenario.includes(name));
const data = makeData();
const trials: (Trial & { scenario: string })[] = [];
for (const scenario of chosen) {
  const prepared = await prepare(scenario, data);
  for (const how of kinds) {
    const all = await operations(prepared, how);
    const some = telling(all).filter(
      (one) => (!values.phase || phaseOf(one).includes(values.phase)) && one.at >= Number(values.from ?? 1),
    );
    console.log(`${scenario.name}, ${how}: ${some.length} of ${all.length} operations`);
    await each(some, Number(values.jobs ?? 2), async (operation) => {
      const trial = await attempt(prepared, operation, how);
      trials.push({ ...trial, scenario: scenario.name });
      if (trial.faults.length > 0 || process.env.MILORE_SAID)
        console.log(
          `  ${how} at ${operation.at}, ${operation.name} ${operation.path}\n    ${trial.faults.join('\n    ')}\n    ${trial.said.slice(0, 1500)}`,
        );
    });
  }
  remove(prepared.template);
}
const rows = new Map<string, { trials: number; faults: number }>();
for (const { scenario, how, phase, faults } of trials) {
  const key = [scenario, how, phase].map((text, i) => text.padEnd([14, 8, 18][i])).join('');
  const row = rows.get(key) ?? { trials: 0, faults: 0 };
  row.trials++;
  if (faults.length > 0) row.faults++;
  rows.set(key, row);
}
console.log(`\n${'scenario'.padEnd(14)}${'fault'.padEnd(8)}${'phase'.padEnd(18)}tried  wrong`);
for (const [key, { trials, faults }] of rows)
  console.log(`${key}${String(trials).padStart(5)}${String(faults).padStart(7)}`);
const wrong = trials.filter(({ faults }) => faults.length > 0).length;
console.log(`${trials.length} faults, ${wrong} wrong`);
process.exitCode = wrong > 0 ? 1 : 0;
