/**
 * @file Where each key of an experiment stands, so that every later complaint can name line and column.
 * It must not know what the keys mean.
 */
import type { Place } from '../errors.ts';

type Path = readonly PropertyKey[];
const join = (path: Path) => path.map(String).join('\u0000');

/** Places by key path, list positions included: `['languages', 'eng', 'data', 0]`. */
export class Places {
  readonly file: string;
  readonly #keys = new Map<string, Place>();
  readonly #values = new Map<string, Place>();

  constructor(file: string) {
    this.file = file;
  }

  add(path: Path, key: Place, value: Place): void {
    this.#keys.set(join(path), key);
    this.#values.set(join(path), value);
  }

  /** The same places, to which others can be added. */
  copy(): Places {
    const copy = new Places(this.file);
    for (const [path, place] of this.#keys) copy.#keys.set(path, place);
    for (const [path, place] of this.#values) copy.#values.set(path, place);
    return copy;
  }

  has(path: Path): boolean {
    return this.#keys.has(join(path));
  }

  /** Where the key itself stands; for one that is missing, the nearest key above it. */
  key(path: Path): Place {
    return this.#find(this.#keys, path);
  }

  /** Where its value stands; for one that is missing, the key of the nearest section above it. */
  value(path: Path): Place {
    return this.#values.get(join(path)) ?? this.#find(this.#keys, path);
  }

  #find(map: Map<string, Place>, path: Path): Place {
    for (let length = path.length; length > 0; length--) {
      const place = map.get(join(path.slice(0, length)));
      if (place) return place;
    }
    return { file: this.file, line: 1, column: 1 };
  }
}
