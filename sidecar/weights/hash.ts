/** @file sha256 of what lies on the disk, read in pieces: a base's weights are never in memory to be checked. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';

const PIECE = 1 << 20;

/** Hex, of the `length` bytes of an open file from `offset` on; of what is there where it ends before. */
export function hashOfPart(file: number, offset: number, length = Number.POSITIVE_INFINITY): string {
  const hash = createHash('sha256');
  const piece = new Uint8Array(Math.min(PIECE, length));
  for (let done = 0; done < length; ) {
    const read = readSync(file, piece, 0, Math.min(PIECE, length - done), offset + done);
    if (read === 0) break;
    hash.update(piece.subarray(0, read));
    done += read;
  }
  return hash.digest('hex');
}

export function hashOfFile(path: string): string {
  const file = openSync(path, 'r');
  try {
    return hashOfPart(file, 0);
  } finally {
    closeSync(file);
  }
}
