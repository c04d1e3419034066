/** @file Weights too large for a model's own file, in one beside it. */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import type { WeightLocation } from '../engine/value.ts';
import type { Adapted } from '../evaluation/frozen-states.ts';
import type { BaseModel } from '../model/checkpoint/base.ts';

/** protobuf holds no message of 2 GiB. */
const INSIDE_BYTES = 1.9e9;
/** onnxruntime maps external data only at page boundaries. */
const PAGE = 4096;

export function isLarge(
  { weights }: Pick<BaseModel, 'weights'>,
  { parameters }: Adapted,
  insideBytes = INSIDE_BYTES,
): boolean {
  const bytes = [...weights.values()].reduce((sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0);
  return bytes + 4 * parameters.size > insideBytes;
}

/** Tensors one after another, each at a page's beginning. Small ones stay in the model. */
export class DataFile {
  #fd: number | undefined;
  #length = 0;

  /** By their first byte in memory: what two graphs share is written once. */
  readonly #there = new Map<ArrayBufferLike, Map<number, WeightLocation>>();

  /** @param name of the file, as a model beside it says it */
  constructor(
    path: string,
    private readonly name: string,
  ) {
    this.#fd = openSync(path, 'wx');
  }

  add(bytes: Uint8Array): WeightLocation | undefined {
    if (bytes.length < PAGE || this.#fd === undefined) return undefined;
    const known = this.#there.get(bytes.buffer)?.get(bytes.byteOffset);
    if (known?.length === bytes.length) return known;
    const offset = Math.ceil(this.#length / PAGE) * PAGE;
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.#fd, bytes, done, bytes.length - done, offset + done);
    this.#length = offset + bytes.length;
    const location = { file: this.name, offset, length: bytes.length };
    if (!this.#there.has(bytes.buffer)) this.#there.set(bytes.buffer, new Map());
    this.#there.get(bytes.buffer)!.set(bytes.byteOffset, location);
    return location;
  }

  end(): void {
    if (this.#fd !== undefined) fsyncSync(this.#fd);
    this.close();
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}
