/**
 * @file An exported folder as a repository of the Hugging Face hub: made where it is not there, filled by one commit, so
 * that nothing stands there half. The token goes to the hub alone: a redirect is not followed.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { commitIter, createRepo, listFiles, modelInfo } from '@huggingface/hub';
import { UserError } from '../errors.ts';
import type { Published } from '../protocol/hub-messages.ts';
import { addressOf, hubAddress, isHere, keptToken, tokenFor } from './address.ts';
import type { HubOptions } from './download.ts';
import type { Publication } from './publication.ts';
import { publishError } from './publish-errors.ts';

export interface Wanted {
  /** `owner/name`. */
  repo: string;
  /** Of a repository that is made; one that is there stays as it is, and is refused where it is public and this is not. */
  isPrivate: boolean;
  /** Whether a repository that holds something gets a further commit. */
  update: boolean;
}

interface Work {
  signal: AbortSignal;
  progress(done: number, total: number, detail?: string): void;
}

/** `owner/name`, as the hub takes it. */
export const repoName = /^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95}$/;
const answerMs = 120_000;

/** @throws UserError `hub.*`, `publish.*`; what the repository held before it holds still */
export async function publish(
  { folder, files, bytes }: Publication,
  { repo: name, isPrivate, update }: Wanted,
  { signal, progress }: Work,
  options: HubOptions = {},
): Promise<Published> {
  const hubUrl = options.hubUrl ? addressOf(options.hubUrl) : hubAddress();
  const accessToken = tokenFor(hubUrl, options.token ?? keptToken());
  if (!accessToken) throw noToken(hubUrl);
  const asked = { name, hubUrl };
  const repo = { type: 'model', name } as const;
  const common = { repo, accessToken, hubUrl, fetch: direct(hubUrl, signal) };
  let committing = false;
  try {
    signal.throwIfAborted();
    const found = await look(common);
    if (found) await mustTake(common, found, { isPrivate, update });
    else await createRepo({ ...common, visibility: isPrivate ? 'private' : 'public' });
    const sizes = new Map(files.map((file) => [file.name, file.bytes]));
    const done = new Map<string, number>();
    const work = commitIter({
      ...common,
      title: update ? 'Update from MiLorE' : 'Upload from MiLorE',
      operations: files.map((file) => ({
        operation: 'addOrUpdate',
        path: file.name,
        content: pathToFileURL(join(folder, file.name)),
      })),
      // Whoever commits meanwhile is not written over.
      ...(found ? { parentCommit: found.sha } : {}),
      // Plain uploads: the hub takes them as before, and they are checked by their SHA-256.
      useXet: false,
      abortSignal: signal,
    });
    for (;;) {
      const { value, done: ended } = await work.next();
      if (ended) {
        if (!value || typeof value.commit.oid !== 'string') throw new SyntaxError('it names no commit');
        return { url: `${hubUrl}/${name}`, commit: value.commit.oid.slice(0, 40) };
      }
      if (value.event === 'phase') committing = value.phase === 'committing';
      else if (value.state === 'uploading') {
        done.set(value.path, value.progress * (sizes.get(value.path) ?? 0));
        progress(
          [...done.values()].reduce((a, b) => a + b, 0),
          bytes,
          value.path,
        );
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    throw publishError(error, { ...asked, committing });
  }
}

type Common = { repo: { type: 'model'; name: string }; accessToken: string; hubUrl: string; fetch: typeof fetch };

/** What stands there now; undefined where nothing does. */
async function look({ repo, ...rest }: Common): Promise<{ sha: string; private: boolean } | undefined> {
  try {
    const info = await modelInfo({ name: repo.name, revision: 'main', additionalFields: ['sha'], ...rest });
    if (typeof info.sha !== 'string' || !/^[0-9a-f]{40}$/.test(info.sha)) throw new SyntaxError('it names no commit');
    return { sha: info.sha, private: info.private };
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

/** A repository that was just made holds `.gitattributes` alone: an earlier try may have ended there. */
async function mustTake(
  common: Common,
  found: { sha: string; private: boolean },
  { isPrivate, update }: Pick<Wanted, 'isPrivate' | 'update'>,
): Promise<void> {
  const { name } = common.repo;
  if (isPrivate && !found.private)
    throw new UserError({
      code: 'publish.is-public',
      tried: `publish privately as ${name}`,
      why: 'that repository is there already, and everybody can read it.',
      cure: 'Take another name, or make it private on its page first.',
    });
  if (update) return;
  for await (const { path } of listFiles({ ...common, revision: found.sha }))
    if (path !== '.gitattributes')
      throw new UserError({
        code: 'publish.exists',
        tried: `publish as ${name}`,
        why: 'a repository of that name is there already, and holds something.',
        cure: 'Take another name, or say that it shall be updated (--update): what it holds stays in its history.',
      });
}

/** Whoever is not the hub hears no token, and nobody is heard that the hub sends us to: uploads have addresses of their own. */
function direct(hubUrl: string, signal: AbortSignal): typeof fetch {
  const hub = new URL(hubUrl);
  return async (input, init) => {
    const target = new URL(input instanceof Request ? input.url : input);
    const isHub = target.origin === hub.origin;
    const headers = new Headers(init?.headers);
    if (!isHub) headers.delete('authorization');
    if (target.protocol !== 'https:' && !isHere(target.hostname)) throw elsewhere(hubUrl, target.host);
    const signals = [signal, ...(init?.signal ? [init.signal] : []), ...(isHub ? [AbortSignal.timeout(answerMs)] : [])];
    const response = await fetch(target, { ...init, headers, redirect: 'manual', signal: AbortSignal.any(signals) });
    if (response.status < 300 || response.status >= 400) return response;
    await response.body?.cancel();
    const to = response.headers.get('location') ?? '';
    throw elsewhere(hubUrl, URL.canParse(to, target.href) ? new URL(to, target.href).host : 'nowhere');
  };
}

const elsewhere = (hubUrl: string, host: string) =>
  new UserError({
    code: 'publish.redirect',
    tried: `publish on ${hubUrl}`,
    why: `it sends us to ${JSON.stringify(host.slice(0, 200))}, and the token is not for others.`,
    cure: 'Check HF_ENDPOINT and the name: a repository that was renamed must be called by its present name.',
  });

const noToken = (hubUrl: string) =>
  new UserError({
    code: 'publish.no-token',
    tried: `publish on ${hubUrl}`,
    why: 'there is no token that says who you are.',
    cure: 'Make one that may write, in your settings on the hub, and set HF_TOKEN (or: hf auth login).',
  });
