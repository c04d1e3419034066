/**
 * @file One file from the hub to the disk: into a part that outlives every interruption, and checked before it counts.
 * It must not know which files a model has.
 */
import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { CutShort, HttpFault, isPassing } from './errors.ts';
import type { RemoteFile } from './listing.ts';

export interface Transfer {
  file: RemoteFile;
  url: string;
  folder: string;
  token?: string;
  signal: AbortSignal;
  /** Bytes of this file that are on the disk. */
  onBytes(bytes: number): void;
}

/** Tries in a row that bring no byte, before it is given up. */
const vainTries = 3;
const silenceMs = 60_000;
const pauseMs = 500;

export const partOf = (folder: string, { name, digest }: RemoteFile): string =>
  join(folder, `${name}.${digest.hex.slice(0, 12)}.part`);

export const isPart = (name: string): boolean => /\.[0-9a-f]{12}\.part$/.test(name);

/** Completes the part and checks it. @returns its path; the part stays where it is until then, whatever happens */
export async function transfer(job: Transfer): Promise<string> {
  const { file, folder, signal } = job;
  const part = partOf(folder, file);
  for (let tries = 0; ; tries++) {
    const resumed = await bytesOf(part);
    await complete(job, part);
    if (await isWhole(part, file)) return part;
    await rm(part, { force: true });
    job.onBytes(0);
    signal.throwIfAborted();
    // A part from an earlier day may have been spoilt; a fresh one that differs is the server's.
    if (resumed > 0 && tries === 0) continue;
    throw new UserError({
      code: 'hub.wrong-content',
      tried: `download ${file.name}`,
      why: `its content does not have the ${file.digest.kind} hash ${file.digest.hex} that the hub names; it was thrown away.`,
      cure: 'Try again; if it stays so, the server or something on the way changes the file.',
    });
  }
}

/** Whether a file has the content that the hub names. */
export async function isWhole(path: string, { bytes, digest }: RemoteFile): Promise<boolean> {
  if ((await bytesOf(path)) !== bytes) return false;
  const hash = createHash(digest.kind === 'git' ? 'sha1' : digest.kind);
  if (digest.kind === 'git') hash.update(`blob ${bytes}\0`);
  if (bytes > 0) for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex') === digest.hex;
}

const bytesOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

async function complete(job: Transfer, part: string): Promise<void> {
  const { file, signal, onBytes } = job;
  // Not through a link: whoever laid it there would choose what is written over.
  const handle = await open(part, constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0), 0o644);
  try {
    let { size: at } = await handle.stat();
    if (at > file.bytes) {
      await handle.truncate(0);
      at = 0;
    }
    onBytes(at);
    for (let vain = 0; at < file.bytes; ) {
      signal.throwIfAborted();
      const before = at;
      try {
        at = await fetchFrom(job, handle, at);
        if (at < file.bytes) throw new CutShort(`${file.name} ended after ${at} of ${file.bytes} bytes`);
      } catch (error) {
        signal.throwIfAborted();
        if (!isPassing(error)) throw error;
        ({ size: at } = await handle.stat());
        vain = at > before ? 0 : vain + 1;
        if (vain >= vainTries) throw error;
        await new Promise((resolve) => setTimeout(resolve, pauseMs * (vain + 1)));
      }
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** One answer of the server, appended. @returns how many bytes the part has then */
async function fetchFrom(job: Transfer, handle: FileHandle, start: number): Promise<number> {
  const { file, url, token, signal, onBytes } = job;
  const silence = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(new DOMException('silent for a minute', 'TimeoutError')), silenceMs);
  };
  heard();
  try {
    // A redirect to another origin drops the token by itself.
    const response = await fetch(url, {
      headers: {
        'accept-encoding': 'identity',
        ...(start > 0 ? { range: `bytes=${start}-` } : {}),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      // Not satisfiable: what is here is not a beginning of what is there.
      if (response.status === 416) await handle.truncate(0);
      throw response.status === 416
        ? new CutShort(`${file.name} cannot be gone on with`)
        : new HttpFault(response.status);
    }
    let at = start;
    if (start > 0 && !continues(response, start)) {
      await handle.truncate(0);
      at = 0;
    }
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      heard();
      if (at + chunk.length > file.bytes) throw longer(file);
      for (let done = 0; done < chunk.length; ) {
        const { bytesWritten } = await handle.write(chunk, done, chunk.length - done, at + done);
        done += bytesWritten;
      }
      at += chunk.length;
      onBytes(at);
      signal.throwIfAborted();
    }
    return at;
  } finally {
    clearTimeout(timer);
  }
}

/** A server without ranges sends everything again, with 200. */
const continues = ({ status, headers }: Response, start: number): boolean =>
  status === 206 && new RegExp(`^bytes ${start}-`).test(headers.get('content-range') ?? '');

const longer = ({ name, bytes }: RemoteFile) =>
  new UserError({
    code: 'hub.wrong-content',
    tried: `download ${name}`,
    why: `the server sends more than the ${bytes} bytes that the hub lists.`,
    cure: 'Try again; if it stays so, the server or something on the way changes the file.',
  });
