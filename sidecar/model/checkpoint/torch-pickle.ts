/**
 * @file A pickle reader that knows dictionaries, lists, numbers, text and PyTorch tensors, and nothing else. Everything
 * else is refused by name; nothing is ever called, imported or executed. Must not know zip files or models.
 */
import type { DType } from './tensor-file.ts';

/** Why a pickle was refused; the caller adds the file. */
export class PickleRefusal extends Error {
  constructor(
    message: string,
    readonly cure?: string,
  ) {
    super(message);
  }
}

/** A tensor as described by the pickle: a view of a storage, not yet checked against it. */
export class TorchTensor {
  constructor(
    readonly storage: TorchStorage,
    readonly offset: number,
    readonly shape: number[],
    readonly stride: number[],
  ) {}
}

class TorchStorage {
  constructor(
    readonly key: string,
    readonly dtype: DType,
    readonly elements: number,
  ) {}
}

class Global {
  constructor(readonly name: string) {}
}

const STORAGES: Record<string, DType> = {
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.DoubleStorage': 'F64',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
};

const CALLABLE = new Set([
  'torch._utils._rebuild_tensor_v2',
  'torch._utils._rebuild_parameter',
  'collections.OrderedDict',
]);

const MARK = Symbol('mark');
const MEMO_LIMIT = 1_000_000;

type Dict = Map<unknown, unknown>;

/** Reads one pickle. @throws PickleRefusal, whatever the bytes. */
export function readTorchPickle(bytes: Uint8Array): unknown {
  return new Machine(bytes).run();
}

class Machine {
  private at = 0;
  private readonly stack: unknown[] = [];
  private readonly memo = new Map<number, unknown>();
  private readonly view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): unknown {
    for (;;) {
      const at = this.at;
      const opcode = this.bytes[this.take(1)];
      if (opcode === 0x2e) return this.pop(); // STOP
      this.step(opcode, at);
    }
  }

  private step(opcode: number, at: number): void {
    const { stack } = this;
    switch (opcode) {
      case 0x80: // PROTO
        if (this.u8() > 5) throw new PickleRefusal('its pickle protocol is newer than 5');
        return;
      case 0x95: // FRAME
        this.take(8);
        return;
      case 0x28: // MARK
        stack.push(MARK);
        return;
      case 0x4e: // NONE
        stack.push(null);
        return;
      case 0x88: // NEWTRUE
        stack.push(true);
        return;
      case 0x89: // NEWFALSE
        stack.push(false);
        return;
      case 0x4a: // BININT
        stack.push(this.view.getInt32(this.take(4), true));
        return;
      case 0x4b: // BININT1
        stack.push(this.u8());
        return;
      case 0x4d: // BININT2
        stack.push(this.view.getUint16(this.take(2), true));
        return;
      case 0x8a: // LONG1
        stack.push(this.long(this.u8()));
        return;
      case 0x47: // BINFLOAT
        stack.push(this.view.getFloat64(this.take(8), false));
        return;
      case 0x8c: // SHORT_BINUNICODE
        stack.push(this.text(this.u8()));
        return;
      case 0x58: // BINUNICODE
        stack.push(this.text(this.u32()));
        return;
      case 0x7d: // EMPTY_DICT
        stack.push(new Map());
        return;
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        stack.push([]);
        return;
      case 0x85: // TUPLE1
        stack.push([this.pop()]);
        return;
      case 0x86: // TUPLE2
        stack.push([this.pop(), this.pop()].reverse());
        return;
      case 0x87: // TUPLE3
        stack.push([this.pop(), this.pop(), this.pop()].reverse());
        return;
      case 0x74: // TUPLE
      case 0x6c: // LIST
        stack.push(this.popToMark());
        return;
      case 0x61: // APPEND
        this.extend([this.pop()]);
        return;
      case 0x65: // APPENDS
        this.extend(this.popToMark());
        return;
      case 0x64: // DICT
        stack.push(fill(new Map(), this.popToMark()));
        return;
      case 0x73: // SETITEM
        this.assign([this.pop(), this.pop()].reverse());
        return;
      case 0x75: // SETITEMS
        this.assign(this.popToMark());
        return;
      case 0x71: // BINPUT
        this.remember(this.u8());
        return;
      case 0x72: // LONG_BINPUT
        this.remember(this.u32());
        return;
      case 0x94: // MEMOIZE
        this.remember(this.memo.size);
        return;
      case 0x68: // BINGET
        stack.push(this.recall(this.u8()));
        return;
      case 0x6a: // LONG_BINGET
        stack.push(this.recall(this.u32()));
        return;
      case 0x63: // GLOBAL
        stack.push(known(this.line(), this.line()));
        return;
      case 0x93: {
        // STACK_GLOBAL
        const name = this.pop();
        stack.push(known(this.pop(), name));
        return;
      }
      case 0x51: // BINPERSID
        stack.push(storage(this.pop()));
        return;
      case 0x52: {
        // REDUCE
        const args = this.pop();
        stack.push(reduce(this.pop(), args));
        return;
      }
      case 0x62: // BUILD
        this.build();
        return;
      default:
        throw new PickleRefusal(
          `byte ${at} of its pickle is the opcode 0x${opcode.toString(16).padStart(2, '0')}, which no plain checkpoint needs`,
        );
    }
  }

  /** An OrderedDict's attributes (`_metadata` of a state_dict) are dropped; no other object has any here. */
  private build(): void {
    const state = this.pop();
    const target = this.stack.at(-1);
    if (!(target instanceof Map) || !(state instanceof Map)) throw new PickleRefusal('it sets the state of an object');
  }

  private take(length: number): number {
    const { at } = this;
    if (length > this.bytes.length - at)
      throw new PickleRefusal(`its pickle ends at byte ${this.bytes.length}, too early`);
    this.at += length;
    return at;
  }

  private u8(): number {
    return this.bytes[this.take(1)];
  }

  private u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  /** A whole number of two's complement, exact or refused. */
  private long(length: number): number {
    if (length > 8) throw new PickleRefusal(`it holds a whole number of ${length} bytes`);
    const start = this.take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[start + i]);
    const signed = Number(BigInt.asIntN(length * 8, value));
    if (!Number.isSafeInteger(signed)) throw new PickleRefusal(`it holds the whole number ${value}`);
    return signed;
  }

  private text(length: number): string {
    const start = this.take(length);
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, length).toString('utf8');
  }

  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new PickleRefusal('its pickle ends inside a name');
    const text = this.text(end - this.at);
    this.at++;
    return text;
  }

  private pop(): unknown {
    if (this.stack.length === 0 || this.stack.at(-1) === MARK)
      throw new PickleRefusal('its pickle takes what it never put');
    return this.stack.pop();
  }

  private popToMark(): unknown[] {
    const mark = this.stack.lastIndexOf(MARK);
    if (mark < 0) throw new PickleRefusal('its pickle takes what it never put');
    const items = this.stack.splice(mark + 1);
    this.stack.pop();
    return items;
  }

  private extend(items: unknown[]): void {
    const list = this.stack.at(-1);
    if (!Array.isArray(list)) throw new PickleRefusal('it appends to what is no list');
    for (const item of items) list.push(item);
  }

  private assign(items: unknown[]): void {
    const target = this.stack.at(-1);
    if (!(target instanceof Map)) throw new PickleRefusal('it sets an item of what is no dictionary');
    fill(target, items);
  }

  private remember(key: number): void {
    if (this.memo.size >= MEMO_LIMIT) throw new PickleRefusal(`its pickle remembers more than ${MEMO_LIMIT} things`);
    const value = this.pop();
    this.stack.push(value);
    this.memo.set(key, value);
  }

  private recall(key: number): unknown {
    if (!this.memo.has(key)) throw new PickleRefusal('its pickle recalls what it never remembered');
    return this.memo.get(key);
  }
}

