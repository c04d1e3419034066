/**
 * @file A pickle reader that knows dictionaries, lists, numbers, text and what `globals.ts` makes of names. Nothing is
 * ever called, imported or executed, and its work and memory are counted. Must not know zip files or models.
 */
import { PickleBytes } from './bytes.ts';
import { globalNamed, keyOf, reduce, storageOf } from './globals.ts';
import { type Dict, Global, InertRecord, PickleRefusal, type TorchStorage } from './values.ts';

const MARK = Symbol('mark');
const MEMO_LIMIT = 400_000;
/** Opcodes and moved things; the largest checkpoints of fairseq with optimiser and dictionary need about 100,000. */
const WORK_LIMIT = 2_000_000;
/** Dictionaries, lists and records, each some 200 bytes of memory. */
const OBJECT_LIMIT = 250_000;

export interface PickleOptions {
  /** Classes unknown here stand as records that do nothing, instead of being refused. */
  records?: boolean;
}

export interface ReadPickle {
  value: unknown;
  /** The byte behind the pickle. */
  end: number;
  storages: Map<string, TorchStorage>;
}

/** Reads one pickle from the start of `bytes`. @throws PickleRefusal, whatever the bytes. */
export function readTorchPickle(bytes: Uint8Array, { records = false }: PickleOptions = {}): ReadPickle {
  return new Machine(bytes, records).run();
}

class Machine extends PickleBytes {
  private readonly stack: unknown[] = [];
  private readonly memo = new Map<number, unknown>();
  private readonly storages = new Map<string, TorchStorage>();
  private work = 0;
  private objects = 0;

  constructor(
    bytes: Uint8Array,
    private readonly records: boolean,
  ) {
    super(bytes);
  }

  run(): ReadPickle {
    for (;;) {
      const at = this.at;
      const opcode = this.bytes[this.take(1)];
      this.spend(1);
      if (opcode === 0x2e) return { value: this.pop(), end: this.at, storages: this.storages }; // STOP
      if (!this.step(opcode) && !(this.records && this.stepRecord(opcode))) throw unknownOpcode(opcode, at);
    }
  }

  private spend(work: number): void {
    this.work += work;
    if (this.work > WORK_LIMIT)
      throw new PickleRefusal(`its pickle takes more than ${WORK_LIMIT} steps, which no checkpoint needs`);
  }

  private made<T>(object: T): T {
    if (++this.objects > OBJECT_LIMIT)
      throw new PickleRefusal(`its pickle makes more than ${OBJECT_LIMIT} objects, which no checkpoint needs`);
    return object;
  }

  /** The opcodes that a dictionary of tensors needs; false where it is none of them. */
  private step(opcode: number): boolean {
    switch (opcode) {
      case 0x80: // PROTO
        if (this.u8() > 5) throw new PickleRefusal('its pickle protocol is newer than 5');
        return true;
      case 0x95: // FRAME
        this.take(8);
        return true;
      case 0x28: // MARK
        return this.push(MARK);
      case 0x4e: // NONE
        return this.push(null);
      case 0x88: // NEWTRUE
        return this.push(true);
      case 0x89: // NEWFALSE
        return this.push(false);
      case 0x4a: // BININT
        return this.push(this.view.getInt32(this.take(4), true));
      case 0x4b: // BININT1
        return this.push(this.u8());
      case 0x4d: // BININT2
        return this.push(this.view.getUint16(this.take(2), true));
      case 0x8a: // LONG1
        return this.push(this.long(this.u8(), this.records));
      case 0x47: // BINFLOAT
        return this.push(this.view.getFloat64(this.take(8), false));
      case 0x8c: // SHORT_BINUNICODE
        return this.push(this.text(this.u8()));
      case 0x58: // BINUNICODE
        return this.push(this.text(this.u32()));
      case 0x7d: // EMPTY_DICT
        return this.push(this.made(new Map()));
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        return this.push(this.made([]));
      case 0x85: // TUPLE1
        return this.push(this.made([this.pop()]));
      case 0x86: // TUPLE2
        return this.push(this.made([this.pop(), this.pop()].reverse()));
      case 0x87: // TUPLE3
        return this.push(this.made([this.pop(), this.pop(), this.pop()].reverse()));
      case 0x74: // TUPLE
      case 0x6c: // LIST
        return this.push(this.made(this.popToMark()));
      case 0x61: // APPEND
        return this.extend([this.pop()]);
      case 0x65: // APPENDS
        return this.extend(this.popToMark());
      case 0x64: // DICT
        return this.push(this.made(fill(new Map(), this.popToMark())));
      case 0x73: // SETITEM
        return this.assign([this.pop(), this.pop()].reverse());
      case 0x75: // SETITEMS
        return this.assign(this.popToMark());
      case 0x71: // BINPUT
        return this.remember(this.u8());
      case 0x72: // LONG_BINPUT
        return this.remember(this.u32());
      case 0x94: // MEMOIZE
        return this.remember(this.memo.size);
      case 0x68: // BINGET
        return this.push(this.recall(this.u8()));
      case 0x6a: // LONG_BINGET
        return this.push(this.recall(this.u32()));
      case 0x63: // GLOBAL
        return this.push(globalNamed(this.line(), this.line(), this.records));
      case 0x93: {
        // STACK_GLOBAL
        const name = this.pop();
        return this.push(globalNamed(this.pop(), name, this.records));
      }
      case 0x51: // BINPERSID
        return this.push(this.storage(this.pop()));
      case 0x52: {
        // REDUCE
        const args = this.pop();
        const callee = this.pop();
        // The pairs of an OrderedDict are gone through.
        if (Array.isArray(args) && Array.isArray(args[0])) this.spend(args[0].length);
        return this.push(this.made(reduce(callee, args)));
      }
      case 0x62: // BUILD
        return this.build();
      default:
        return false;
    }
  }

