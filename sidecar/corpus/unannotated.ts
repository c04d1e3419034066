/** @file The speech of annotated recordings that nobody has annotated, as utterances without words. */
import { statSync } from 'node:fs';
import { hear } from '../audio/index.ts';
import { UserError } from '../errors.ts';
import { PackedRows } from './packed-rows.ts';
import { joined } from './rows.ts';
import type { ScanCache } from './scan-cache.ts';
import { type Listing, type Utterance, utteranceKinds } from './types.ts';
import { outside, type Span, VoiceActivity } from './voice-activity.ts';

/** A recording, and the stretches of it that are utterances already. */
export interface Annotated {
  whole: Utterance;
  taken: Span[];
}

/** Goes through each annotated recording once, or remembers what it found. A recording that cannot be read is the scan's to name. */
export async function withUnannotated(listing: Listing, cache: ScanCache, signal?: AbortSignal): Promise<Listing> {
  const more = new PackedRows<Utterance>(utteranceKinds);
  let seconds = 0;
  for (const { whole, taken } of listing.annotated ?? []) {
    signal?.throwIfAborted();
    for (const span of outside(await spoken(whole, cache, signal), taken)) {
      const { startSeconds, endSeconds } = span;
      const { text: _, ...rest } = whole;
      more.push({ ...rest, id: `${whole.id}#unannotated@${startSeconds}-${endSeconds}`, startSeconds, endSeconds });
      seconds += endSeconds - startSeconds;
    }
  }
  if (more.length === 0) return listing;
  const note = `${more.length} stretches that nobody annotated, ${(seconds / 60).toFixed(1)} min, are cut at pauses and train too. Whose voice they hold is not known: it may be one that is held out.`;
  return { ...listing, utterances: joined<Utterance>([listing.utterances, more]), notes: [...listing.notes, note] };
}

async function spoken({ path, channel }: Utterance, cache: ScanCache, signal?: AbortSignal): Promise<Span[]> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return [];
  const key = { path, bytes: stat.size, modifiedMs: stat.mtimeMs, channel, what: 'speech' as const };
  const known = cache.get(key);
  if (known && 'speech' in known) return known.speech;
  const voice = new VoiceActivity();
  try {
    const take = (piece: Parameters<VoiceActivity['add']>[0]) => {
      signal?.throwIfAborted();
      voice.add(piece);
    };
    await hear(path, take, { channel });
  } catch (fault) {
    if (fault instanceof UserError && !fault.code.startsWith('disk.')) return [];
    throw fault;
  }
  const speech = voice.spans();
  cache.set(key, { speech });
  return speech;
}
