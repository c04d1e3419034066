/** @file Parts of blocks as float32, read and checked by another thread while this one computes. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import type { Task } from '../threads.ts';
import { fromHalf } from './half.ts';
import type { BlockPlace } from './pack.ts';

export interface BlockPart extends BlockPlace {
  /** In bytes of the block. */
  from: number;
  to: number;
  half: boolean;
}

/** Undefined where the block is not what was written: whoever asked looks himself, and says so. */
export const blocksTask: Task<readonly BlockPart[], (Float32Array | undefined)[]> = {
  name: 'blocks',
  run: (parts) => parts.map(read),
  transfer: (all) => all.flatMap((one) => (one ? [one.buffer as ArrayBuffer] : [])),
};

function read({ path, offset, bytes, sha256, from, to, half }: BlockPart): Float32Array | undefined {
  try {
    const file = openSync(path, 'r');
    try {
      const [first, end] = sha256 === undefined ? [from, to] : [0, bytes];
      const data = new Uint8Array(end - first);
      if (readSync(file, data, 0, data.length, offset + first) !== data.length) return undefined;
      if (sha256 !== undefined && createHash('sha256').update(data).digest('hex') !== sha256) return undefined;
      const own = data.slice(from - first, to - first).buffer;
      return half ? fromHalf(new Uint16Array(own)) : new Float32Array(own);
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}
