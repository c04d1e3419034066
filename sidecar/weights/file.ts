/**
 * @file The frozen weights on disk, as onnxruntime maps them: one float32 blob a base model, shared by every graph
 * that is compiled against it. A blob is named by the base's hash, so it is written once.
 */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, readSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, removeIfPossible, temporaryName, writeFileAtomic } from '../disk.ts';
import { type Compiled, compile } from '../engine/compile.ts';
import type { Graph } from '../engine/graph.ts';
import { Session, type SessionOptions } from '../engine/session.ts';
import type { Value } from '../engine/value.ts';
import { diskFault } from '../machine.ts';
import { hashOfFile, hashOfPart } from './hash.ts';
import type { FrozenWeights, TensorSource, Weight } from './weight.ts';

const BLOB = 'weights.bin';
const INDEX = 'weights.json';
const PAGE = 4096; // onnxruntime maps external data only at page boundaries

interface Entry {
  offset: number;
  length: number;
  shape: number[];
  sha256: string;
}

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Whether every tensor that is wanted stands in the blob bit for bit: a flipped bit would change an adapter silently. */
function isSound(index: string, blob: string, entries: ReadonlyMap<string, Entry>): boolean {
  let file: number | undefined;
  try {
    const written = JSON.parse(readFileSync(index, 'utf8'));
    file = openSync(blob, 'r');
    for (const [name, entry] of entries) {
      if (JSON.stringify(written[name]) !== JSON.stringify(entry)) return false;
      if (hashOfPart(file, entry.offset, entry.length) !== entry.sha256) return false;
    }
    return true;
  } catch {
    return false;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function readPart(file: number, { offset, length }: Pick<Entry, 'offset' | 'length'>): Uint8Array {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
}

export class WeightFile {
  /**
   * The blob's tensors; one is read when its `data` is asked for, and not kept. Whoever trains takes these instead of
   * the loaded base, so that a base's numbers do not lie in memory beside the runtime's own mapping of them.
   */
  readonly weights: Map<string, Weight>;

  private constructor(
    readonly folder: string,
    private readonly entries: Map<string, Entry>,
    private readonly onDamage: (path: string) => void = () => {},
  ) {
    this.weights = new Map([...entries].map(([name, entry]) => [name, lazy(join(folder, BLOB), entry)]));
  }

  private static folder = (hash: string, cache: string) => join(cache, 'graphs', hash.slice(0, 32));

  /** The blob of the base with this hash, where it has been written before. */
  static existing(hash: string, cache: string): WeightFile | undefined {
    const folder = WeightFile.folder(hash, cache);
    const index = join(folder, INDEX);
    if (!existsSync(index)) return undefined;
    const entries = new Map<string, Entry>(Object.entries(JSON.parse(readFileSync(index, 'utf8'))));
    return isSound(index, join(folder, BLOB), entries) ? new WeightFile(folder, entries) : undefined;
  }

  /**
   * Writes the blob under `cache` unless it is there.
   * @param onDamage told of each file that was there and not what had been written, once it is written anew
   */
  static prepare(base: FrozenWeights, cache: string, onDamage?: (path: string) => void): WeightFile {
    const folder = WeightFile.folder(base.hash, cache);
    const index = join(folder, INDEX);
    const entries = new Map<string, Entry>();
    let offset = 0;
    for (const [name, { shape, data }] of base.weights) {
      const sha256 = hashOf(bytesOf(data));
      entries.set(name, { offset, length: data.byteLength, shape, sha256 });
      offset += Math.ceil(data.byteLength / PAGE) * PAGE;
    }
    const blob = join(folder, BLOB);
    // Asked before it is read: another process may put it there meanwhile.
    const wasThere = existsSync(index) && existsSync(blob);
    if (isSound(index, blob, entries)) return new WeightFile(folder, entries, onDamage);
    const temporary = temporaryName(blob);
    try {
      makeFolder(folder);
      const file = openSync(temporary, 'wx');
      try {
        for (const [name, { data }] of base.weights) writeAt(file, bytesOf(data), entries.get(name)!.offset);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, blob);
    } catch (error) {
      removeIfPossible(temporary);
      throw diskFault(`write the weights of the base to the cache ${blob}`, error, { path: blob, bytes: offset });
    }
    writeFileAtomic(index, JSON.stringify(Object.fromEntries(entries)));
    if (wasThere) onDamage?.(blob);
    return new WeightFile(folder, entries, onDamage);
  }

  /**
   * Frozen tensors for a graph, each made once.
   * @param prefix before their names, where the graph is fed others by the same name
   */
  source(graph: Graph, prefix = ''): TensorSource {
    const made = new Map<string, Value>();
    return (name) => {
      let value = made.get(name);
      if (value) return value;
      const entry = this.entries.get(name);
      if (!entry) throw new Error(`internal: the base has no tensor ${name}`);
      value = graph.weight(prefix + name, entry.shape, { file: BLOB, offset: entry.offset, length: entry.length });
      made.set(name, value);
      return value;
    };
  }

  /** Compiles for the device's dialect, keeps the model beside the blob by content hash, and opens it. */
  async open(outputs: Readonly<Record<string, Value>>, options: SessionOptions): Promise<Session> {
    const { bytes, ...compiled } = compile(outputs, options.device === 'cpu' ? 'cpu' : 'portable');
    return Session.open(this.write(bytes), compiled satisfies Omit<Compiled, 'bytes'>, options);
  }

  private write(bytes: Uint8Array): string {
    const name = hashOf(bytes).slice(0, 32);
    const path = join(this.folder, `${name}.onnx`);
    const isThere = existsSync(path);
    if (isThere && hashOfFile(path).startsWith(name)) return path;
    writeFileAtomic(path, bytes, { durable: false });
    if (isThere) this.onDamage(path);
    return path;
  }
}

const bytesOf = (data: Float32Array) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** All of it: a single write may stop short. */
function writeAt(file: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, offset + done);
}

function lazy(path: string, { offset, length, shape }: Entry): Weight {
  return {
    shape,
    get data() {
      const file = openSync(path, 'r');
      let bytes: Uint8Array;
      try {
        bytes = readPart(file, { offset, length });
        if (bytes.length !== length) throw new Error(`internal: ${path} is cut short`);
      } finally {
        closeSync(file);
      }
      return new Float32Array(bytes.buffer, bytes.byteOffset, length / 4);
    },
  };
}
