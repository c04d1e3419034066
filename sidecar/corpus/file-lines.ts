/** @file A file's lines one after the other, so that none of them is kept: as bytes with their place, or as text. */
import { closeSync, openSync, readSync } from 'node:fs';

export interface ByteLine {
  /** Of its first byte in the file. */
  start: number;
  /** Without the end of the line; valid until the next is asked for. */
  bytes: Buffer;
  /** Whether an end of line followed: the last may be torn. */
  ended: boolean;
}

const BLOCK_BYTES = 1 << 20;
const NEWLINE = 10;

/** @throws the system's error where it cannot be read */
export function* byteLines(file: string): Generator<ByteLine> {
  const handle = openSync(file, 'r');
  try {
    const block = Buffer.alloc(BLOCK_BYTES);
    /** What the blocks before hold of the line. */
    let before: Buffer[] = [];
    let start = 0;
    let at = 0;
    for (let count = readSync(handle, block); count > 0; count = readSync(handle, block)) {
      let from = 0;
      for (let end = block.indexOf(NEWLINE); end >= 0 && end < count; end = block.indexOf(NEWLINE, from)) {
        const own = block.subarray(from, end);
        yield { start, bytes: before.length > 0 ? Buffer.concat([...before, own]) : own, ended: true };
        before = [];
        from = end + 1;
        start = at + from;
      }
      if (from < count) before.push(Buffer.from(block.subarray(from, count)));
      at += count;
    }
    if (before.length > 0) yield { start, bytes: Buffer.concat(before), ended: false };
  } finally {
    closeSync(handle);
  }
}

/** @throws TypeError where it is not UTF-8, without its byte-order mark */
export function* textLines(file: string): Generator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  for (const { start, bytes } of byteLines(file)) {
    const text = decoder.decode(bytes);
    yield start === 0 && text.startsWith('\uFEFF') ? text.slice(1) : text;
  }
}
