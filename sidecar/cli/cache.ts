/** @file `milore cache`: what a workspace keeps to start faster, how much that is, and removing it. */
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { UserError } from '../errors.ts';
import { sizeInWords } from '../machine.ts';
import { type CacheItem, cacheKinds, listCache, removeFromCache } from '../runs/cache.ts';
import { printable, table, tell, tellJson } from './output.ts';

interface Options {
  remove: string[];
  unusedFor?: number;
  all: boolean;
  json: boolean;
}

const dayMs = 86_400_000;

export const cache = () =>
  new Command('cache')
    .description('Show what a workspace’s cache holds, of which base, and when it was last used; or remove some of it.')
    .argument('[workspace]', 'the folder in which .milore lies', '.')
    .option(
      '--remove <name>',
      'remove what has this name, or all of a kind (features, states, …); again for more',
      collect,
      [],
    )
    .option('--unused-for <days>', 'remove what nobody has used for so long', days)
    .option('--all', 'remove all of it; the next run makes anew what it needs', false)
    .option('--json', 'JSON on standard output', false)
    .action((workspace: string, options: Options) => {
      const root = resolve(workspace);
      const items = listCache(root);
      const chosen = choose(items, options);
      if (chosen) {
        const freed = removeFromCache(root, chosen);
        if (options.json) tellJson({ removed: chosen.map(({ name }) => name), bytes: freed });
        else
          tell(
            chosen.length === 0
              ? 'Nothing to remove.'
              : `Removed ${chosen.map(({ name }) => printable(name)).join(', ')}: ${sizeInWords(freed)}.`,
          );
      } else if (options.json) tellJson({ items });
      else tell(listed(items));
    });

/** Undefined where nothing is to be removed. */
function choose(items: CacheItem[], { remove, unusedFor, all }: Options): CacheItem[] | undefined {
  if (all) return items;
  if (remove.length === 0 && unusedFor === undefined) return undefined;
  for (const name of remove)
    if (!items.some((item) => item.name === name || item.kind === name))
      throw new UserError({
        code: 'cache.no-such',
        tried: `remove ${name} from the cache`,
        why: 'nothing there has this name.',
        cure: 'Run "milore cache" to see what there is.',
      });
  const before = unusedFor === undefined ? Number.NEGATIVE_INFINITY : Date.now() - unusedFor * dayMs;
  return items.filter(
    ({ name, kind, lastUsedMs }) => remove.includes(name) || remove.includes(kind) || lastUsedMs < before,
  );
}

function listed(items: readonly CacheItem[]): string {
  if (items.length === 0) return 'The cache is empty.';
  const rows = items.map(({ name, kind, base, bytes, lastUsedMs }) => [
    printable(name),
    cacheKinds[kind],
    base === undefined ? '' : printable(base),
    sizeInWords(bytes),
    new Date(lastUsedMs).toISOString().slice(0, 10),
  ]);
  const total = items.reduce((sum, { bytes }) => sum + bytes, 0);
  return `${table([['name', 'what', 'base', 'size', 'last used'], ...rows], 3)}\n\n${sizeInWords(total)} in all. All of it can be made anew.`;
}

const collect = (name: string, before: string[]) => [...before, name];

function days(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 36_500) || text.trim() === '') throw new InvalidArgumentError('Write a number of days.');
  return value;
}
