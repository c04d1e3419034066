/** @file Processes at once on one cold cache: trainings of different seeds, an estimate and an inspection. */
import { join } from 'node:path';
import { faultsOf, type Result, resultOf } from './outcome.ts';
import { command, type Ended, job } from './processes.ts';
import { remove, runsOf } from './scenarios.ts';
import { makeWorkspace, type Workspace } from './workspace.ts';

export interface Together {
  trainings: number;
  estimate: boolean;
  inspection: boolean;
}

/** Two to four trainings, with and without the others. */
export const combinations: Together[] = [2, 3, 4].flatMap((trainings) =>
  [false, true].flatMap((estimate) => [false, true].map((inspection) => ({ trainings, estimate, inspection }))),
);

export const described = ({ trainings, estimate, inspection }: Together) =>
  [`${trainings} trainings`, ...(estimate ? ['an estimate'] : []), ...(inspection ? ['an inspection'] : [])].join(', ');

const seedOf = (index: number) => 11 + index;
const train = ({ experiment }: Workspace, seed: number) =>
  command(['train', experiment, '--set', `seed=${seed}`, '--set', `name=seed-${seed}`]);

/** What each of the trainings gives with a cache of its own. */
export async function alone(data: string, trainings: number, seed = seedOf(0)): Promise<Result[]> {
  const results: Result[] = [];
  for (let i = 0; i < trainings; i++) {
    const workspace = makeWorkspace(data);
    const { ended, text } = await train(workspace, seed + i);
    if (ended !== 'done') throw new Error(`a training alone ended ${ended}: ${text}`);
    results.push(await resultOf(runsOf(workspace)[0]));
    remove(workspace);
  }
  return results;
}

/** What is wrong after all of them began at once; nothing where each came to what it comes to alone. */
export async function atOnce(data: string, { trainings, estimate, inspection }: Together, expected: readonly Result[]) {
  const workspace = makeWorkspace(data);
  const { root, experiment } = workspace;
  const inspected = { path: join(data, 'fin'), language: 'fin', layout: 'auto' };
  const ends: Ended[] = await Promise.all([
    ...Array.from({ length: trainings }, (_, i) => train(workspace, seedOf(i))),
    ...(estimate ? [job('estimate', { experiment }, root)] : []),
    ...(inspection ? [job('dataset/inspect', inspected, root)] : []),
  ]);
  const faults = ends.flatMap(({ ended, text }) => (ended === 'done' ? [] : [`ended ${ended}: ${text}`]));
  const warnings = ends.flatMap(({ text }) => /.*damaged or cut short.*/.exec(text) ?? []);
  faults.push(...warnings);
  for (let i = 0; i < trainings; i++) {
    const run = runsOf(workspace).find((path) => path.includes(`-seed-${seedOf(i)}-`));
    for (const fault of await faultsOf(workspace, run, expected[i])) faults.push(`seed ${seedOf(i)}: ${fault}`);
  }
  if (faults.length === 0) remove(workspace);
  return faults;
}
