/**
 * @file Reads what is claimed to be of a certain form, each value with its place: the first that is not is `Wrong` there.
 * An absent optional field and a null one are the same: a number that JSON does not have was written as null.
 */
import { type Misfit, Wrong } from './findings-fault.ts';

export interface Found {
  /** `tables[0].rows[1].fin` */
  at: string;
  value: unknown;
}

const wrong = ({ at }: Found, what: Misfit) => new Wrong({ code: 'field', at: at || '{}', what });

export function object(found: Found): Record<string, unknown> {
  const { value } = found;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(found, 'object');
  return value as Record<string, unknown>;
}

/** Only what is the object's own: `constructor` is a name like any other. */
const own = (found: Found, name: string): unknown => {
  const from = object(found);
  return Object.hasOwn(from, name) ? from[name] : undefined;
};

export const field = (found: Found, name: string): Found => ({
  at: found.at ? `${found.at}.${name}` : name,
  value: own(found, name),
});

/** `{ [name]: … }`, or nothing where the field is absent. */
export function optional<K extends string, T>(found: Found, name: K, read: (one: Found) => T): { [P in K]?: T } {
  const one = field(found, name);
  return one.value === undefined || one.value === null ? {} : ({ [name]: read(one) } as { [P in K]?: T });
}

export function list<T>(found: Found, longest: number, read: (one: Found, index: number) => T): T[] {
  const { at, value } = found;
  if (!Array.isArray(value)) throw wrong(found, 'list');
  if (value.length > longest) throw wrong(found, 'size');
  return value.map((one, i) => read({ at: `${at}[${i}]`, value: one }, i));
}

/** An object by name, `__proto__` among them. */
export function records<T>(found: Found, most: number, read: (one: Found) => T): Record<string, T> {
  const all = Object.entries(object(found));
  if (all.length > most) throw wrong(found, 'size');
  const out: Record<string, T> = Object.create(null);
  for (const [name, value] of all) {
    const short = cut(name, 80);
    out[short] = read({ at: `${found.at}.${short}`, value });
  }
  return out;
}

export function number(found: Found): number {
  if (typeof found.value !== 'number' || !Number.isFinite(found.value)) throw wrong(found, 'number');
  return found.value;
}

export function whole(found: Found, most = Number.MAX_SAFE_INTEGER): number {
  const value = number(found);
  if (!Number.isInteger(value) || value < 0 || value > most) throw wrong(found, 'whole');
  return value;
}

export function share(found: Found): number {
  const value = number(found);
  if (value < 0 || value > 1) throw wrong(found, 'share');
  return value;
}

export function text(found: Found, longest: number, mayCut = true): string {
  const { value } = found;
  if (typeof value !== 'string') throw wrong(found, 'text');
  if (value.length > longest && !mayCut) throw wrong(found, 'size');
  return cut(value, longest);
}

export function oneOf<T extends string>(found: Found, words: readonly T[]): T {
  const known = words.find((word) => word === found.value);
  if (known === undefined) throw wrong(found, 'word');
  return known;
}

const cut = (value: string, longest: number) => (value.length > longest ? `${value.slice(0, longest)}…` : value);
