/** @file Where the hub is, and which token goes there: $HF_ENDPOINT, $HF_TOKEN, or what the hub's own tools have kept. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { readSmallFile } from '../model/checkpoint/tensor-file.ts';

export const hubAddress = (): string => addressOf(process.env.HF_ENDPOINT ?? 'https://huggingface.co');

/** Of the environment, else of the file that `hf auth login` writes. Undefined where there is none. */
export function keptToken(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (env.HF_TOKEN) return env.HF_TOKEN;
  const cache = env.HF_HOME ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'huggingface');
  try {
    const text = readSmallFile(env.HF_TOKEN_PATH ?? join(cache, 'token'), 1000)
      .toString('utf8')
      .trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}

export const isHere = (hostname: string): boolean => ['localhost', '127.0.0.1', '[::1]'].includes(hostname);

/** Without a slash at its end. @throws UserError `hub.address` */
export function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && !url.username) return text.replace(/\/+$/, '');
  throw new UserError({
    code: 'hub.address',
    tried: 'use the address in HF_ENDPOINT',
    why: 'it is no http or https address.',
    cure: 'Write it as https://huggingface.co, or unset it.',
  });
}

/** A token goes over an encrypted line, or to this machine. @throws UserError `hub.token` */
export function tokenFor(url: string, token: string | undefined): string | undefined {
  if (!token) return undefined;
  const fault = (why: string, cure: string) =>
    new UserError({ code: 'hub.token', tried: `use the token in HF_TOKEN for ${url}`, why, cure });
  if (!token.startsWith('hf_')) throw fault('it does not begin with hf_.', 'Set HF_TOKEN to a token of the hub.');
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:' || isHere(hostname)) return token;
  throw fault('the address is not encrypted (https).', 'Use an https address in HF_ENDPOINT, or unset HF_TOKEN.');
}
