import { expect, it } from 'vitest';
import type { StoredRun } from '../../extension/runs/store.ts';
import { tellWhatEnded } from '../../extension/runs/while-away.ts';

/** A workspace's memory and its runs, as two windows in turn see them. */
function workspace(runs: Record<string, StoredRun['state']>) {
  const kept = new Map<string, unknown>();
  const memory = {
    keys: () => [...kept.keys()],
    get: (key: string, otherwise?: unknown) => kept.get(key) ?? otherwise,
    update: async (key: string, value: unknown) => void kept.set(key, value),
  };
  return {
    runs,
    /** Opens a window; returns what it told and how its runs change. */
    open() {
      const listeners: (() => void)[] = [];
      const told: string[] = [];
      const store = {
        get runs() {
          return Object.entries(runs).map(([id, state]) => ({ id, state }) as StoredRun);
        },
        onChange: (listener: () => void) => {
          listeners.push(listener);
          return { dispose: () => {} };
        },
      };
      tellWhatEnded(store, memory as never, ({ id, state }) => told.push(`${id} ${state}`));
      return { told, changed: () => listeners.forEach((listener) => void listener()) };
    },
  };
}

it('tells what ended between two windows, once', () => {
  const { runs, open } = workspace({ a: 'running', b: 'running', c: 'running', old: 'done' });
  expect(open().told).toEqual([]);
  Object.assign(runs, { a: 'done', b: 'failed', c: 'interrupted' });
  expect(open().told).toEqual(['a done', 'b failed', 'c interrupted']);
  expect(open().told).toEqual([]);
});

it('does not tell again what ended in sight', () => {
  const { runs, open } = workspace({});
  const window = open();
  runs.a = 'running';
  window.changed();
  runs.a = 'done';
  window.changed();
  expect(window.told).toEqual([]);
  expect(open().told).toEqual([]);
});

it('keeps a run in mind that goes on over several windows', () => {
  const { runs, open } = workspace({ a: 'running' });
  open();
  expect(open().told).toEqual([]);
  runs.a = 'done';
  expect(open().told).toEqual(['a done']);
});

it('says nothing of a run whose folder is gone', () => {
  const { runs, open } = workspace({ a: 'running' });
  open();
  delete runs.a;
  expect(open().told).toEqual([]);
});
