import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inCatalogue, shapeOf } from '../../../sidecar/architecture/catalogue.ts';
import { configOf } from '../../../sidecar/architecture/huggingface.ts';
import { expectRun } from '../../../sidecar/config/expect.ts';
import {
  convolutionFlops,
  expectPreparation,
  expectWhole,
  heldOutSeconds,
} from '../../../sidecar/config/expect-whole.ts';
import { type PaceEntry, paceOf, parsePaces, withPace } from '../../../sidecar/config/pace.ts';
import { parseExperiment } from '../../../sidecar/config/parse.ts';

const path = 'extension/sample/add-two-languages.milore.yaml';
const tiny = configOf(JSON.parse(readFileSync('extension/sample/base/config.json', 'utf8')))!;
const hubert = shapeOf(inCatalogue('facebook/hubert-base-ls960')!);
const experiment = (...overrides: string[]) => {
  const parsed = parseExperiment(readFileSync(path, 'utf8'), path, overrides);
  expect(parsed.problems).toEqual([]);
  return parsed.experiment!;
};
const speech = { fin: 300, vie: 300, eng: 300, deu: 300, spa: 300 };

describe('the time of a whole run', () => {
  it('counts the front end’s convolutions, worked by hand for HuBERT’s seven', () => {
    const byHand = 2 * 3200 * 10 * 512 + 2 * 512 * 512 * (1600 * 3 + 800 * 3 + 400 * 3 + 200 * 3 + 100 * 2 + 50 * 2);
    expect(convolutionFlops(hubert)).toBe(byHand);
  });

  it('is near what preparing two minutes for a HuBERT base was measured to take: 27.5 s of processor', () => {
    const two = expectPreparation(experiment('units.layer=auto'), hubert, 2, 120) * 2;
    expect(two / 27.5).toBeGreaterThan(0.5);
    expect(two / 27.5).toBeLessThan(2);
  });

  it('adds up: preparation, start, steps and as many measurements as there are', () => {
    const quiet = experiment('evaluation.probes=false');
    const run = expectRun(quiet, tiny, 2);
    const whole = expectWhole(quiet, tiny, 2, speech);
    const preparation = expectPreparation(quiet, tiny, 2, 1500);
    // 0.15 of 300 s a language of the 60 s that may be measured.
    const measurement = run.measurementSeconds * (45 / 60);
    expect(whole.preparationSeconds).toBeCloseTo(preparation, 9);
    expect(whole.totalSeconds).toBeCloseTo(
      preparation + run.startSeconds + 200 * run.wholeStepSeconds + 5 * measurement,
      9,
    );
    expect(whole.firstCurveSeconds).toBeCloseTo(
      preparation + run.startSeconds + 50 * run.wholeStepSeconds + 2 * measurement,
      9,
    );
    expect(whole.measured).toBe(false);
  });

  it('takes no more of a language than `hours` and than is held out', () => {
    expect(heldOutSeconds(experiment(), speech)).toBe(5 * 45);
    expect(heldOutSeconds(experiment('languages.fin.hours=0.05'), speech)).toBe(4 * 45 + 27);
    const less = expectWhole(experiment('languages.fin.hours=0.05'), tiny, 2, speech).preparationSeconds;
    expect(less).toBeCloseTo(expectPreparation(experiment(), tiny, 2, 1380), 9);
  });

  it('is what this machine was seen to take, each part by its own measure', () => {
    const quiet = experiment('evaluation.probes=false');
    const plain = expectWhole(quiet, tiny, 2, speech);
    const slow = expectWhole(quiet, tiny, 2, speech, { steps: 3, preparation: 2 });
    expect(slow.measured).toBe(true);
    expect(slow.preparationSeconds).toBeCloseTo(2 * plain.preparationSeconds, 9);
    expect(slow.totalSeconds - slow.preparationSeconds).toBeCloseTo(
      3 * (plain.totalSeconds - plain.preparationSeconds),
      9,
    );
    // Where the cache had all of it, the steps tell of the machine.
    expect(expectWhole(quiet, tiny, 2, speech, { steps: 3 }).totalSeconds).toBeCloseTo(3 * plain.totalSeconds, 9);
  });

  it('counts probes before and after', () => {
    const without = expectWhole(experiment('evaluation.probes=false'), tiny, 2, speech);
    const probed = expectWhole(experiment(), tiny, 2, speech);
    const probes = (225 * 4 * (0.02 + 8e-5 * tiny.hidden)) / 2;
    expect(probed.firstCurveSeconds - without.firstCurveSeconds).toBeCloseTo(probes, 9);
    expect(probed.totalSeconds - without.totalSeconds).toBeCloseTo(2 * probes, 9);
  });
});

describe('the pace of a machine', () => {
  const cpu = (steps: number, more: Partial<PaceEntry> = {}): PaceEntry => ({
    device: 'cpu',
    hidden: 768,
    layers: 12,
    steps,
    ...more,
  });
  const kept = (...entries: PaceEntry[]) => ({ machine: 'M', entries });

  it('is read as it was written, of this machine alone', () => {
    const paces = withPace(withPace(kept(), cpu(2, { preparation: 4 })), cpu(3, { device: 'webgpu' }));
    expect(parsePaces(JSON.stringify(paces), 'M')).toEqual(paces);
    expect(parsePaces(JSON.stringify(paces), 'another').entries).toEqual([]);
    for (const text of ['', 'null', '[]', '{"machine":"M","entries":[null,{"device":1},{"device":"cpu","steps":1e9}]}'])
      expect(parsePaces(text, 'M').entries).toEqual([]);
  });

  it('is the newest of the device, rather of the same shape', () => {
    const paces = kept(cpu(1), cpu(2, { hidden: 96 }), cpu(3, { device: 'webgpu' }));
    expect(paceOf(paces, 'cpu', hubert)?.steps).toBe(1);
    expect(paceOf(paces, 'cpu', tiny)?.steps).toBe(2);
    expect(paceOf(paces, 'auto', { hidden: 1024, layers: 24 })?.steps).toBe(3);
    expect(paceOf(paces, 'cuda', hubert)).toBeUndefined();
  });

  it('replaces an older of the same, and keeps a preparation that was not measured again', () => {
    expect(withPace(kept(cpu(1, { preparation: 5 })), cpu(2)).entries).toEqual([cpu(2, { preparation: 5 })]);
    expect(withPace(kept(cpu(1, { preparation: 5 })), cpu(2, { preparation: 6 })).entries).toEqual([
      cpu(2, { preparation: 6 }),
    ]);
  });
});
