/** @file What goes wrong between here and a hub, told to the person who can cure it. */
import { HubApiError } from '@huggingface/hub';
import { UserError } from '../errors.ts';

export interface Asked {
  id: string;
  revision?: string;
  hubUrl: string;
  hasToken: boolean;
}

/** An HTTP answer that is no file. */
export class HttpFault extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`HTTP ${status}`);
    this.status = status;
  }
}

/** An answer that ended before the file did. */
export class CutShort extends Error {
  override readonly name = 'CutShort';
}

const unreachable = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ECONNRESET',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/** Of a system call somewhere below it. */
export const codeOf = (error: unknown): string | undefined => {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  return typeof code === 'string' ? code : cause ? codeOf(cause) : undefined;
};

/** Whether trying again at once may help. */
export function isPassing(error: unknown): boolean {
  if (error instanceof UserError) return false;
  if (error instanceof HttpFault) return error.status === 429 || error.status >= 500;
  return (
    error instanceof TypeError || unreachable.has(codeOf(error) ?? '') || (error as Error)?.name === 'TimeoutError'
  );
}

/** `error` as a problem that says its cure; what is no fault of the world outside is given back as it is. */
export function hubError(error: unknown, asked: Asked): unknown {
  if (error instanceof UserError) return error;
  const { id, revision, hubUrl, hasToken } = asked;
  const what = revision ? `${id} at ${revision}` : id;
  const fail = (code: string, why: string, cure: string) =>
    new UserError({ code: `hub.${code}`, tried: `download ${what} from ${hubUrl}`, why, cure });
  const status =
    error instanceof HubApiError ? error.statusCode : error instanceof HttpFault ? error.status : undefined;
  if (status === 401 || status === 403) {
    return hasToken
      ? fail(
          'forbidden',
          `the hub refuses it to the token in HF_TOKEN (${status}).`,
          `Check the name, ask for access on ${hubUrl}/${id} if the model is gated, and use a token that may read it.`,
        )
      : fail(
          'forbidden',
          `the hub asks who you are (${status}): there is no such model, or it is private or gated.`,
          `Check the name; for a gated model accept its terms on ${hubUrl}/${id}, then set HF_TOKEN and restart the sidecar.`,
        );
  }
  if (status === 404) {
    return fail(
      'not-found',
      revision ? 'the hub has no such model or no such revision of it.' : 'the hub has no such model.',
      'Check owner, name and revision; they are written as in the address of its page.',
    );
  }
  if (status === 429) return fail('too-many', 'the hub says that it was asked too often (429).', 'Wait some minutes.');
  if (status !== undefined) return fail('answer', `the hub answered ${status}.`, 'Try again later.');
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(asked, 'the disk is full.');
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return fail('unwritable', `${(error as Error).message}.`, 'Choose a folder that you may write to.');
  }
  if (error instanceof CutShort) {
    return fail('cut-short', `${error.message}.`, 'What was fetched is kept: the next try goes on there.');
  }
  if (isPassing(error)) {
    return fail(
      'no-network',
      `${hubUrl} cannot be reached${code ? ` (${code})` : ''}.`,
      'Check the network; behind a mirror set HF_ENDPOINT. What was fetched is kept: the next try goes on there.',
    );
  }
  if (error instanceof SyntaxError || (error as Error)?.name === 'InvalidApiResponseFormatError') {
    return fail('answer', 'its answer is not what a hub says.', 'Check HF_ENDPOINT.');
  }
  return error;
}

export const diskFull = ({ id, hubUrl }: Asked, why: string): UserError =>
  new UserError({
    code: 'hub.disk-full',
    tried: `download ${id} from ${hubUrl}`,
    why,
    cure: 'Make room; what was fetched is kept, and the next try goes on there.',
  });
