import { describe, expect, it } from 'vitest';
import { english } from '../../../sidecar/protocol/reason.ts';
import { type NamedRun, runNames } from '../../../sidecar/protocol/run-names.ts';
import { flatSettings } from '../../../sidecar/protocol/settings.ts';

const run = (id: string, settings: Record<string, string | number> = {}, more: Partial<NamedRun> = {}): NamedRun => ({
  id,
  experiment: 'three-new',
  label: '',
  settings,
  ...more,
});
const names = (...runs: NamedRun[]) => [...runNames(runs, english).entries()].sort().map(([, name]) => name);

describe('names of runs', () => {
  it('are the experiment’s where there is but one', () => {
    expect(names(run('1', { 'training.learningRate': 0.003 }))).toEqual(['three-new']);
  });

  it('say what differs, and no more than tells them apart', () => {
    const lr = (value: number, seed: number) => ({ 'training.learningRate': value, seed, 'adapter.rank': 8 });
    expect(names(run('1', lr(0.003, 1)), run('2', lr(0.001, 2)))).toEqual([
      'three-new · lr 3e-3',
      'three-new · lr 1e-3',
    ]);
    expect(names(run('1', lr(0.003, 1)), run('2', lr(0.003, 2)), run('3', lr(0.01, 1)))).toEqual([
      'three-new · lr 3e-3 · seed 1',
      'three-new · lr 3e-3 · seed 2',
      'three-new · lr 0.01 · seed 1',
    ]);
  });

  it('name the parent of a fork, and its step', () => {
    const parent = run('1', {}, { label: 'the first' });
    const fork = run('2', { 'training.steps': 50 }, { parent: { run: '1', step: 100 } });
    expect(names(parent, fork)).toEqual(['the first', 'three-new · fork of the first at 100']);
    expect(names(fork)).toEqual(['three-new · fork of 1 at 100']);
  });

  it('number what nothing tells apart, and keep the numbers when younger runs come', () => {
    expect(names(run('1'), run('2'), run('3'))).toEqual(['three-new', 'three-new #2', 'three-new #3']);
    expect(names(run('3'), run('1'), run('2'), run('4')).slice(0, 3)).toEqual(names(run('1'), run('2'), run('3')));
    expect(names(run('1', {}, { label: 'mine' }), run('2', { seed: 1 }, { label: 'mine' }))).toEqual([
      'mine',
      'mine #2',
    ]);
  });

  it('take three settings at most, of a thousand runs in a moment', () => {
    const many = Array.from({ length: 2000 }, (_, i) =>
      run(String(i).padStart(5, '0'), { a: i % 2, b: i % 3, c: i % 5, d: i % 7, 'training.learningRate': i % 11 }),
    );
    const before = performance.now();
    const all = names(...many);
    expect(performance.now() - before).toBeLessThan(2000);
    expect(new Set(all).size).toBe(2000);
    expect(all[0].split(' · ').length).toBe(4);
    expect(all[0]).toMatch(/^three-new · lr 0 · /);
  });
});

it('settings are flat, lists are one value, and hostile ones stay data', () => {
  const flat = flatSettings(
    JSON.parse('{"a":{"b":1,"c":[1,2],"d":{}},"__proto__":{"x":true},"e":null,"f":"text","g":false}'),
  );
  expect({ ...flat }).toEqual({ 'a.b': 1, 'a.c': '[1,2]', 'a.d': '{}', '__proto__.x': true, f: 'text', g: false });
  expect(({} as { x?: unknown }).x).toBeUndefined();
  expect(Object.keys(flatSettings('x'))).toEqual([]);
});
