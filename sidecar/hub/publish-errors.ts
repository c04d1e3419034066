/** @file Why a folder could not be published, told to the person who can cure it. What the server says itself is not repeated. */
import { HubApiError } from '@huggingface/hub';
import { UserError } from '../errors.ts';
import { codeOf, isPassing } from './errors.ts';

interface Asked {
  name: string;
  hubUrl: string;
  /** Whether the commit itself was on its way. */
  committing: boolean;
}

/** What is no fault of the world outside is given back as it is. */
export function publishError(error: unknown, { name, hubUrl, committing }: Asked): unknown {
  if (error instanceof UserError) return error;
  const fail = (code: string, why: string, cure: string) =>
    new UserError({ code: `publish.${code}`, tried: `publish ${name} on ${hubUrl}`, why, cure });
  const status = error instanceof HubApiError ? error.statusCode : undefined;
  switch (status) {
    case 401:
      return fail('token', 'the hub does not know the token (401).', 'Make a new one on the hub, and give that.');
    case 403:
      return fail(
        'forbidden',
        'the token may not write there (403).',
        'Check the owner’s name, and take a token that may write to it.',
      );
    case 404:
      return fail('not-found', 'the hub has no such owner (404).', 'Check the name; it is written as owner/name.');
    case 409:
      return fail('exists', 'a repository of that name was made meanwhile.', 'Take another name, or try again.');
    case 412:
      return fail('moved', 'somebody else has committed meanwhile.', 'Look at the repository, and try again.');
    case 413:
      return fail('too-large', 'the hub says that it is too large (413).', 'Look at what your account may hold.');
    case 429:
      return fail('too-many', 'the hub says that it was asked too often (429).', 'Wait some minutes.');
  }
  if (status !== undefined) return fail('answer', `the hub answered ${status}.`, 'Try again later.');
  if (isPassing(error)) {
    const code = codeOf(error);
    const why = `${hubUrl} cannot be reached${code ? ` (${code})` : ''}`;
    // Its answer may have been lost alone.
    if (committing)
      return fail(
        'unknown-end',
        `${why} any more, and the last step was on its way.`,
        `Look at ${hubUrl}/${name}: all of it is there, or nothing.`,
      );
    return fail('no-network', `${why}.`, 'Check the network, then try again. Nothing of it can be seen there.');
  }
  if (error instanceof SyntaxError || (error as Error)?.name === 'InvalidApiResponseFormatError')
    return fail('answer', 'its answer is not what a hub says.', 'Check HF_ENDPOINT.');
  return error;
}