function fill(target: Dict, items: unknown[]): Dict {
  if (items.length % 2 !== 0) throw new PickleRefusal('it sets a key without a value');
  for (let i = 0; i < items.length; i += 2) target.set(items[i], items[i + 1]);
  return target;
}

function known(module: unknown, name: unknown): Global {
  const full =
    typeof module === 'string' && typeof name === 'string' ? `${module}.${name}` : 'something without a name';
  if (CALLABLE.has(full) || Object.hasOwn(STORAGES, full)) return new Global(full);
  throw new PickleRefusal(
    `its pickle asks to run "${full.slice(0, 200)}", which no plain checkpoint needs; nothing was run`,
    'Do not load this file with PyTorch either unless you trust it; take the model as safetensors.',
  );
}

/** ('storage', type, key, location, elements), as torch.save writes it. */
function storage(id: unknown): TorchStorage {
  const [kind, type, key, , elements] = Array.isArray(id) ? id : [];
  const dtype = type instanceof Global ? STORAGES[type.name] : undefined;
  if (kind !== 'storage' || !dtype || typeof key !== 'string' || !isCount(elements)) {
    throw new PickleRefusal('it refers to something that is no tensor storage');
  }
  return new TorchStorage(key, dtype, elements);
}

function reduce(callee: unknown, args: unknown): unknown {
  if (!(callee instanceof Global) || !Array.isArray(args)) throw new PickleRefusal('it calls what cannot be called');
  if (callee.name === 'collections.OrderedDict') return orderedDict(args);
  if (callee.name === 'torch._utils._rebuild_parameter') {
    if (args[0] instanceof TorchTensor) return args[0];
    throw new PickleRefusal('it makes a parameter of what is no tensor');
  }
  if (callee.name !== 'torch._utils._rebuild_tensor_v2') throw new PickleRefusal(`it calls "${callee.name}"`);
  const [source, offset, shape, stride] = args;
  const wellFormed = source instanceof TorchStorage && isCount(offset) && isCounts(shape) && isCounts(stride);
  if (!wellFormed || shape.length !== stride.length) throw new PickleRefusal('it describes a tensor wrongly');
  return new TorchTensor(source, offset, [...shape], [...stride]);
}

function orderedDict(args: unknown[]): Dict {
  const dict: Dict = new Map();
  const pairs = args.length === 0 ? [] : args[0];
  if (!Array.isArray(pairs)) throw new PickleRefusal('it makes a dictionary of what are no pairs');
  for (const pair of pairs) {
    if (!Array.isArray(pair)) throw new PickleRefusal('it makes a dictionary of what are no pairs');
    fill(dict, pair);
  }
  return dict;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= 16 && value.every(isCount);
}
