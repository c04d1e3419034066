/** @file The settings of a run as rows of key and value, for names, tables and comparisons. Pure; imports nothing. */

export type Scalar = string | number | boolean;

/** More keys than these are no experiment's. */
const mostKeys = 600;
const longest = 200;

/** `training.learningRate` → 0.003. Lists and what is empty stand as their JSON. A stranger may have written it. */
export function flatSettings(resolved: unknown): Record<string, Scalar> {
  const into: Record<string, Scalar> = Object.create(null);
  let count = 0;
  const walk = (value: unknown, at: string, deep: number) => {
    if (count >= mostKeys) return;
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && deep < 8) {
      const inner = Object.entries(value);
      for (const [key, one] of inner) walk(one, at ? `${at}.${key.slice(0, 80)}` : key.slice(0, 80), deep + 1);
      if (inner.length > 0) return;
    }
    if (at === '' || value === undefined || value === null) return;
    count++;
    if (typeof value === 'number' || typeof value === 'boolean') into[at] = value;
    else into[at] = (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, longest);
  };
  walk(resolved, '', 0);
  return into;
}

/** What people say for a key, in the order in which they ask for it. */
const aliases: readonly (readonly [key: string, alias: string])[] = [
  ['training.learningRate', 'lr'],
  ['training.steps', 'steps'],
  ['adapter.kind', 'adapter'],
  ['adapter.experts', 'experts'],
  ['adapter.rank', 'rank'],
  ['replay.fraction', 'replay'],
  ['adapter.router.kind', 'router'],
  ['adapter.router.k', 'k'],
  ['adapter.router.balance', 'balance'],
  ['units.clusters', 'clusters'],
  ['units.layer', 'layer'],
  ['training.batchSeconds', 'batch'],
  ['base.model', 'base'],
  ['seed', 'seed'],
];
const aliasOf = new Map(aliases.map(([key, alias]) => [key, alias]));
const rankOf = new Map(aliases.map(([key], rank) => [key, rank]));
/** The key that an alias stands for. */
export const keyOfAlias: ReadonlyMap<string, string> = new Map(aliases.map(([key, alias]) => [alias, key]));

/** `lr`, `rank`, or the last two parts of the key. */
export const shortKey = (key: string): string => aliasOf.get(key) ?? key.split('.').slice(-2).join('.');

/** Keys that people ask for first come first; a seed says least of what differs, and where data lie nothing. */
export function byImportance(a: string, b: string): number {
  const rank = (key: string) =>
    key === 'seed'
      ? 900
      : key === 'units.seed'
        ? 901
        : (rankOf.get(key) ?? (/(^|\.)(data|model|text|path)$/.test(key) ? 950 : 100));
  return rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** `3e-3`, `0.25`, `lora-mixture`: short enough for a name. */
export function sayScalar(value: Scalar, most = 24): string {
  if (typeof value === 'number') return sayNumber(value);
  const text = String(value);
  // Of a path the end tells more than the beginning.
  if (text.length > most && text.includes('/')) return `…${text.slice(1 - most)}`;
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function sayNumber(value: number): string {
  const size = Math.abs(value);
  if (value !== 0 && (size < 0.01 || size >= 1e6)) return value.toExponential().replace('e+', 'e');
  return String(value);
}
