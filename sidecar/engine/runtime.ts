/**
 * @file Which onnxruntime this process loads: the one installed with it, or, where CUDA's provider was fetched, the copy of
 * it that the provider lies beside: onnxruntime looks for providers in its own folder alone.
 */
import './telemetry.ts';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type * as Runtime from 'onnxruntime-node';

const require = createRequire(import.meta.url);

/** Where a fetched provider lies, for all workspaces of a user; MILORE_CUDA names another folder, or is `off`. */
export const cudaHome = (): string => process.env.MILORE_CUDA || join(homedir(), '.milore', 'cuda');

/** The folder of the installed package. */
export const installedRuntime = (): string => dirname(require.resolve('onnxruntime-node/package.json'));

export const runtimeVersion = (): string =>
  JSON.parse(readFileSync(join(installedRuntime(), 'package.json'), 'utf8')).version;

/** What says that a copy is whole: written last. */
export const WHOLE = 'whole.json';

/** The copy with CUDA's provider, of the installed version; whether or not it is there. */
export const cudaRuntime = (): string => join(cudaHome(), runtimeVersion(), 'node_modules', 'onnxruntime-node');

/** Of the runtime that is loaded here: its libraries. */
export const librariesOf = (runtime: string): string => join(runtime, 'bin', 'napi-v6', process.platform, process.arch);

/** The folder of the package that this process loads. */
export function runtimeFolder(): string {
  if (process.env.MILORE_CUDA === 'off' || process.platform !== 'linux') return installedRuntime();
  const copy = cudaRuntime();
  return existsSync(join(copy, WHOLE)) ? copy : installedRuntime();
}

export const ort: typeof Runtime = require(runtimeFolder());
