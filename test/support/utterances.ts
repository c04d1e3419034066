/** @file Scanned utterances made up for tests. */
import type { ScannedUtterance } from '../../sidecar/corpus/index.ts';

export function utterance(id: string, seconds: number, more: Partial<ScannedUtterance> = {}): ScannedUtterance {
  return {
    id,
    path: `/data/${id}`,
    language: 'eng',
    startSample: 0,
    samples: Math.round(seconds * 16_000),
    hash: `hash-of-${id}`,
    format: 'wav',
    sampleRateHz: 16_000,
    channels: 1,
    ...more,
  };
}
