import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scanLanguage } from '../../sidecar/corpus/index.ts';
import { normalisations } from '../../sidecar/evaluation/error-rate.ts';
import { adaptedBase } from '../../sidecar/evaluation/frozen-states.ts';
import type { RecognitionOptions } from '../../sidecar/evaluation/recognition-task.ts';
import { ML_SUPERB_SIZE, monolingualRecognition } from '../../sidecar/evaluation/superb.ts';
import { type TranscribedSides, transcribedSides } from '../../sidecar/evaluation/transcribed.ts';
import { loadBase } from '../../sidecar/model/checkpoint/base.ts';
import { ML_SUPERB_RECIPE } from '../../sidecar/recognition/recipe.ts';
import { WeightFile } from '../../sidecar/weights/file.ts';
import { idleAdapter } from '../support/idle-adapter.ts';
import { scratch } from '../support/reference.ts';

const base = loadBase(resolve('extension/sample/base'));
const file = WeightFile.prepare(base, scratch());
const options: RecognitionOptions = {
  recipe: { ...ML_SUPERB_RECIPE, updates: 3, accumulate: 1, rate: 2e-3, validations: 1 },
  size: { ...ML_SUPERB_SIZE, pre: 12, model: 16, feedForward: 32 },
  session: { device: 'cpu' },
};

async function sides(): Promise<TranscribedSides> {
  const corpus = await scanLanguage({ code: 'fin', root: resolve('extension/sample/speech/fin.tsv') });
  const all = transcribedSides(corpus, normalisations['ml-superb-mono']);
  expect(all.train.length + all.validation.length + all.scored.length).toBe(66);
  const thinned = all.scored.filter((_, i) => i % 3 === 0);
  return { ...all, train: all.train.slice(0, 8), validation: all.validation.slice(0, 2), scored: thinned };
}

describe('recognition on the sample', () => {
  it('finds no difference, to the bit, where an adapter adds nothing', async () => {
    const arms = [
      { name: 'base', adapted: adaptedBase(base) },
      { name: 'adapted', adapted: adaptedBase(base, idleAdapter(base)) },
    ];
    const report = await monolingualRecognition({ base, file, arms }, await sides(), options);
    const [before, after] = report.arms;
    expect(after.utterances).toEqual(before.utterances);
    expect(before.utterances.length).toBe(report.clips.scored);
    expect(report.differences!.prefix).toMatchObject({ value: 0, low: 0, high: 0, verdict: 'cannot tell' });
    for (const rate of Object.values(before.rates)) expect(rate).toMatchObject({ kind: 'interval', by: 'speaker' });
    const { length, reference } = before.utterances[0];
    expect(length).toBe([...reference].length);
    expect(reference).toMatch(/^[A-ZÄÖÅ ]+$/u);
  }, 120_000);

  it('says in words where transcripts cannot belong to their recordings', async () => {
    const own = await sides();
    const long = (side: TranscribedSides['train']) =>
      side.slice(0, 2).map((one) => ({ ...one, text: 'A'.repeat(4000) }));
    const wrong = { ...own, train: long(own.train), validation: long(own.validation), scored: long(own.scored) };
    const arms = [{ name: 'base', adapted: adaptedBase(base) }];
    await expect(monolingualRecognition({ base, file, arms }, wrong, options)).rejects.toThrow(
      /none of 2 transcripts fits/,
    );
  }, 60_000);
});
