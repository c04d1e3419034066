/**
 * @file `pytorch_model.bin`: torch.save's zip archive of one pickle and one entry a storage, as named tensors. Must not
 * know any model.
 */
import fs from 'node:fs';
import { unzipSync } from 'fflate';
import { UserError } from '../../errors.ts';
import {
  BYTES_PER_ELEMENT,
  bytesToFloat32,
  countElements,
  damaged,
  noSuchTensor,
  notFloating,
  openRegularFile,
  readExactly,
  refusePointer,
  type TensorFile,
  type TensorInfo,
} from './tensor-file.ts';
import { PickleRefusal, readTorchPickle, TorchTensor } from './torch-pickle.ts';

const CONVERT = 'Convert the model to safetensors (transformers: model.save_pretrained(folder)).';
const ENTRY_LIMIT = 100_000;
const PICKLE_LIMIT_BYTES = 64 << 20;
/** A buffer's own limit in Node 20. */
const FILE_LIMIT_BYTES = 2 ** 32 - 1;
/** A view may repeat elements (stride 0); beyond this many it may not be larger than its storage. */
const EXPANDED_LIMIT = 1 << 20;

/** @throws UserError; the whole file is in memory until `close`. */
export function openPickle(file: string): TensorFile {
  const archive = new Archive(file);
  const names = archive.names();
  const pickles = names.filter((name) => name === 'data.pkl' || name.endsWith('/data.pkl'));
  if (pickles.length !== 1) throw damaged(file, `it holds ${pickles.length} entries data.pkl instead of 1.`, CONVERT);
  const prefix = pickles[0].slice(0, -'data.pkl'.length);
  if (names.includes(`${prefix}byteorder`)) {
    const order = Buffer.from(archive.read(`${prefix}byteorder`, 16)).toString('latin1');
    if (order !== 'little') throw damaged(file, `its byte order is ${JSON.stringify(order)}, not "little".`, CONVERT);
  }
  const tensors = new Map<string, TorchTensor>();
  const others: string[] = [];
  for (const [name, value] of stateDict(file, archive.read(pickles[0], PICKLE_LIMIT_BYTES))) {
    if (value instanceof TorchTensor) {
      checkView(file, name, value);
      tensors.set(name, value);
    } else others.push(name);
  }
  if (tensors.size === 0) {
    throw damaged(
      file,
      `it holds no tensors at its top level, only ${others.slice(0, 8).join(', ') || 'nothing'}.`,
      CONVERT,
    );
  }
  return new PickleFile(file, archive, prefix, tensors, others);
}

function stateDict(file: string, bytes: Uint8Array): [string, unknown][] {
  let value: unknown;
  try {
    value = readTorchPickle(bytes);
  } catch (error) {
    if (error instanceof PickleRefusal) {
      throw new UserError({
        code: 'checkpoint.pickle-refused',
        tried: `read the tensors of ${file}`,
        why: `${error.message}.`,
        cure: error.cure ?? CONVERT,
      });
    }
    throw error;
  }
  if (!(value instanceof Map)) throw damaged(file, 'its pickle is no dictionary of tensors.', CONVERT);
  return [...value].map(([name, item]) => {
    if (typeof name !== 'string') throw damaged(file, 'its dictionary has a key that is no text.', CONVERT);
    return [name, item];
  });
}

function checkView(file: string, name: string, { storage, offset, shape, stride }: TorchTensor): void {
  const fail = (why: string) => damaged(file, `of the tensor "${name}", ${why}.`);
  const count = countElements(shape);
  if (typeof count === 'string') throw fail(count);
  if (count === 0) return;
  const last = shape.reduce((sum, size, axis) => sum + (size - 1) * stride[axis], offset);
  if (!Number.isSafeInteger(last) || last >= storage.elements) {
    throw fail(`element ${last} is needed, but its storage "${storage.key}" has ${storage.elements}`);
  }
  if (count > Math.max(storage.elements, EXPANDED_LIMIT)) {
    throw fail(`shape [${shape}] makes ${count} elements of a storage of ${storage.elements}`);
  }
}

class PickleFile implements TensorFile {
  readonly metadata = {};

  constructor(
    readonly path: string,
    private readonly archive: Archive,
    private readonly prefix: string,
    private readonly tensors: Map<string, TorchTensor>,
    readonly others: readonly string[],
  ) {}

  names(): string[] {
    return [...this.tensors.keys()];
  }

  has(name: string): boolean {
    return this.tensors.has(name);
  }

  info(name: string): TensorInfo {
    const { storage, shape } = this.tensor(name);
    return { dtype: storage.dtype, shape: [...shape] };
  }

