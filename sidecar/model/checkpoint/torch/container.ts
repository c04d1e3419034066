/**
 * @file The two containers of torch.save, each as a value and the bytes of its storages: a zip archive, and before
 * PyTorch 1.6 five pickles with the storages behind them. Must not know any model.
 */
import fs from 'node:fs';
import { UserError } from '../../../errors.ts';
import { BYTES_PER_ELEMENT, damaged, openRegularFile, readExactly, refusePointer } from '../tensor-file.ts';
import { type PickleOptions, type ReadPickle, readTorchPickle } from './machine.ts';
import { PickleRefusal, type TorchStorage } from './values.ts';
import { entryStart, readZipDirectory } from './zip.ts';

export const CONVERT = 'Convert the model to safetensors (transformers: model.save_pretrained(folder)).';
const PICKLE_LIMIT_BYTES = 64 << 20;
/** The first pickle of a file from before 1.6: the number 0x1950a86a20f9469cfc6c. */
const LEGACY = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex');
const LEGACY_VERSION = 1001;

export interface TorchContainer {
  readonly path: string;
  /** What was saved. */
  readonly value: unknown;
  /** Where a storage's bytes begin in the file. @throws UserError where they are missing or of another size */
  start(storage: TorchStorage, tensor: string): number;
  read(position: number, length: number): Uint8Array<ArrayBuffer>;
  close(): void;
}

/** @throws UserError naming the file; the caller closes. */
export function openTorch(file: string, options: PickleOptions = {}): TorchContainer {
  const { fd, size } = openRegularFile(file);
  try {
    const head = readExactly(fd, file, 0, Math.min(size, LEGACY.length));
    refusePointer(file, head);
    const opened = LEGACY.equals(head) ? openLegacy(fd, file, size, options) : openZip(fd, file, size, head, options);
    return {
      path: file,
      ...opened,
      read: (position, length) => readExactly(fd, file, position, length),
      close: () => fs.closeSync(fd),
    };
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

type Opened = Pick<TorchContainer, 'value' | 'start'>;

function openZip(fd: number, file: string, size: number, head: Uint8Array, options: PickleOptions): Opened {
  if (head[0] === 0x80)
    throw damaged(
      file,
      'it is a bare pickle, neither a zip archive of torch.save nor its format before PyTorch 1.6.',
      'Save it again with PyTorch (torch.save(state_dict, file)) or convert it to safetensors.',
    );
  if (head[0] !== 0x50 || head[1] !== 0x4b) throw damaged(file, 'it is no zip archive of torch.save.', CONVERT);
  const entries = readZipDirectory(fd, file, size);
  const pickles = [...entries.keys()].filter((name) => name === 'data.pkl' || name.endsWith('/data.pkl'));
  if (pickles.length !== 1) throw damaged(file, `it holds ${pickles.length} entries data.pkl instead of 1.`, CONVERT);
  const prefix = pickles[0].slice(0, -'data.pkl'.length);
  const content = (name: string, limit: number) => {
    const entry = entries.get(name)!;
    if (entry.size > limit) throw damaged(file, `its entry "${name}" has ${entry.size} bytes, more than ${limit}.`);
    return readExactly(fd, file, entryStart(fd, file, name, entry, size), entry.size);
  };
  if (entries.has(`${prefix}byteorder`)) {
    const order = Buffer.from(content(`${prefix}byteorder`, 16)).toString('latin1');
    if (order !== 'little') throw damaged(file, `its byte order is ${JSON.stringify(order)}, not "little".`, CONVERT);
  }
  const { value } = pickleOf(file, content(pickles[0], PICKLE_LIMIT_BYTES), options);
  return {
    value,
    start(storage, tensor) {
      const name = `${prefix}data/${storage.key}`;
      const entry = entries.get(name);
      if (!entry) throw damaged(file, `it has no entry "${name}".`);
      const wanted = bytesOf(storage);
      if (entry.size > wanted) throw damaged(file, `its entry "${name}" has ${entry.size} bytes, more than ${wanted}.`);
      if (entry.size < wanted)
        throw damaged(file, `the storage of "${tensor}" has ${entry.size} bytes instead of ${wanted}.`);
      return entryStart(fd, file, name, entry, size);
    },
  };
}

/** Magic number, version, the machine's sizes, the value, the storages' names; then each storage with its count before. */
function openLegacy(fd: number, file: string, size: number, options: PickleOptions): Opened {
  const bytes = readExactly(fd, file, 0, Math.min(size, PICKLE_LIMIT_BYTES));
  let at = LEGACY.length;
  const next = (records: PickleOptions = {}): ReadPickle => {
    const read = pickleOf(file, bytes.subarray(at), records);
    at += read.end;
    return read;
  };
  const version = next().value;
  if (version !== LEGACY_VERSION)
    throw damaged(file, `its format is ${String(version)}, not ${LEGACY_VERSION}.`, CONVERT);
  const machine = next().value;
  if (!(machine instanceof Map) || machine.get('little_endian') !== true)
    throw damaged(file, 'its byte order is not "little".', CONVERT);
  const { value, storages } = next(options);
  const keys = next().value;
  if (!Array.isArray(keys)) throw damaged(file, 'it does not list its storages.', CONVERT);
  const starts = new Map<string, number>();
  for (const key of keys) {
    const storage = storages.get(key as string);
    if (!storage || starts.has(key as string))
      throw damaged(file, 'it lists a storage twice, or one of no tensor.', CONVERT);
    if (at + 8 > size) throw damaged(file, `it ends at byte ${size}, before the storage "${storage.key}".`);
    const count = new DataView(readExactly(fd, file, at, 8).buffer).getBigInt64(0, true);
    if (count !== BigInt(storage.elements))
      throw damaged(file, `the storage "${storage.key}" has ${count} elements instead of ${storage.elements}.`);
    starts.set(storage.key, at + 8);
    at += 8 + bytesOf(storage);
    if (!Number.isSafeInteger(at) || at > size)
      throw damaged(file, `it ends at byte ${size}, inside the storage "${storage.key}".`);
  }
  return {
    value,
    start(storage, tensor) {
      const start = starts.get(storage.key);
      if (start === undefined) throw damaged(file, `the storage of "${tensor}" is not among those it lists.`);
      return start;
    },
  };
}

const bytesOf = ({ dtype, elements }: TorchStorage) => elements * BYTES_PER_ELEMENT[dtype];

function pickleOf(file: string, bytes: Uint8Array, options: PickleOptions): ReadPickle {
  try {
    return readTorchPickle(bytes, options);
  } catch (error) {
    if (!(error instanceof PickleRefusal)) throw error;
    throw new UserError({
      code: 'checkpoint.pickle-refused',
      tried: `read the tensors of ${file}`,
      why: `${error.message}.`,
      cure: error.cure ?? CONVERT,
    });
  }
}
