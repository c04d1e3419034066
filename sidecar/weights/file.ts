/**
 * @file The frozen weights on disk, as onnxruntime maps them: one float32 blob a base model, shared by every graph
 * that is compiled against it. A blob is named by the base's hash, so it is written once.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Compiled, compile } from '../engine/compile.ts';
import type { Graph } from '../engine/graph.ts';
import { Session, type SessionOptions } from '../engine/session.ts';
import type { Value } from '../engine/value.ts';
import type { FrozenWeights, TensorSource, Weight } from './weight.ts';

const BLOB = 'weights.bin';
const INDEX = 'weights.json';
const PAGE = 4096; // onnxruntime maps external data only at page boundaries

interface Entry {
  offset: number;
  length: number;
  shape: number[];
}

/** A cache that was cut short, or lacks a tensor that is wanted now, is written anew. */
function isWritten(index: string, blob: string, entries: Map<string, Entry>): boolean {
  try {
    const written = JSON.parse(readFileSync(index, 'utf8'));
    const { size } = statSync(blob);
    return [...entries].every(
      ([name, entry]) => entry.offset + entry.length <= size && JSON.stringify(written[name]) === JSON.stringify(entry),
    );
  } catch {
    return false;
  }
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
    return isWritten(index, join(folder, BLOB), entries) ? new WeightFile(folder, entries) : undefined;
  }

  /** Writes the blob under `cache` unless it is there. */
  static prepare(base: FrozenWeights, cache: string): WeightFile {
    const folder = WeightFile.folder(base.hash, cache);
    const index = join(folder, INDEX);
    const entries = new Map<string, Entry>();
    let offset = 0;
    for (const [name, { shape, data }] of base.weights) {
      entries.set(name, { offset, length: data.byteLength, shape });
      offset += Math.ceil(data.byteLength / PAGE) * PAGE;
    }
    if (isWritten(index, join(folder, BLOB), entries)) return new WeightFile(folder, entries);
    mkdirSync(folder, { recursive: true });
    const temporary = join(folder, `${BLOB}.${process.pid}.tmp`);
    const file = openSync(temporary, 'w');
    try {
      for (const [name, { data }] of base.weights) {
        const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
        writeSync(file, bytes, 0, bytes.length, entries.get(name)!.offset);
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, join(folder, BLOB));
    writeFileSync(`${index}.${process.pid}.tmp`, JSON.stringify(Object.fromEntries(entries)));
    renameSync(`${index}.${process.pid}.tmp`, index);
    return new WeightFile(folder, entries);
  }

  /** Frozen tensors for a graph, each made once. */
  source(graph: Graph): TensorSource {
    const made = new Map<string, Value>();
    return (name) => {
      let value = made.get(name);
      if (value) return value;
      const entry = this.entries.get(name);
      if (!entry) throw new Error(`internal: the base has no tensor ${name}`);
      value = graph.weight(name, entry.shape, { file: BLOB, offset: entry.offset, length: entry.length });
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
    const path = join(this.folder, `${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}.onnx`);
    if (!existsSync(path)) {
      writeFileSync(`${path}.${process.pid}.tmp`, bytes);
      renameSync(`${path}.${process.pid}.tmp`, path);
    }
    return path;
  }
}

function lazy(path: string, { offset, length, shape }: Entry): Weight {
  return {
    shape,
    get data() {
      const bytes = new Uint8Array(length);
      const file = openSync(path, 'r');
      try {
        if (readSync(file, bytes, 0, length, offset) !== length) throw new Error(`internal: ${path} is cut short`);
      } finally {
        closeSync(file);
      }
      return new Float32Array(bytes.buffer);
    },
  };
}
