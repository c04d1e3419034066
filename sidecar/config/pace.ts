/**
 * @file How fast this machine has been: what a run took over what arithmetic expected of it, kept with the workspace so
 * that the next estimate is one of this machine. It must not know the file system.
 */
import type { BaseConfig } from '../architecture/config.ts';

/** Below the workspace's `.milore`. */
export const PACE_FILE = 'pace.json';

export interface Pace {
  /** Measured over expected, of steps. */
  steps: number;
  /** The same of the preparation; absent where the cache had all of it. */
  preparation?: number;
}

export interface PaceEntry extends Pace {
  device: string;
  /** Of the base: how fast a machine is depends on the size of its products. */
  hidden: number;
  layers: number;
}

export interface Paces {
  /** Of the processor, with its threads: a workspace may be opened on another machine. */
  machine: string;
  /** Oldest first. */
  entries: PaceEntry[];
}

const most = 20;
/** Beyond such a ratio something else was measured: a machine asleep, a clock set back. */
const widest = 1000;

const isRatio = (value: unknown): value is number => typeof value === 'number' && value > 1 / widest && value < widest;

/** What the file says; nothing of another machine, and nothing that is no figure. */
export function parsePaces(text: string, machine: string): Paces {
  const none: Paces = { machine, entries: [] };
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return none;
  }
  const { machine: of, entries } = (raw ?? {}) as { machine?: unknown; entries?: unknown };
  if (of !== machine || !Array.isArray(entries)) return none;
  const sound = entries.flatMap((entry: unknown): PaceEntry[] => {
    const { device, hidden, layers, steps, preparation } = (entry ?? {}) as Record<string, unknown>;
    if (typeof device !== 'string' || !isRatio(steps) || typeof hidden !== 'number' || typeof layers !== 'number')
      return [];
    return [{ device, hidden, layers, steps, ...(isRatio(preparation) ? { preparation } : {}) }];
  });
  return { machine, entries: sound.slice(-most) };
}

/** The newest of this device (any where it is to be chosen by itself), rather of a base of this shape. */
export function paceOf(
  { entries }: Paces,
  device: string,
  { hidden, layers }: Pick<BaseConfig, 'hidden' | 'layers'>,
): Pace | undefined {
  const fits = entries.filter((entry) => device === 'auto' || entry.device === device);
  return fits.findLast((entry) => entry.hidden === hidden && entry.layers === layers) ?? fits.at(-1);
}

/** With one more; a preparation that was not measured this time is remembered from before. */
export function withPace(paces: Paces, entry: PaceEntry): Paces {
  const same = (other: PaceEntry) =>
    other.device === entry.device && other.hidden === entry.hidden && other.layers === entry.layers;
  const before = paces.entries.findLast(same);
  const preparation = entry.preparation ?? before?.preparation;
  const next = { ...entry, ...(preparation === undefined ? {} : { preparation }) };
  return { ...paces, entries: [...paces.entries.filter((other) => !same(other)), next].slice(-most) };
}
