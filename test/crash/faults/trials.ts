/** @file Trials of a scenario: which operations it has, a fault at one of them, going on, and what came of it. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { age, faultsOf, type Result, resultOf } from './outcome.ts';
import type { Fault, How } from './processes.ts';
import { copyOf, remove, type Scenario } from './scenarios.ts';
import type { Workspace } from './workspace.ts';

export interface Operation {
  /** From 1, among those that the fault can hit. */
  at: number;
  name: string;
  /** Below the workspace, without what differs from run to run. */
  path: string;
  /** Where in the program it is asked for. */
  site: string;
  /** What the disk is like before it, and amid it, where that was kept. */
  state?: string;
  torn?: string;
}

export interface Prepared {
  scenario: Scenario;
  template: Workspace;
  expected: Result;
}

export interface Trial {
  operation: Operation;
  how: How;
  phase: string;
  /** What the program said when it was hit. */
  said: string;
  faults: string[];
}

/** The scenario's starting point, and what it gives undisturbed. */
export async function prepare(scenario: Scenario, data: string): Promise<Prepared> {
  const template = await scenario.prepare(data);
  const workspace = copyOf(template);
  const { ended, text } = await scenario.act(workspace);
  if (ended !== 'done') throw new Error(`${scenario.name} ended ${ended} without a fault: ${text}`);
  const expected = await resultOf(scenario.result(workspace));
  remove(workspace);
  return { scenario, template, expected };
}

/** Every operation that a fault of this kind can hit, in order. */
export async function operations({ scenario, template }: Prepared, how: How): Promise<Operation[]> {
  const workspace = copyOf(template);
  const record = `${workspace.root}.operations`;
  await scenario.act(workspace, { root: [workspace.root, workspace.data], how, record });
  const all = recorded(record);
  remove(workspace);
  // Half of an operation there is of writes alone.
  return how === 'torn' ? all.filter(({ name }) => ['write', 'writeFile', 'appendFile'].includes(name)) : all;
}

export function recorded(file: string): Operation[] {
  if (!existsSync(file)) return []; // A fault of this kind hits nothing here.
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  rmSync(file);
  return lines.map((line, i) => {
    const operation = JSON.parse(line);
    return { ...operation, at: i + 1, path: plain(operation.path) };
  });
}

/** Of the operations of one call site on like files the first so many and the last: the program does the same at each. */
export function first(most: number, all: readonly Operation[]): Operation[] {
  const rest = new Map<string, number>();
  const key = ({ name, path, site }: Operation) => `${name} ${path} ${site}`;
  for (const one of all) rest.set(key(one), (rest.get(key(one)) ?? 0) + 1);
  const seen = new Map<string, number>();
  return all.filter((one) => {
    const turn = (seen.get(key(one)) ?? 0) + 1;
    seen.set(key(one), turn);
    return turn <= most || turn === rest.get(key(one));
  });
}

const plain = (path: string) =>
  path
    .replace(/[0-9a-f]{8,}/g, '#')
    .replace(/(\D)\d{8}-\d{6}-(\S+?)-[0-9a-f]{4}(?=\W)/, '$1RUN')
    .replace(/\d+-#/g, '#')
    .replace(/tfevents\.[^/]*/, 'tfevents');

export function phaseOf({ path }: Operation): string {
  const phases: [RegExp, string][] = [
    [/cache\/corpus/, 'scan cache'],
    [/cache\/graphs/, 'base and graphs'],
    [/cache\/features/, 'features'],
    [/units/, 'units and labels'],
    [/checkpoints/, 'checkpoint'],
    [/\/adapter/, 'adapter'],
    [/^exported/, 'export'],
    [/writer\.json/, 'claim'],
    [/jsonl|tensorboard|heartbeat/, 'log'],
    [/runs/, 'run folder'],
    [/wav/, 'recordings'],
  ];
  return phases.find(([pattern]) => pattern.test(path))?.[1] ?? 'workspace';
}

/** One fault, going on, one look at what is there. */
export async function attempt(prepared: Prepared, operation: Operation, how: How): Promise<Trial> {
  const { scenario, template, expected } = prepared;
  const workspace = copyOf(template);
  const fault: Fault = { root: [workspace.root, workspace.data], at: operation.at, how };
  const hit = await scenario.act(workspace, fault);
  const faults: string[] = [];
  const isKill = how === 'kill' || how === 'torn';
  if (isKill && hit.ended !== 'killed') faults.push(`was not killed: ${hit.text}`);
  if (!isKill && hit.ended !== 'done') faults.push(...rawIn(hit.text, workspace.root));
  const result = scenario.isWhole ? scenario.result(workspace) : undefined;
  if (result && existsSync(result)) faults.push(...(await halfOf(result, expected)));
  age(workspace);
  // What did not stop for an error of the disk must have come to the same result.
  const again = hit.ended === 'done' ? hit : await scenario.goOn(workspace);
  if (again.ended !== 'done') faults.push(`did not go on: ${again.text}`);
  faults.push(...(await faultsOf(workspace, scenario.result(workspace), expected)));
  if (faults.length === 0) remove(workspace);
  else faults.push(`in ${workspace.root}`);
  return { operation, how, phase: phaseOf(operation), said: hit.text.trim(), faults };
}

async function halfOf(folder: string, expected: Result): Promise<string[]> {
  const found = await resultOf(folder).catch(() => undefined);
  return found?.adapter === expected.adapter ? [] : ['something half-made stands in its place'];
}

/** A refusal says what could not be done, with its place, and reads as no program's inside. */
export function rawIn(text: string, root: string): string[] {
  const raw = [/internal:/, /fault of MiLorE/, /^\s+at /m, /\bError: /].filter((pattern) => pattern.test(text));
  const place = text.includes(root) && /Could not .+: .+\. [A-Z].+\./.test(text);
  return [...(raw.length > 0 ? ['said in raw words'] : []), ...(place ? [] : ['said without a place or a cure'])];
}

/** Runs `work` on each of the items, so many at once. */
export async function each<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
