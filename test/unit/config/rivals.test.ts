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
