import { beforeEach, expect, it } from 'vitest';
import { SteadyTree } from '../../extension/steady-tree.ts';

interface Item {
  name: string;
  text?: string;
  below?: Item[];
}

let roots: Item[];
let changed: (string | undefined)[];
let tree: SteadyTree<Item>;

beforeEach(() => {
  roots = [{ name: 'a', below: [{ name: 'a1', text: '1 %' }] }, { name: 'b' }];
  changed = [];
  tree = new SteadyTree<Item>(
    {
      children: (item) => structuredClone(item ? (item.below ?? []) : roots),
      idOf: ({ name }) => name,
      lookOf: ({ text }) => text ?? '',
    },
    (item) => changed.push(item?.name),
  );
});

it('says nothing where nothing that is seen has changed', () => {
  tree.update();
  expect(changed).toEqual([]);
});

it('names the one node that looks different, and that is the object which the view has', () => {
  const [a] = tree.children();
  const [shown] = tree.children(a);
  roots[0].below = [{ name: 'a1', text: '2 %' }];
  tree.update();
  expect(changed).toEqual(['a1']);
  expect(tree.children(tree.children()[0])[0]).toBe(shown);
  expect(shown.text).toBe('2 %');
});

it.each([
  ['comes', () => roots.push({ name: 'c' })],
  ['goes', () => roots.pop()],
  ['moves', () => roots.reverse()],
  ['comes further down', () => roots[1].below?.push({ name: 'b1' }) ?? (roots[1].below = [{ name: 'b1' }])],
])('refreshes the whole where a node %s', (_, change) => {
  change();
  tree.update();
  expect(changed).toEqual([undefined]);
});
