/** @file The bytes of a recording, read where they are needed: a file of any size, or what lies in memory. Knows no format. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { UserError } from '../errors.ts';
import { blameNoFile } from '../machine.ts';
import { audioError } from './problems.ts';

export interface ByteSource {
  readonly size: number;
  /** Up to `length` bytes from `at`, fewer where the end comes first. A view: not to be written to. */
  read(at: number, length: number): Uint8Array;
  close(): void;
}

/** Small reads come from one of these. */
const windowBytes = 1 << 16;

export function ascii(bytes: Uint8Array, offset: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + length));
}

export function bytesSource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (at, length) => bytes.subarray(at, at + length), close: () => {} };
}

/** The same bytes from `start` on. */
export function sourceFrom(source: ByteSource, start: number): ByteSource {
  if (start === 0) return source;
  return {
    size: Math.max(0, source.size - start),
    read: (at, length) => source.read(at + start, length),
    close: () => source.close(),
  };
}

/** Without the ID3v1 and APE tags that some programs put behind any stream. */
export function withoutTags(source: ByteSource): ByteSource {
  let { size } = source;
  for (let tags = 0; tags < 4; tags++) {
    if (size >= 128 && ascii(source.read(size - 128, 3), 0, 3) === 'TAG') {
      size -= 128;
      continue;
    }
    const foot = source.read(Math.max(0, size - 32), 32);
    if (foot.length < 32 || ascii(foot, 0, 8) !== 'APETAGEX') break;
    const view = new DataView(foot.buffer, foot.byteOffset, 32);
    // The size counts the foot, and not the head that a flag tells of.
    size -= Math.min(size, view.getUint32(12, true) + (view.getUint32(20, true) & 0x80000000 ? 32 : 0));
  }
  if (size === source.size) return source;
  return {
    size,
    read: (at, length) => source.read(at, Math.max(0, Math.min(length, size - at))),
    close: () => source.close(),
  };
}

/** @throws UserError `audio.missing`, `audio.unreadable`, `audio.corrupt` or `audio.empty-file` where it is no regular file that can be read. */
export async function fileSource(path: string): Promise<ByteSource> {
  const found = await stat(path).catch((fault: NodeJS.ErrnoException) => {
    throw cannotRead(path, fault);
  });
  if (!found.isFile()) throw audioError('corrupt', path, 'it is not a regular file.'); // A pipe would wait for ever.
  if (found.size === 0) throw audioError('empty-file', path, 'it has 0 bytes.');
  try {
    return new FileSource(path);
  } catch (fault) {
    throw cannotRead(path, fault as NodeJS.ErrnoException);
  }
}

class FileSource implements ByteSource {
  readonly size: number;
  readonly #path: string;
  readonly #handle: number;
  #window: Uint8Array = new Uint8Array(0);
  #windowAt = 0;

  constructor(path: string) {
    this.#path = path;
    this.#handle = openSync(path, 'r');
    this.size = fstatSync(this.#handle).size;
  }

  read(at: number, length: number): Uint8Array {
    const wanted = Math.min(length, this.size - at);
    if (wanted <= 0) return new Uint8Array(0);
    if (at >= this.#windowAt && at + wanted <= this.#windowAt + this.#window.length) {
      return this.#window.subarray(at - this.#windowAt, at - this.#windowAt + wanted);
    }
    if (wanted >= windowBytes) return this.#fetch(at, wanted);
    this.#window = this.#fetch(at, Math.min(windowBytes, this.size - at));
    this.#windowAt = at;
    return this.#window.subarray(0, wanted);
  }

  close(): void {
    closeSync(this.#handle);
  }

  #fetch(at: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let done = 0;
    try {
      while (done < length) {
        const count = readSync(this.#handle, bytes, done, length - done, at + done);
        if (count === 0) break; // It has become shorter since it was opened.
        done += count;
      }
    } catch (fault) {
      throw cannotRead(this.#path, fault as NodeJS.ErrnoException);
    }
    return bytes.subarray(0, done);
  }
}

/** What the system says of the file, which says nothing of its content. */
function cannotRead(path: string, fault: NodeJS.ErrnoException): UserError {
  blameNoFile(`read the audio file ${path}`, fault);
  return audioError(fault.code === 'ENOENT' ? 'missing' : 'unreadable', path, `${reason(fault)}.`);
}

function reason(fault: NodeJS.ErrnoException): string {
  if (fault.code === 'ENOENT') return 'there is no such file';
  if (fault.code === 'EACCES' || fault.code === 'EPERM') return 'reading it is not permitted';
  return `the system says ${fault.code ?? fault.message}`;
}
