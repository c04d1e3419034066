/** @file An exported folder looked at, and published. Runs in a worker. */
import { hubAddress } from '../../hub/address.ts';
import { publicationOf } from '../../hub/publication.ts';
import { publish } from '../../hub/publish.ts';
import type { PublicationPreview, Published } from '../../protocol/hub-messages.ts';
import type { JobContext } from './context.ts';
import { previewParams, publishParams } from './params.ts';

export async function previewPublication(raw: unknown, _context: JobContext): Promise<PublicationPreview> {
  const { files, bytes, notNoted } = publicationOf(previewParams.parse(raw).folder);
  return { files, bytes, notNoted, hubUrl: hubAddress() };
}

/** What lies there is looked at again: it may have changed since it was agreed to. */
export async function publishFolder(raw: unknown, { signal, progress }: JobContext): Promise<Published> {
  const { folder, accessToken, token: _, ...wanted } = publishParams.parse(raw);
  return publish(publicationOf(folder), wanted, { signal, progress }, { token: accessToken });
}
