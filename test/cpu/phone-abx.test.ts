import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { adaptedBase } from '../../sidecar/evaluation/frozen-states.ts';
import { phoneAbx } from '../../sidecar/evaluation/phone-abx.ts';
import { normals } from '../../sidecar/random.ts';
import { WeightFile } from '../../sidecar/weights/file.ts';
import { loadBase, scratch } from '../support/reference.ts';
import { wav } from '../support/wav.ts';

const RATE = 16_000;
/** Samples of a token. */
const TOKEN = 3200;
/** 0.2 s a token: "a" a tone, "i" noise, each token a little apart from the others of its kind. */
function recording(speaker: number): { samples: Float32Array; items: string[] } {
  const samples = new Float32Array(8 * TOKEN);
  const items: string[] = [];
  for (let token = 0; token < 8; token++) {
    const phone = token % 2 === 0 ? 'a' : 'i';
    const hz = 200 + 3 * token + 10 * speaker;
    const noise = normals(TOKEN, 1, 'noise', token, speaker);
    for (let n = 0; n < TOKEN; n++)
      samples[token * TOKEN + n] = phone === 'a' ? 0.3 * Math.sin((2 * Math.PI * hz * n) / RATE) : 0.1 * noise[n];
    items.push(
      `s${speaker} ${(token * 0.2).toFixed(2)} ${(token * 0.2 + 0.2).toFixed(2)} ${phone} x x speaker${speaker}`,
    );
  }
  return { samples, items };
}

const folder = scratch();
const audio = join(folder, 'audio', 'deep');
mkdirSync(audio, { recursive: true });
const lines = ['#file onset offset #phone prev-phone next-phone speaker'];
for (const speaker of [0, 1]) {
  const { samples, items } = recording(speaker);
  writeFileSync(join(audio, `s${speaker}.wav`), wav([samples], { sampleRateHz: RATE }));
  lines.push(...items);
}
const items = join(folder, 'tokens.item');
writeFileSync(items, `${lines.join('\n')}\n`);
const base = loadBase(resolve('extension/sample/base'));
const model = {
  base,
  file: WeightFile.prepare(base, scratch()),
  adapted: adaptedBase(base),
  session: { device: 'cpu' as const },
};

it('a tone and noise are told apart by a model’s states, within speakers and across, in both variants', async () => {
  const { scores, skipped } = await phoneAbx('fin', { items, audio: join(folder, 'audio') }, model);
  expect(scores.map(({ measure }) => measure)).toEqual([
    'abxWithin',
    'abxAcross',
    'abxWithinInclusive',
    'abxAcrossInclusive',
  ]);
  for (const { counts, withoutInterval } of scores) {
    expect(counts[0].count / counts[0].of).toBeLessThan(0.1);
    expect(withoutInterval).toMatch(/no interval/);
  }
  expect(skipped).toEqual([]);
});

it('names swapped at random are at chance', async () => {
  const swapped = join(folder, 'swapped.item');
  const text = lines.map((line, i) =>
    i % 4 < 2 ? line : line.replace(/ [ai] x/, (of) => (of === ' a x' ? ' i x' : ' a x')),
  );
  writeFileSync(swapped, text.join('\n'));
  const { scores } = await phoneAbx('fin', { items: swapped, audio: join(folder, 'audio') }, model);
  expect(scores[0].counts[0].count).toBeGreaterThan(0.3);
});

it('says how many items have no recording, and where none has', async () => {
  const more = join(folder, 'more.item');
  writeFileSync(more, [...lines, 's9 0.0 0.2 a x x speaker9'].join('\n'));
  const { skipped } = await phoneAbx('fin', { items: more, audio: join(folder, 'audio') }, model);
  expect(skipped[0].reason).toMatch(/1 of 17 items have no frame, or no recording/);
  const none = await phoneAbx('fin', { items, audio: resolve('test/fixtures/abx') }, model);
  expect(none.skipped[0].reason).toMatch(/has none of the recordings/);
  expect(none.scores).toEqual([]);
});
