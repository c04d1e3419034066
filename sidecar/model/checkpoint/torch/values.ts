/** @file What a pickle of PyTorch is made of once it is read: dictionaries, lists, tensors, and records that do nothing. */
import type { DType } from '../tensor-file.ts';

/** Why a pickle was refused; the caller adds the file. */
export class PickleRefusal extends Error {
  constructor(
    message: string,
    readonly cure?: string,
  ) {
    super(message);
  }
}

export class TorchStorage {
  constructor(
    readonly key: string,
    readonly dtype: DType,
    readonly elements: number,
  ) {}
}

/** A tensor as described by the pickle: a view of a storage, not yet checked against it. */
export class TorchTensor {
  constructor(
    readonly storage: TorchStorage,
    readonly offset: number,
    readonly shape: number[],
    readonly stride: number[],
  ) {}

  get dtype(): DType {
    return this.storage.dtype;
  }
}

/** A class or function by its name; nothing more is ever known of it. */
export class Global {
  constructor(readonly name: string) {}
}

export type Dict = Map<unknown, unknown>;

/** An object of some class: what it was made of, untouched. The class is a name, and never looked up. */
export class InertRecord {
  /** What BUILD set: most often a dictionary of the object's attributes. */
  state: unknown;
  readonly items: Dict = new Map();

  constructor(
    readonly className: string,
    readonly args: readonly unknown[],
  ) {}
}

/**
 * The fields of a dictionary, a Namespace or an omegaconf DictConfig, or undefined. Nothing is copied or walked: a
 * pickle may refer to one thing from a million places.
 */
export function fieldsOf(value: unknown): Dict | undefined {
  if (value instanceof Map) return value;
  if (!(value instanceof InertRecord) || !(value.state instanceof Map)) return undefined;
  const content = value.state.get('_content');
  return content instanceof Map ? content : value.state;
}

/** The value of a field, without omegaconf's wrapping. */
export function fieldOf(value: unknown, name: string): unknown {
  let found = fieldsOf(value)?.get(name);
  if (found instanceof InertRecord && found.state instanceof Map && found.state.has('_val'))
    found = found.state.get('_val');
  return found;
}

/** A list, or omegaconf's ListConfig. */
export function listOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (!(value instanceof InertRecord) || !(value.state instanceof Map)) return undefined;
  const content = value.state.get('_content');
  return Array.isArray(content) ? content : undefined;
}

/** The member's name of an enum, as text or as Python pickles it: `Enum(value)` or `getattr(Enum, name)`. */
export function memberName(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  const last = value instanceof InertRecord ? value.args.at(-1) : undefined;
  return typeof last === 'string' ? last : undefined;
}
