import { describe, expect, it } from 'vitest';
import { askThenRead } from '../../../extension/datasets/ask-then-read.ts';
import { PageMemory } from '../../../extension/datasets/page-memory.ts';
import { usableFirst } from '../../../extension/text.ts';

describe('several folders that were dropped together', () => {
  it('are all asked about before the first is read, and looked at meanwhile', async () => {
    const told: string[] = [];
    await askThenRead(['a', 'b', 'c'], {
      async look(folder) {
        told.push(`look ${folder}`);
        return folder.toUpperCase();
      },
      async ask(folder, looked) {
        told.push(`ask ${folder} ${await looked}`);
        if (folder === 'b') return;
        return async () => {
          await new Promise((done) => setTimeout(done, 5));
          told.push(`read ${folder}`);
        };
      },
      onFault: (error) => told.push(String(error)),
    });
    expect(told).toEqual(['look a', 'look b', 'look c', 'ask a A', 'ask b B', 'ask c C', 'read a', 'read c']);
  });

  it('one that cannot be read does not keep the others', async () => {
    const told: string[] = [];
    await askThenRead(['a', 'b'], {
      look: (folder) => (folder === 'a' ? Promise.reject(new Error('gone')) : Promise.resolve(folder)),
      async ask(folder, looked) {
        await looked;
        return async () => {
          throw new Error(`no ${folder}`);
        };
      },
      onFault: (error) => told.push((error as Error).message),
    });
    expect(told).toEqual(['gone', 'no b']);
  });
});

describe('pages over a reload', () => {
  const memento = () => {
    const kept = new Map<string, unknown>();
    return {
      keys: () => [...kept.keys()],
      get: (key: string) => kept.get(key),
      update: async (key: string, value: unknown) => void kept.set(key, structuredClone(value)),
    };
  };

  it('are there again: the newest few, and none that is too long', () => {
    const state = memento();
    const before = new PageMemory(state as never);
    for (let i = 0; i < 15; i++) before.set(`page ${i}`, `text ${i}`);
    before.set('page 5', 'text 5, read again');
    before.set('long', 'x'.repeat(300_000));
    expect(before.get('long')).toHaveLength(300_000);
    const after = new PageMemory(state as never);
    expect(after.get('page 5')).toBe('text 5, read again');
    expect(after.get('page 14')).toBe('text 14');
    expect(after.get('page 0')).toBeUndefined();
    expect(after.get('long')).toBeUndefined();
  });

  it('what another wrote there is no page', () => {
    const state = memento();
    void state.update('milore.pages', [['a'], 'b', ['c', 1], ['d', 'text']]);
    const pages = new PageMemory(state as never);
    expect(pages.get('d')).toBe('text');
    expect(pages.get('a')).toBeUndefined();
    expect(pages.get('c')).toBeUndefined();
  });
});

it('a device that can be used stands before those that cannot', () => {
  const devices = [
    { device: 'cuda', usable: false },
    { device: 'cpu', usable: true },
    { device: 'webgpu', usable: false },
  ];
  expect(usableFirst(devices).map(({ device }) => device)).toEqual(['cpu', 'cuda', 'webgpu']);
});
