import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { describeKeys } from '../../sidecar/config/describe.ts';
import { loadExperiment } from '../../sidecar/config/resolve.ts';
import { runExperiment } from '../../sidecar/training/experiment-run.ts';
import { VERSION } from '../../sidecar/version.ts';
import { tinyWorkspace } from '../support/tiny.ts';

/** Read before a run begins, by what starts it. */
const ELSEWHERE = /^(device$|sweep\b)/;

/** Sections whose keys are a person's own, and lists of sections. */
const ENTRIES: Record<string, string> = {
  languages: '<code>',
  stages: '<n>',
  'evaluation.abx': '<code>',
  'evaluation.alone': '<code>',
};

/** `experiment` with every key that is asked for put into `read`; writing it down or copying it whole asks for none. */
function watched<T extends object>(value: T, path: string, read: Set<string>): T {
  let copied: string | symbol | undefined;
  return new Proxy(value, {
    getOwnPropertyDescriptor(target, key) {
      copied = key;
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
    get(target, key, receiver) {
      if (key === 'toJSON') return () => target;
      const got: unknown = Reflect.get(target, key, receiver);
      const isCopy = copied === key;
      copied = undefined;
      if (typeof key === 'symbol') return got;
      const entry = ENTRIES[path];
      const at = entry ? `${path}.${entry}` : path ? `${path}.${key}` : key;
      if (!isCopy && !Array.isArray(target)) read.add(at);
      return typeof got === 'object' && got !== null ? watched(got, at, read) : got;
    },
  });
}

const speech = (name: string) => resolve('extension/sample/speech', name);

/** What is measured only where there are transcripts and alignments. */
function annotated(root: string): string[] {
  const items = join(root, 'fin.item');
  writeFileSync(items, 'fin_m1_01 0.1 0.3 a x x m1\n');
  return [
    `languages.fin={role: new, data: ${JSON.stringify(speech('fin.tsv'))}, hours: 0.05}`,
    'evaluation.superb={languages: [fin], updates: 1, width: 8, learningRate: 0.001, accumulate: 1}',
    // No run lies there: that is a reason, and no fault.
    `evaluation.alone={fin: ${JSON.stringify(root)}}`,
    `evaluation.abx={fin: {items: ${JSON.stringify(items)}, audio: ${JSON.stringify(speech('fin'))}}}`,
  ];
}

async function readBy(overrides: string[], read: Set<string>): Promise<void> {
  const { root, experiment: file } = tinyWorkspace();
  const { experiment, text } = await loadExperiment(file, [
    'training.steps=2',
    'head.warmupSteps=1',
    'adapter.router.kind=top-k',
    'adapter.router.balance=0.1',
    'replay.hours=0.01',
    'training.ewc.strength=1',
    'training.lwf.weight=1',
    'training.der.weight=1',
    ...annotated(root),
    ...overrides,
  ]);
  const { state } = await runExperiment({
    root,
    experiment: watched(experiment, '', read),
    configText: text,
    device: 'cpu',
    version: VERSION,
    onEvent: () => {},
    signal: new AbortController().signal,
  });
  expect(state).toBe('done');
}

it('every key of the schema is read by a run: none is described and then ignored', async () => {
  const read = new Set<string>();
  // Stages say for themselves what is replayed, and how long they are.
  for (const more of [[], ['stages=[{add: [fin]}]']]) await readBy(more, read);
  const keys = describeKeys().map(({ path }) => path);
  const leaves = keys.filter((path) => !keys.some((other) => other.startsWith(`${path}.`)));
  expect(leaves.length).toBeGreaterThan(50);
  expect(leaves.filter((path) => !read.has(path) && !ELSEWHERE.test(path))).toEqual([]);
}, 400_000);