  raw(name: string) {
    const { storage, offset, shape, stride } = this.tensor(name);
    const width = BYTES_PER_ELEMENT[storage.dtype];
    const storageBytes = storage.elements * width;
    const data = this.archive.read(`${this.prefix}data/${storage.key}`, storageBytes);
    if (data.length !== storageBytes) {
      throw damaged(this.path, `the storage of "${name}" has ${data.length} bytes instead of ${storageBytes}.`);
    }
    return { dtype: storage.dtype, shape: [...shape], bytes: gather(data, width, offset, shape, stride) };
  }

  float32(name: string): Float32Array {
    const { dtype } = this.info(name);
    if (!/^B?F/.test(dtype)) throw notFloating(this.path, name, dtype);
    return bytesToFloat32(dtype, this.raw(name).bytes) as Float32Array;
  }

  close(): void {
    this.archive.close();
  }

  private tensor(name: string): TorchTensor {
    const tensor = this.tensors.get(name);
    if (!tensor) throw noSuchTensor(this.path, name);
    return tensor;
  }
}

/** A strided view as row-major bytes of its own. */
function gather(data: Uint8Array, width: number, offset: number, shape: number[], stride: number[]) {
  const count = shape.reduce((product, size) => product * size, 1);
  const contiguous = shape.every((size, axis) => {
    return size === 1 || stride[axis] === shape.slice(axis + 1).reduce((product, n) => product * n, 1);
  });
  if (contiguous || count === 0) return data.slice(offset * width, (offset + count) * width) as Uint8Array<ArrayBuffer>;
  const bytes = new Uint8Array(count * width);
  const index = shape.map(() => 0);
  for (let i = 0, from = offset; i < count; i++) {
    bytes.set(data.subarray(from * width, (from + 1) * width), i * width);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += stride[axis];
      if (++index[axis] < shape[axis]) break;
      from -= stride[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return bytes;
}

/** The zip container: stored entries only, as torch.save writes them, so no entry can be larger than the file. */
class Archive {
  private bytes: Uint8Array | undefined;
  private readonly entries = new Map<string, number>();

  constructor(private readonly file: string) {
    this.bytes = readWhole(file);
    this.scan(({ name, originalSize, size, compression }) => {
      if (this.entries.size >= ENTRY_LIMIT) throw damaged(file, `it holds more than ${ENTRY_LIMIT} entries.`, CONVERT);
      if (this.entries.has(name)) throw damaged(file, `it holds the entry "${name}" twice.`, CONVERT);
      if (compression !== 0 || size !== originalSize) {
        throw damaged(file, `its entry "${name}" is compressed, which torch.save never does.`, CONVERT);
      }
      this.entries.set(name, originalSize);
      return false;
    });
  }

  names(): string[] {
    return [...this.entries.keys()];
  }

  read(name: string, limitBytes: number): Uint8Array {
    const size = this.entries.get(name);
    if (size === undefined) throw damaged(this.file, `it has no entry "${name}".`);
    if (size > limitBytes) throw damaged(this.file, `its entry "${name}" has ${size} bytes, more than ${limitBytes}.`);
    const content = this.scan((entry) => entry.name === name)[name];
    if (content?.length !== size) throw damaged(this.file, `its entry "${name}" is cut short.`);
    return content;
  }

  close(): void {
    this.bytes = undefined;
  }

  private scan(filter: (entry: { name: string; size: number; originalSize: number; compression: number }) => boolean) {
    if (!this.bytes) throw new Error(`internal: ${this.file} is closed`);
    try {
      return unzipSync(this.bytes, { filter });
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw damaged(this.file, `its zip archive is broken: ${(error as Error).message}.`);
    }
  }
}

function readWhole(file: string): Uint8Array {
  const { fd, size } = openRegularFile(file);
  try {
    const start = readExactly(fd, file, 0, Math.min(size, 16));
    refusePointer(file, start);
    if (start[0] === 0x80) {
      throw damaged(
        file,
        'it has the format of PyTorch before 1.6 (a bare pickle, no zip archive), which is not read here.',
        'Save it again with a newer PyTorch (torch.save(state_dict, file)) or convert it to safetensors.',
      );
    }
    if (start[0] !== 0x50 || start[1] !== 0x4b) throw damaged(file, 'it is no zip archive of torch.save.', CONVERT);
    if (size > FILE_LIMIT_BYTES) {
      throw damaged(file, `it has ${size} bytes; ${FILE_LIMIT_BYTES} can be read in this format.`, CONVERT);
    }
    // The directory stands at the end, before a comment of at most 64 KiB: without it nothing need be read.
    const tail = Math.min(size, 65_557);
    if (!Buffer.from(readExactly(fd, file, size - tail, tail).buffer).includes('PK\x05\x06', 0, 'latin1'))
      throw damaged(file, `its zip archive has no directory in its last ${tail} bytes: it is cut short.`);
    return readExactly(fd, file, 0, size);
  } finally {
    fs.closeSync(fd);
  }
}
