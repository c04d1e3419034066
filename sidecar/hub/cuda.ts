/**
 * @file Fetches CUDA's provider into a folder of its own, beside a copy of the installed onnxruntime, which looks for
 * providers in its own folder alone. Whole or not at all: what was fetched of it stays as a part, and the next try goes on.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { makeFolder, temporaryName, writeFileAtomic } from '../disk.ts';
import { cudaLibraries } from '../engine/cuda-libraries.ts';
import { cudaHome, cudaRuntime, installedRuntime, librariesOf, runtimeVersion, WHOLE } from '../engine/runtime.ts';
import { UserError } from '../errors.ts';
import { diskFault, freeAt, sizeInWords } from '../machine.ts';
import type { CudaSupport } from '../protocol/hub-messages.ts';
import { type CudaPackage, cudaPackage, resolvePackage } from './cuda-package.ts';
import { HttpFault } from './errors.ts';
import { transfer } from './transfer.ts';
import { entriesOf, unzip } from './unzip.ts';

/** Nothing is fetched. */
export function cudaSupport(): CudaSupport {
  const folder = cudaRuntime();
  const note = join(folder, WHOLE);
  const fetched = existsSync(note);
  const sha512 = fetched ? (JSON.parse(readFileSync(note, 'utf8')) as { sha512?: string }).sha512 : undefined;
  return { folder, fetched, version: runtimeVersion(), sha512, libraries: cudaLibraries() };
}

interface Fetching {
  signal: AbortSignal;
  progress(done: number, total: number, detail?: string): void;
}

/** Fetches it unless it is there. @throws UserError */
export async function fetchCuda({ signal, progress }: Fetching, from?: CudaPackage): Promise<CudaSupport> {
  const known = cudaSupport();
  if (known.fetched) return known;
  if (process.env.MILORE_CUDA === 'off') throw switchedOff();
  const wanted = from ?? cudaPackage();
  const { url, file } = await resolvePackage(wanted, signal);
  const home = cudaHome();
  makeFolder(home);
  needRoom(home, file.bytes);
  let part: string;
  try {
    part = await transfer({
      file,
      url,
      folder: home,
      signal,
      onBytes: (count) => progress(count, file.bytes, file.name),
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof UserError ? error : unreachable(url, error);
  }
  await install(part, wanted, file.digest.hex, signal, progress);
  rmSync(part, { force: true });
  return cudaSupport();
}

async function install(
  archive: string,
  { name, version, files }: CudaPackage,
  sha512: string,
  signal: AbortSignal,
  progress: Fetching['progress'],
): Promise<void> {
  const folder = cudaRuntime();
  // Beside its place, and put there when it is whole: a process that starts meanwhile takes the installed one.
  const modules = temporaryName(dirname(folder));
  const copy = join(modules, 'onnxruntime-node');
  try {
    const entries = await entriesOf(archive);
    const wanted = Object.entries(files).map(([to, path]) => ({ to, entry: entries.get(path), path }));
    const absent = wanted.find(({ entry }) => !entry);
    if (absent) throw notInside(name, version, absent.path);
    copyRuntime(modules);
    const total = wanted.reduce((sum, { entry }) => sum + entry!.bytes, 0);
    let done = 0;
    for (const { to, entry } of wanted) {
      const onBytes = (count: number) => progress((done += count), total, to);
      await unzip(archive, entry!, join(librariesOf(copy), to), { signal, onBytes });
    }
    writeFileAtomic(join(copy, WHOLE), `${JSON.stringify({ name, version, sha512 })}\n`);
    makeFolder(dirname(dirname(folder)));
    rmSync(dirname(folder), { recursive: true, force: true });
    renameSync(modules, dirname(folder));
  } catch (error) {
    rmSync(modules, { recursive: true, force: true });
    signal.throwIfAborted();
    throw diskOf(error, folder);
  }
}

/** The installed package and the one that it needs, with this platform's libraries alone. */
function copyRuntime(modules: string): void {
  const installed = installedRuntime();
  const take = (from: string, to: string) => cpSync(from, join(modules, to), { recursive: true });
  mkdirSync(modules, { recursive: true });
  for (const name of ['package.json', 'dist']) take(join(installed, name), join('onnxruntime-node', name));
  take(librariesOf(installed), librariesOf('onnxruntime-node'));
  const common = createRequire(join(installed, 'package.json')).resolve('onnxruntime-common');
  take(common.slice(0, common.lastIndexOf('onnxruntime-common') + 'onnxruntime-common'.length), 'onnxruntime-common');
}

/** The package, and what comes out of it. */
function needRoom(home: string, bytes: number): void {
  const free = freeAt(home);
  const needed = 3 * bytes;
  if (free === undefined || free >= needed) return;
  throw new UserError({
    code: 'cuda.disk-too-small',
    tried: `fetch CUDA’s provider into ${home}`,
    why: `it takes about ${sizeInWords(needed)} there, and ${sizeInWords(free)} are free.`,
    cure: 'Free space there, or name another folder in MILORE_CUDA.',
  });
}

const diskOf = (error: unknown, folder: string): unknown =>
  typeof (error as NodeJS.ErrnoException)?.syscall === 'string'
    ? diskFault(`put CUDA’s provider into ${folder}`, error)
    : error;

const unreachable = (url: string, error: unknown) =>
  new UserError({
    code: 'cuda.unreachable',
    tried: `fetch ${url}`,
    why:
      error instanceof HttpFault
        ? `the server answers with ${error.status}.`
        : `${(error as Error).message}${(error as Error).cause instanceof Error ? ` (${((error as Error).cause as Error).message})` : ''}.`,
    cure: 'Try again: what has come already stays.',
  });

const notInside = (name: string, version: string, path: string) =>
  new UserError({
    code: 'cuda.other-package',
    tried: `take CUDA’s provider out of ${name} ${version}`,
    why: `it has no ${path}.`,
    cure: 'This is a fault of MiLorE or of the package. Please report it.',
  });

const switchedOff = () =>
  new UserError({
    code: 'cuda.off',
    tried: 'fetch CUDA’s provider',
    why: 'MILORE_CUDA is off.',
    cure: 'Unset it, or let it name a folder.',
  });
