/** @file Randomness by key (seed, step, utterance …), never by call order: a resumed run draws what the uninterrupted one would have. */

export type Key = readonly (string | number)[];

/** A generator of uniform numbers in [0, 1) with 32 random bits each: sfc32 (C. Doty-Humphrey, PractRand) seeded by
 * four hashes of the key. */
export function keyedRandom(...key: Key): () => number {
  const text = keyText(key);
  let [a, b, c, d] = [fnv1a(text, 1), fnv1a(text, 2), fnv1a(text, 3), fnv1a(text, 4)];
  const next = () => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
}

/** A permutation of 0 … n-1 (Fisher and Yates). */
export function permutation(n: number, ...key: Key): Uint32Array {
  const random = keyedRandom(...key);
  const order = new Uint32Array(n).map((_, index) => index);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** n standard normal numbers (Box and Muller). */
export function normals(n: number, ...key: Key): Float32Array {
  const random = keyedRandom(...key);
  const out = new Float32Array(n);
  for (let i = 0; i < n; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    out[i] = radius * Math.cos(angle);
    if (i + 1 < n) out[i + 1] = radius * Math.sin(angle);
  }
  return out;
}

/** The items in an order drawn from the key and each item's own name: adding an item moves no other. */
export function keyedOrder<T>(items: readonly T[], name: (item: T) => string, ...key: Key): T[] {
  return Array.from(
    keyedPlaces(items.length, (i) => name(items[i]), ...key),
    (i) => items[i],
  );
}

/** The same of places: a name is asked for when it is needed, and none is kept. */
export function keyedPlaces(n: number, name: (place: number) => string, ...key: Key): Uint32Array {
  const at = new Float64Array(n);
  for (let i = 0; i < n; i++) at[i] = keyedRandom(...key, name(i))();
  const byName = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  // Of equal names the first comes first.
  return Uint32Array.from({ length: n }, (_, i) => i).sort(
    (a, b) => at[a] - at[b] || byName(name(a), name(b)) || a - b,
  );
}

/** Of a text, 32 bits: equal texts have equal ones, and others seldom. */
export const fingerprint = (text: string): number => fnv1a(text, 0) >>> 0;

/** Types and lengths are in it, so that ('a', 'bc') and ('ab', 'c'), or 1 and '1', differ. */
function keyText(key: Key): string {
  return key.map((part) => (typeof part === 'number' ? `n${part};` : `s${part.length}:${part};`)).join('');
}

/** FNV-1a over UTF-16 code units, finished as MurmurHash3 does so that close keys end far apart. */
function fnv1a(text: string, salt: number): number {
  let hash = 0x811c9dc5 ^ Math.imul(salt, 0x9e3779b1);
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