  /** The opcodes that the settings of a training need besides. */
  private stepRecord(opcode: number): boolean {
    switch (opcode) {
      case 0x81: // NEWOBJ
      case 0x92: {
        // NEWOBJ_EX
        const keywords = opcode === 0x92 ? [this.pop()] : [];
        const args = this.pop();
        const of = this.pop();
        if (!(of instanceof Global)) throw new PickleRefusal('it makes an object of no class');
        return this.push(this.made(new InertRecord(of.name, [args, ...keywords])));
      }
      case 0x30: // POP
        this.pop();
        return true;
      case 0x32: // DUP
        return this.push(this.peek());
      case 0x43: // SHORT_BINBYTES
      case 0x55: // SHORT_BINSTRING
        return this.push(this.text(this.u8()));
      case 0x42: // BINBYTES
      case 0x54: // BINSTRING
        return this.push(this.text(this.u32()));
      case 0x8f: // EMPTY_SET
        return this.push(this.made([]));
      case 0x90: // ADDITEMS
        return this.extend(this.popToMark());
      case 0x91: // FROZENSET
        return this.push(this.made(this.popToMark()));
      default:
        return false;
    }
  }

  private push(value: unknown): true {
    this.stack.push(value);
    return true;
  }

  private peek(): unknown {
    const value = this.pop();
    this.stack.push(value);
    return value;
  }

  private storage(id: unknown): TorchStorage {
    const found = storageOf(id);
    const known = this.storages.get(found.key);
    if (!known) this.storages.set(found.key, found);
    else if (known.dtype !== found.dtype || known.elements !== found.elements)
      throw new PickleRefusal(`it gives the storage "${found.key.slice(0, 80)}" two sizes`);
    return known ?? found;
  }

  /** An OrderedDict's attributes (`_metadata` of a state_dict) are dropped, a record keeps its own. */
  private build(): true {
    const state = this.pop();
    const target = this.peek();
    if (this.records && target instanceof InertRecord) target.state = state;
    else if (!(target instanceof Map) || !(state instanceof Map))
      throw new PickleRefusal('it sets the state of an object');
    return true;
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
    this.spend(items.length);
    this.stack.pop();
    return items;
  }

  private extend(items: unknown[]): true {
    const list = this.peek();
    this.spend(items.length);
    if (Array.isArray(list)) for (const item of items) list.push(item);
    else if (!(list instanceof InertRecord)) throw new PickleRefusal('it appends to what is no list');
    return true;
  }

  private assign(items: unknown[]): true {
    const target = this.peek();
    this.spend(items.length);
    const dict = target instanceof InertRecord ? target.items : target;
    if (!(dict instanceof Map)) throw new PickleRefusal('it sets an item of what is no dictionary');
    fill(dict, items);
    return true;
  }

  private remember(key: number): true {
    if (this.memo.size >= MEMO_LIMIT) throw new PickleRefusal(`its pickle remembers more than ${MEMO_LIMIT} things`);
    this.memo.set(key, this.peek());
    return true;
  }

  private recall(key: number): unknown {
    if (!this.memo.has(key)) throw new PickleRefusal('its pickle recalls what it never remembered');
    return this.memo.get(key);
  }
}

const unknownOpcode = (opcode: number, at: number) =>
  new PickleRefusal(
    `byte ${at} of its pickle is the opcode 0x${opcode.toString(16).padStart(2, '0')}, which no plain checkpoint needs`,
  );

function fill(target: Dict, items: unknown[]): Dict {
  if (items.length % 2 !== 0) throw new PickleRefusal('it sets a key without a value');
  for (let i = 0; i < items.length; i += 2) target.set(keyOf(items[i]), items[i + 1]);
  return target;
}
