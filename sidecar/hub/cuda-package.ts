/**
 * @file Which package holds CUDA's provider of the installed onnxruntime, as that runtime's own installer names it, and what
 * its feed says of it: where it lies, how long it is, and its hash. Downloads nothing but these answers.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { installedRuntime } from '../engine/runtime.ts';
import { UserError } from '../errors.ts';
import { isPassing } from './errors.ts';
import type { RemoteFile } from './listing.ts';

/** What onnxruntime-node's install-metadata.js says of one platform. */
export interface CudaPackage {
  /** The feed's service index (NuGet's protocol, version 3). */
  index: string;
  name: string;
  version: string;
  /** Names in the runtime's folder, and where they lie in the package. */
  files: Record<string, string>;
}

interface Metadata {
  manifests: Record<string, Record<string, { package: string; path: string }>>;
  packages: Record<string, { name: string; versions: { feed: string; version: string }[] }>;
  feeds: Record<string, { type: string; index: string }>;
}

/** TensorRT's is another's: nothing here asks for it. */
const LEFT_OUT = /tensorrt/;

/** @throws UserError where onnxruntime has no such provider for this platform */
export function cudaPackage(platform = `${process.platform}/${process.arch}`): CudaPackage {
  const file = join(installedRuntime(), 'script', 'install-metadata.js');
  const none = (why: string) =>
    new UserError({ code: 'cuda.none', tried: 'find CUDA’s provider', why, cure: 'Train on the CPU, or by WebGPU.' });
  if (!existsSync(file)) throw none(`${file}, which says where it lies, is not there.`);
  const { manifests, packages, feeds } = createRequire(import.meta.url)(file) as Metadata;
  const manifest = manifests[`${platform}:cuda12`];
  if (!manifest) throw none(`onnxruntime has none for ${platform}; 64-bit Linux has one.`);
  const wanted = Object.entries(manifest).filter(([name]) => !LEFT_OUT.test(name));
  const { name, versions } = packages[wanted[0][1].package];
  const { feed, version } = versions[0];
  const files = Object.fromEntries(wanted.map(([to, { path }]) => [to.replace(/^\.\//, ''), path]));
  return { index: process.env.MILORE_NUGET || feeds[feed].index, name, version, files };
}

export interface Resolved {
  url: string;
  file: RemoteFile;
}

const answerMs = 30_000;

/** What the feed says of the package. @throws UserError where it does not answer, or does not say its hash */
export async function resolvePackage({ index, name, version }: CudaPackage, signal: AbortSignal): Promise<Resolved> {
  const ask = async (url: string) => {
    const once = () => fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]) });
    // A connection that was kept may have been closed meanwhile.
    const response = await once().catch((error) => {
      if (signal.aborted || !isPassing(error)) throw error;
      return once();
    });
    if (!response.ok) throw new Error(`it answers ${url} with ${response.status}`);
    return (await response.json()) as Record<string, unknown>;
  };
  const fail = (why: string) =>
    new UserError({
      code: 'cuda.feed',
      tried: `find ${name} ${version} at ${index}`,
      why,
      cure: 'Check the connection (HTTPS_PROXY is not read; MILORE_NUGET names another feed), then try again.',
    });
  try {
    const { resources } = (await ask(index)) as { resources?: { '@id': string; '@type': string }[] };
    const of = (type: string) => resources?.find((one) => one['@type'] === type)?.['@id']?.replace(/\/+$/, '');
    const [base, registrations] = [of('PackageBaseAddress/3.0.0'), of('RegistrationsBaseUrl/3.6.0')];
    if (!base || !registrations) throw new Error('it names neither packages nor what is known of them');
    const [id, number] = [name.toLowerCase(), version.toLowerCase()];
    const { catalogEntry } = await ask(`${registrations}/${id}/${number}.json`);
    const entry =
      typeof catalogEntry === 'string' ? await ask(catalogEntry) : (catalogEntry as Record<string, unknown>);
    const { packageHash, packageHashAlgorithm, packageSize } = entry;
    const hex = Buffer.from(String(packageHash), 'base64').toString('hex');
    if (packageHashAlgorithm !== 'SHA512' || hex.length !== 128 || !Number.isSafeInteger(packageSize))
      throw new Error('it does not say the SHA-512 and the size of the package');
    const file = `${id}.${number}.nupkg`;
    return {
      url: `${base}/${id}/${number}/${file}`,
      file: { name: file, bytes: packageSize as number, digest: { kind: 'sha512', hex } },
    };
  } catch (error) {
    signal.throwIfAborted();
    const { message, cause } = error as Error;
    throw fail(`${message}${cause instanceof Error ? ` (${cause.message})` : ''}.`);
  }
}
