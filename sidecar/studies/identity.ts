/**
 * @file What makes two points the same: their settings with every default written out, whatever they are called and wherever
 * the workspace lies. It must not know runs.
 */
import { createHash } from 'node:crypto';
import { isAbsolute, relative, sep } from 'node:path';
import type { Experiment } from '../config/experiment.ts';
import { isInside } from '../inside.ts';

/** SHA-256 of the resolved settings, 32 hexadecimal digits of it. @param root the workspace: paths inside it are taken from there */
export function identityOf({ name: _, ...settings }: Experiment, root: string): string {
  const text = JSON.stringify(ordered(settings, root));
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** With keys in order and paths of the workspace relative; languages and stages keep theirs, which the sampler sees. */
function ordered(value: unknown, root: string): unknown {
  if (typeof value === 'string') return isAbsolute(value) && isInside(value, root) ? inside(value, root) : value;
  if (Array.isArray(value)) return value.map((one) => ordered(one, root));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  const inOrder = entries.every(([, one]) => typeof one === 'object' && one !== null && 'role' in one);
  if (!inOrder) entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, one]) => [key, ordered(one, root)]);
}

const inside = (path: string, root: string) => `./${relative(root, path).split(sep).join('/')}`;

/** Keys whose values differ, as `training.steps`, with both. */
export function differences(
  before: unknown,
  after: unknown,
  path = '',
): { key: string; before: unknown; after: unknown }[] {
  const isSection = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (isSection(before) && isSection(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => differences(before[key], after[key], path ? `${path}.${key}` : key));
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ key: path, before, after }];
}
