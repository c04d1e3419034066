/** @file The last result again while what it is made of is the same. */

export function memo<A extends readonly unknown[], R>(make: (...of: A) => R, keys: (...of: A) => readonly unknown[]) {
  let before: readonly unknown[] | undefined;
  let result: R;
  return (...of: A): R => {
    const now = keys(...of);
    if (!before || now.some((one, i) => one !== before![i])) {
      before = now;
      result = make(...of);
    }
    return result;
  };
}
