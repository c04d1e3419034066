/**
 * @file A folder as language documentation leaves it: one long recording and the annotations of its session in ELAN. The
 * speech is the sample's, synthetic, over and over.
 */
import { closeSync, openSync, readdirSync, writeFileSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { decodeAudio } from '../../sidecar/audio/index.ts';

const rateHz = 16_000;
const pauseSeconds = 1.2;

export interface FieldFolder {
  seconds: number;
  /** Annotated, of either speaker. */
  stretches: { speaker: 'Ada' | 'Ben'; start: number; end: number }[];
}

/** Writes `session.wav` (16 kHz, 16 bit, mono) and `session.eaf` with the tiers of two speakers and one of notes. */
export async function makeField(folder: string, wantedSeconds: number): Promise<FieldFolder> {
  const voices = await Promise.all([clips('f1'), clips('m1')]);
  const samples = wantedSeconds * rateHz;
  const handle = openSync(join(folder, 'session.wav'), 'w');
  const stretches: FieldFolder['stretches'] = [];
  try {
    writeSync(handle, header(samples));
    for (let at = 0, turn = 0; at < samples; turn++) {
      const spoken = voices[turn % 2][(turn >> 1) % voices[turn % 2].length];
      const piece = new Int16Array(Math.min(samples - at, spoken.length + pauseSeconds * rateHz));
      piece.set(spoken.subarray(0, piece.length));
      writeSync(handle, new Uint8Array(piece.buffer));
      if (piece.length > spoken.length && turn % 5 !== 4)
        stretches.push({
          speaker: turn % 2 === 0 ? 'Ada' : 'Ben',
          start: Math.round((at / rateHz) * 1000),
          end: Math.round(((at + spoken.length) / rateHz) * 1000),
        });
      at += piece.length;
    }
  } finally {
    closeSync(handle);
  }
  writeFileSync(join(folder, 'session.eaf'), eaf(stretches));
  return { seconds: wantedSeconds, stretches };
}

async function clips(voice: string): Promise<Int16Array[]> {
  const folder = resolve('extension/sample/speech/fin', voice);
  const names = readdirSync(folder).sort();
  return Promise.all(
    names.map(async (name) => {
      const { samples, sampleRateHz } = await decodeAudio(join(folder, name));
      const step = sampleRateHz / rateHz;
      return Int16Array.from(
        { length: Math.floor(samples.length / step) },
        (_, i) => 32_767 * samples[Math.floor(i * step)],
      );
    }),
  );
}

function header(samples: number): Buffer {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + 2 * samples, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rateHz, 24);
  head.writeUInt32LE(2 * rateHz, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(2 * samples, 40);
  return head;
}

function eaf(stretches: FieldFolder['stretches']): string {
  const slots: string[] = [];
  let number = 0;
  const slot = (ms: number) => {
    slots.push(`<TIME_SLOT TIME_SLOT_ID="ts${++number}" TIME_VALUE="${ms}"/>`);
    return `ts${number}`;
  };
  const annotation = (text: string, start: number, end: number) =>
    `<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a${number}" TIME_SLOT_REF1="${slot(start)}" TIME_SLOT_REF2="${slot(end)}"><ANNOTATION_VALUE>${text}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>`;
  const tier = (name: string, participant: string, inside: string[]) =>
    `<TIER LINGUISTIC_TYPE_REF="default" TIER_ID="${name}"${participant}>${inside.join('')}</TIER>`;
  const of = (wanted: string) =>
    stretches
      .filter(({ speaker }) => speaker === wanted)
      .map(({ start, end }, index) => annotation(`lause ${index + 1}`, start, end));
  const notes = stretches
    .filter((_, index) => index % 10 === 0)
    .map(({ start, end }) => annotation('a rooster outside', start + 200, end - 200));
  const tiers = [
    tier('utterance@Ada', ' PARTICIPANT="Ada"', of('Ada')),
    tier('utterance@Ben', ' PARTICIPANT="Ben"', of('Ben')),
    tier('comment', '', notes),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ANNOTATION_DOCUMENT VERSION="3.0"><HEADER TIME_UNITS="milliseconds"/><TIME_ORDER>${slots.join('')}</TIME_ORDER>${tiers.join('')}</ANNOTATION_DOCUMENT>\n`;
}
