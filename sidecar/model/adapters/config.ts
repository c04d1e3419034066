/**
 * @file `adapter_config.json` checked value by value before anything is sized by it: the file may come from anyone. It
 * must not read tensors.
 */

import { TARGET_MODULES } from '../../architecture/sites.ts';
import { UserError } from '../../errors.ts';
import { refusePeft } from '../checkpoint/peft.ts';
import type { AdapterConfig, HeadShape } from '../config.ts';

const TARGETS = Object.keys(TARGET_MODULES);
const KINDS = ['lora-mixture', 'full', 'scratch', 'none'];

type Raw = Record<string, unknown>;
const isRecord = (value: unknown): value is Raw => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What the file says is trained, for a base of `layers` layers (any number where it is not told). */
export function checkAdapterConfig(
  raw: Raw,
  file: string,
  layers?: number,
): { adapter: AdapterConfig; head: HeadShape } {
  refusePeft(raw, file);
  const faults: string[] = [];
  const at = (key: string, value: unknown, holds: boolean, expected: string) => {
    const shown = JSON.stringify(value)?.slice(0, 60) ?? 'absent';
    if (!holds) faults.push(`"${key}" is ${shown}; expected ${expected}.`);
  };
  const section = (key: string, value: unknown): Raw => {
    at(key, value, isRecord(value), 'an object');
    return isRecord(value) ? value : {};
  };
  const whole = (key: string, value: unknown, most: number) =>
    at(key, value, Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most, `1 to ${most}`);
  const real = (key: string, value: unknown, least: number) =>
    at(key, value, typeof value === 'number' && value >= least && value <= 65_536, `a number from ${least} to 65536`);
  const oneOf = (key: string, value: unknown, known: string[]) =>
    at(key, value, known.includes(value as string), known.join(', '));
  const each = (key: string, value: unknown, most: number) => {
    const fits = Array.isArray(value) && value.length >= 1 && value.length === (layers ?? Math.min(256, value.length));
    const sound = fits && value.every((n) => Number.isInteger(n) && n >= 1 && n <= most);
    at(key, value, sound, `${layers ?? 'a list of'} whole numbers from 1 to ${most}, one a layer`);
  };

  at('format', raw.format, raw.format === 'milore-adapter/1', '"milore-adapter/1"');
  at('base_hash', raw.base_hash, typeof raw.base_hash === 'string', 'the hash of the base');
  const adapter = section('adapter', raw.adapter);
  oneOf('adapter.kind', adapter.kind, KINDS);
  if (adapter.kind === 'lora-mixture') {
    const mixture = section('adapter.mixture', adapter.mixture);
    each('adapter.mixture.experts', mixture.experts, 64);
    each('adapter.mixture.rank', mixture.rank, 256);
    if (mixture.shared !== undefined) whole('adapter.mixture.shared', mixture.shared, 16);
    real('adapter.mixture.alpha', mixture.alpha, 0);
    real('adapter.mixture.init', mixture.init, 0);
    const { targets } = mixture;
    const known = Array.isArray(targets) && targets.length >= 1 && targets.every((name) => TARGETS.includes(name));
    at('adapter.mixture.targets', targets, known && new Set(targets).size === targets.length, TARGETS.join(', '));
    const router = section('adapter.mixture.router', mixture.router);
    oneOf('adapter.mixture.router.kind', router.kind, ['dense', 'top-k', 'language']);
    if (router.kind === 'language') {
      const most = Array.isArray(mixture.experts) ? Math.min(...mixture.experts) : 0;
      const all = Object.entries(isRecord(router.languages) ? router.languages : {});
      const sound = all.length > 0 && all.every(([, e]) => Number.isInteger(e) && Number(e) >= 0 && Number(e) < most);
      at('adapter.mixture.router.languages', router.languages, sound, 'experts by language');
    }
    oneOf('adapter.mixture.router.share', router.share, ['site', 'block']);
    whole('adapter.mixture.router.k', router.k, 64);
    for (const key of ['balance', 'zLoss', 'init']) real(`adapter.mixture.router.${key}`, router[key], 0);
  }
  const head = section('head', raw.head);
  whole('head.projection', head.projection, 8192);
  whole('head.units', head.units, 1_000_000);
  real('head.temperature', head.temperature, 1e-9);
  if (faults.length > 0)
    throw new UserError(
      faults.map((why) => ({
        code: 'adapter.config',
        tried: `use the adapter of ${file}`,
        why,
        cure: 'Export the adapter again with "milore export", or correct the file.',
      })),
    );
  return { adapter: raw.adapter as AdapterConfig, head: raw.head as HeadShape };
}
