import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { annotationFile, scanLanguage } from '../../../sidecar/corpus/index.ts';
import { outside, VoiceActivity } from '../../../sidecar/corpus/voice-activity.ts';
import { keyedRandom } from '../../../sidecar/random.ts';
import { folder } from '../../support/folder.ts';
import { wav } from '../../support/wav.ts';

const rateHz = 16_000;
/** Somebody speaks from … to, in seconds. */
const spoken = [
  [1, 3],
  [3.2, 4],
  [6, 6.1],
  [8, 10],
  [12, 15],
  [17, 19],
] as const;

/** Twenty seconds of a quiet room with bursts of noise that is 40 dB louder. */
function recording(loud = 0.3): Float32Array {
  const random = keyedRandom('a field');
  return new Float32Array(20 * rateHz).map((_, i) => {
    const speaks = spoken.some(([from, to]) => i >= from * rateHz && i < to * rateHz);
    return (speaks ? loud : 0.003) * (2 * random() - 1);
  });
}

const spansOf = (samples: Float32Array) => {
  const voice = new VoiceActivity();
  for (let at = 0; at < samples.length; at += 7001)
    voice.add({ samples: samples.subarray(at, at + 7001), sampleRateHz: rateHz });
  return voice.spans();
};

it('energy tells speech from a quiet room: short pauses are within it, short sounds are none', () => {
  const found = spansOf(recording()).map(({ startSeconds, endSeconds }) => [startSeconds, endSeconds]);
  const expected = [
    [0.9, 4.1],
    [7.9, 10.1],
    [11.9, 15.1],
    [16.9, 19.1],
  ];
  expect(found).toEqual(expected.map((span) => span.map((seconds) => expect.closeTo(seconds, 1))));
});

it('finds nothing in silence, in nothing, and where all is as loud', () => {
  expect(spansOf(new Float32Array(rateHz))).toEqual([]);
  expect(spansOf(new Float32Array(0))).toEqual([]);
  expect(spansOf(recording(0.003))).toEqual([]);
});

it('what lies outside of stretches that overlap is cut from every side', () => {
  const spans = [
    { startSeconds: 0, endSeconds: 10 },
    { startSeconds: 20, endSeconds: 21 },
  ];
  const taken = [
    { startSeconds: 8, endSeconds: 9.9 },
    { startSeconds: 2, endSeconds: 5 },
    { startSeconds: 3, endSeconds: 4 },
    { startSeconds: 19, endSeconds: 30 },
  ];
  expect(outside(spans, taken)).toEqual([
    { startSeconds: 0, endSeconds: 2 },
    { startSeconds: 5, endSeconds: 8 },
  ]);
});

it('what nobody annotated is left aside, or becomes utterances without words where that is asked; found once', async () => {
  const stretches = [
    { startSeconds: 0.5, endSeconds: 4.2, text: 'one' },
    { startSeconds: 13, endSeconds: 14, text: 'two' },
  ];
  const annotations = { recording: 'tape.wav', seconds: 20, tiers: [{ name: 'words@Ada', stretches }] };
  const root = folder({
    'ada/tape.wav': wav([recording()]),
    'ada/tape.TextGrid': annotationFile('textgrid', [annotations]),
    'ada/other.wav': wav([recording().subarray(0, 2 * rateHz)]),
  });
  const aside = await scanLanguage({ code: 'fin', root });
  expect(aside.notes.join(' ')).toMatch(/2 annotated stretches.*left aside/);
  const cacheDir = folder({});
  const scan = () => scanLanguage({ code: 'fin', root, unannotated: 'pauses', cacheDir });
  const both = await scan();
  const own = both.utterances.filter(({ id }) => id.includes('#unannotated@'));
  expect(both.utterances.length - own.length).toBe(aside.utterances.length);
  expect(own.map(({ startSeconds, endSeconds }) => [startSeconds, endSeconds])).toEqual(
    [
      [7.9, 10.1],
      [11.9, 13],
      [14, 15.1],
      [16.9, 19.1],
    ].map((span) => span.map((seconds) => expect.closeTo(seconds, 1))),
  );
  for (const one of own) expect(one).toMatchObject({ speaker: 'ada', language: 'fin' });
  expect(own.some(({ text }) => text)).toBe(false);
  expect(both.notes.join(' ')).toMatch(/4 stretches that nobody annotated, 0\.1 min, are cut at pauses.*held out/);
  expect(both.notes.join(' ')).not.toMatch(/left aside/);
  expect([...(await scan()).utterances]).toEqual([...both.utterances]);
  const lines = readFileSync(join(cacheDir, 'scan.jsonl'), 'utf8').split('\n');
  expect(lines.filter((line) => line.includes('"speech":['))).toHaveLength(1);
});
