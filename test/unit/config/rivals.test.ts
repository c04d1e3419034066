import { describe, expect, it } from 'vitest';
import { parseExperiment } from '../../../sidecar/config/parse.ts';
import { planSweep } from '../../../sidecar/config/sweep.ts';

const both = `base: { model: m }
languages:
  eng: { role: existing, data: e }
  yor: { role: new, data: y }
`;
const onlyNew = `base: { model: m }
languages:
  fin: { role: new, data: f }
  yor: { role: new, data: y }
`;
const inStages = `${onlyNew}stages: [{ add: [fin] }, { add: [yor] }]\n`;
const told = (text: string) =>
  parseExperiment(text, 'a.milore.yaml').problems.map(({ code, tried, why }) => `${code} ${tried}: ${why}`);
const ofPreset = (preset: string, before = both) => {
  const { points, problems } = planSweep(`${before}sweep:\n  presets: [${preset}]\n`, 'x.milore.yaml')!;
  expect(problems).toEqual([]);
  return points[0].experiment!;
};

describe('EWC', () => {
  const ewc = 'training: { ewc: { strength: 100 } }\n';

  it('is refused where nothing moves, and where no language is old', () => {
    expect(told(both + ewc)).toEqual([]);
    expect(told(`${both}${ewc}adapter: { kind: none }\n`)).toEqual([
      expect.stringMatching(/^config.rule .*training.ewc.strength: .*nothing moves/),
    ]);
    expect(told(onlyNew + ewc)).toEqual([expect.stringMatching(/training.ewc.strength: no language is old/)]);
    // From the second stage on there is what the first has learned.
    expect(told(inStages + ewc)).toEqual([]);
    expect(told(`${both}${ewc}replay: { languages: [] }\n`)).toHaveLength(1);
  });

  it('is one word of a sweep: full fine-tuning without replay, as strong as the experiment says', () => {
    const { adapter, replay, training } = ofPreset('ewc');
    expect([adapter.kind, replay.fraction, training.ewc.strength]).toEqual(['full', 0, 1e4]);
    expect(ofPreset('ewc', both + ewc).training.ewc.strength).toBe(100);
    for (const plain of ['full', 'full+replay', 'l2', 'head'])
      expect(ofPreset(plain, both + ewc).training.ewc.strength, plain).toBe(0);
    expect(ofPreset('lora', both + ewc).training.ewc.strength).toBe(100);
  });
});

describe('LwF', () => {
  const lwf = 'training: { lwf: { weight: 2 } }\n';

  it('needs no old speech, but something that moves', () => {
    expect(told(both + lwf)).toEqual([]);
    expect(told(onlyNew + lwf)).toEqual([]);
    expect(told(`${both}${lwf}adapter: { kind: none }\n`)).toEqual([
      expect.stringMatching(/training.lwf.weight: .*nothing moves/),
    ]);
  });

  it('is one word of a sweep: full fine-tuning without replay', () => {
    const { adapter, replay, training } = ofPreset('lwf');
    expect([adapter.kind, replay.fraction, training.lwf.weight, training.lwf.temperature]).toEqual(['full', 0, 1, 2]);
    expect(ofPreset('lwf', both + lwf).training.lwf.weight).toBe(2);
    for (const plain of ['full', 'ewc', 'der', 'head'])
      expect(ofPreset(plain, both + lwf).training.lwf.weight, plain).toBe(0);
  });
});

describe('DER', () => {
  const der = 'training: { der: { weight: 2 } }\n';

  it('is refused where nothing is replayed, where nothing moves, and where units change', () => {
    expect(told(both + der)).toEqual([]);
    expect(told(inStages + der)).toEqual([]);
    for (const text of [
      onlyNew + der,
      `${both}${der}replay: { fraction: 0 }\n`,
      `${both}${der}replay: { languages: [] }\n`,
      `${inStages.replaceAll('[fin]', '[fin], replay: { fraction: 0 }').replaceAll('[yor]', '[yor], replay: { fraction: 0 }')}${der}`,
    ])
      expect(told(text), text).toEqual([expect.stringMatching(/training.der.weight: nothing is replayed/)]);
    expect(told(`${both}${der}adapter: { kind: none }\n`)).toHaveLength(1);
    expect(told(`${inStages}${der}units: { refit: true }\n`)).toEqual([expect.stringMatching(/units.refit/)]);
    expect(told(`${both}${der}units: { refit: true }\n`)).toEqual([]);
  });

  it('is one word of a sweep with labels, and one without: full fine-tuning with replay', () => {
    const [plain, labelled] = [ofPreset('der'), ofPreset('der++')];
    for (const { adapter, replay, training } of [plain, labelled])
      expect([adapter.kind, replay.fraction, training.der.weight]).toEqual(['full', 0.125, 0.5]);
    expect([plain.training.der.labels, labelled.training.der.labels]).toEqual([0, 1]);
    expect(ofPreset('no-replay', both + der).training.der.weight).toBe(0);
    expect(ofPreset('replay-5', both + der).training.der.weight).toBe(2);
  });
});

it('a shared expert is one word of a sweep: as many experts as before, one of them always on', () => {
  expect(ofPreset('shared').adapter).toMatchObject({ kind: 'lora-mixture', experts: 3, sharedExperts: 1 });
  const layers = `${both}adapter: { experts: [2, 4] }\n`;
  expect(ofPreset('shared', layers).adapter).toMatchObject({ experts: [1, 3], sharedExperts: 1 });
  const two = `${both}adapter: { experts: 2, sharedExperts: 2, rank: 3, alpha: 6 }\n`;
  expect(ofPreset('shared', two).adapter).toMatchObject({ experts: 2, sharedExperts: 2 });
  expect(ofPreset('lora', two).adapter).toMatchObject({ experts: 1, sharedExperts: 0, rank: 12, alpha: 24 });
});

describe('experts that go by language', () => {
  const kind = 'router: { kind: language }';

  it('are as many as new languages and one for the existing, which no other number can be', () => {
    expect(told(`${both}adapter: { ${kind} }\n`)).toEqual([]);
    expect(told(`${both}adapter: { ${kind}, experts: 2 }\n`)).toEqual([]);
    expect(told(`${both}adapter: { ${kind}, experts: 3 }\n`)).toEqual([
      expect.stringMatching(/adapter.experts: .*makes 2 experts: eng, yor/),
    ]);
    expect(told(`${both}adapter: { router: { kind: language, balance: 0.1 } }\n`)).toEqual([
      expect.stringMatching(/no router to punish/),
    ]);
    const experts = (text: string) => parseExperiment(text, 'a').experiment!.adapter.experts;
    expect(experts(`${both}adapter: { ${kind} }\n`)).toBe(2);
    expect(experts(`${inStages}adapter: { ${kind} }\n`)).toBe(2);
  });

  it('are one word of a sweep', () => {
    const written = `${both}adapter: { experts: 4, router: { balance: 0.1 } }\n`;
    expect(ofPreset('by-language', written).adapter).toMatchObject({
      experts: 2,
      router: { kind: 'language', balance: 0 },
    });
  });
});
