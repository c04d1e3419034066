/**
 * @file A base model from the Hugging Face hub into a folder of the workspace: one pinned commit, the few files that are
 * needed, each checked, all put in place together.
 */
import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { isReallyInside, realPath } from '../inside.ts';
import { readJsonObject } from '../model/checkpoint/tensor-file.ts';
import type { DownloadedModel } from '../protocol/hub-messages.ts';
import { addressOf, hubAddress, tokenFor } from './address.ts';
import { type Asked, diskFull, hubError } from './errors.ts';
import { choose, type Hub, list, pin, type RemoteFile, shardsOf, weightFiles } from './listing.ts';
import { originFile, readCard, readOrigin } from './model-card.ts';
import { isPart, isWhole, partOf, transfer } from './transfer.ts';

export interface HubOptions {
  /** Where the hub is; $HF_ENDPOINT, or huggingface.co. */
  hubUrl?: string;
  /** $HF_TOKEN. */
  token?: string;
}

/** What a download is given besides what is asked for. */
export interface Download {
  /** Absolute folder that it must stay in. */
  workspace: string;
  signal: AbortSignal;
  progress(done: number, total: number, detail?: string): void;
}

const answerMs = 30_000;
/** Left free on the disk, so that nothing else fails. */
const spareBytes = 64 << 20;

/** @throws UserError `hub.*`; what was fetched stays as parts, and the next call goes on there */
export async function downloadInto(
  { id, revision, into }: { id: string; revision?: string; into: string },
  { workspace, signal, progress }: Download,
  options: HubOptions = {},
): Promise<DownloadedModel> {
  const url = options.hubUrl ? addressOf(options.hubUrl) : hubAddress();
  const token = tokenFor(url, options.token ?? process.env.HF_TOKEN);
  const asked: Asked = { id, revision, hubUrl: url, hasToken: token !== undefined };
  const folder = insideWorkspace(workspace, into);
  const hub: Hub = { url, token, fetch: guarded(url, signal) };
  try {
    signal.throwIfAborted();
    const pinned = await pin(hub, id, revision);
    const files = await list(hub, id, pinned.commit);
    const { small, weights } = choose(id, files);
    await prepareFolder(folder, id);
    const done = new Map<string, number>();
    let total = [...small, ...(weights.kind === 'one' ? [weights.file] : [])].reduce(addBytes, 0);
    const fetchAll = async (wanted: readonly RemoteFile[]) => {
      for (const file of wanted) {
        const onBytes = (count: number) => {
          done.set(file.name, count);
          progress(
            [...done.values()].reduce((a, b) => a + b, 0),
            total,
            file.name,
          );
        };
        // In place already: an earlier try ended here, or another commit has the same file.
        if (await isWhole(join(folder, file.name), file)) onBytes(file.bytes);
        else {
          const from = `${url}/${id}/resolve/${pinned.commit}/${file.name}`;
          await transfer({ file, url: from, folder, token, signal, onBytes });
        }
      }
    };
    await fetchAll(small);
    const large =
      weights.kind === 'one'
        ? [weights.file]
        : shardsOf(id, readJsonObject(placeOf(folder, weights.index), 64 << 20).weight_map, files);
    if (weights.kind === 'sharded') total = large.reduce(addBytes, total);
    await needRoom(folder, large, asked);
    await fetchAll(large);

    const all = [...small, ...large];
    const licence = pinned.licence ?? cardLicence(folder, files);
    const origin = { source: id, revision: pinned.commit, ...(licence ? { licence } : {}) };
    // First the note: a folder half replaced then says whose it is.
    await writeFile(join(folder, originFile), `${JSON.stringify(origin, null, 2)}\n`);
    await putInPlace(folder, all);
    return {
      path: folder,
      revision: pinned.commit,
      ...(licence ? { licence } : {}),
      bytes: all.reduce(addBytes, 0),
    };
  } catch (error) {
    signal.throwIfAborted();
    throw hubError(error, asked);
  }
}

/** The hub's client follows links of the hub's making: what leaves the hub goes without the token. */
function guarded(url: string, signal: AbortSignal): typeof fetch {
  const { origin } = new URL(url);
  return (input, init) => {
    const target = new URL(input instanceof Request ? input.url : input);
    const headers = new Headers(init?.headers);
    if (target.origin !== origin) headers.delete('authorization');
    return fetch(target, { ...init, headers, signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]) });
  };
}

const addBytes = (sum: number, { bytes }: RemoteFile) => sum + bytes;

function insideWorkspace(workspace: string, into: string): string {
  if (isReallyInside(into, workspace) && realPath(into) !== realPath(workspace)) return resolve(into);
  throw new UserError({
    code: 'hub.outside',
    tried: `download a model into ${into}`,
    why: `that is not a folder inside the workspace ${workspace}.`,
    cure: 'Choose a folder inside the workspace.',
  });
}

/** A folder that another model lies in is not written over. */
async function prepareFolder(folder: string, id: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  if (!existsSync(join(folder, 'config.json')) || readOrigin(folder)?.source === id) return;
  throw new UserError({
    code: 'hub.folder-in-use',
    tried: `download ${id} into ${folder}`,
    why: 'another model lies there.',
    cure: 'Choose another folder, or add that model from its folder.',
  });
}

async function needRoom(folder: string, files: readonly RemoteFile[], asked: Asked): Promise<void> {
  let missing = 0;
  for (const file of files) missing += Math.max(0, file.bytes - sizeOf(placeOf(folder, file)));
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (missing + spareBytes <= free) return;
  const megabytes = (count: number) => `${Math.ceil(count / 1e6)} MB`;
  throw diskFull(asked, `${megabytes(missing)} are still to come and ${megabytes(free)} are free.`);
}

const sizeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

function cardLicence(folder: string, files: ReadonlyMap<string, RemoteFile>): string | undefined {
  const card = files.get('README.md');
  return card && readCard(placeOf(folder, card)).licence;
}

/** Where a fetched file lies now: still as its part, or in place. */
function placeOf(folder: string, file: RemoteFile): string {
  const part = partOf(folder, file);
  return existsSync(part) ? part : join(folder, file.name);
}

async function putInPlace(folder: string, files: readonly RemoteFile[]): Promise<void> {
  for (const file of files) {
    const part = partOf(folder, file);
    if (existsSync(part)) await rename(part, join(folder, file.name));
  }
  const names = new Set(files.map(({ name }) => name));
  for (const name of await readdir(folder)) {
    // Parts of other commits, which nobody will go on with, and another commit's weights, which would be read first.
    const stale = isPart(name) || (weightFiles.includes(name) && !names.has(name));
    if (stale) await rm(join(folder, name), { force: true });
  }
}
