import { describe, expect, it } from 'vitest';
import { parseExperiment } from '../../../sidecar/config/parse.ts';

const good = `base:
  model: models/base
languages:
  eng: { role: existing, data: data/eng }
  yor:
    role: new
    data: [data/yor, data/more]
`;

const codes = (text: string, sets: string[] = []) =>
  parseExperiment(text, 'a.milore.yaml', sets).problems.map(
    ({ code, place }) => `${code} ${place?.line}:${place?.column}`,
  );

describe('an experiment file', () => {
  it('needs only a base and languages; every other key has its default', () => {
    const { experiment, problems } = parseExperiment(good, 'folder/add-yoruba.milore.yaml');
    expect(problems).toEqual([]);
    expect(experiment).toMatchObject({
      name: 'add-yoruba',
      languages: {
        eng: { role: 'existing', data: ['data/eng'], layout: 'auto', heldOut: 0.15, weight: 1 },
        yor: { role: 'new', data: ['data/yor', 'data/more'] },
      },
      audio: { maxSeconds: 15.6, minSeconds: 0.5, allowOutside: false },
      adapter: {
        kind: 'lora-mixture',
        experts: 4,
        rank: 8,
        alpha: 16,
        targets: ['fc1', 'fc2'],
        router: { kind: 'dense', k: 2, share: 'site', balance: 0, zLoss: 0, init: 0.02 },
        init: 0.02,
      },
      units: {
        layer: 'auto',
        clusters: 100,
        fitOn: 'all',
        framesPerLanguage: 20000,
        iterations: 100,
        restarts: 3,
        seed: 1,
      },
      replay: { fraction: 0.125, languages: ['eng'] },
      sampling: { exponent: 0.7 },
      mask: { probability: 0.8, length: 10, minSpans: 2 },
      head: { projection: 256, temperature: 0.1, warmupSteps: 250, learningRate: 1.5e-3 },
      training: {
        steps: 1000,
        batchSeconds: 40,
        accumulate: 1,
        learningRate: 1.5e-3,
        headLearningRate: 1.5e-3,
        betas: [0.9, 0.98],
        epsilon: 1e-6,
        weightDecay: 0.01,
        clipNorm: 1,
        warmupFraction: 0.08,
        finalFraction: 0,
      },
      control: true,
      evaluation: { every: 100, secondsPerLanguage: 120 },
      checkpoint: { every: 100, keep: 2 },
      log: { every: 10 },
      seed: 1,
      device: 'auto',
    });
  });

  it('tells all its faults at once, each with line and column', () => {
    const text = `${good}trainig:
  steps: 3
adapter:
  experts: 65
  router: { kind: dens, kk: 1 }
units:
  clusters: many
mask: { probability: 2 }
control: 1
`;
    const { problems } = parseExperiment(text, 'a.milore.yaml');
    expect(codes(text)).toEqual([
      'config.unknown-key 8:1',
      'config.wrong-value 11:12',
      'config.wrong-value 12:19',
      'config.unknown-key 12:25',
      'config.wrong-value 14:13',
      'config.wrong-value 15:22',
      'config.wrong-value 16:10',
    ]);
    expect(problems[0].cure).toContain('Did you mean training?');
    expect(problems[1].cure).toContain('1 to 64');
    expect(problems[2].cure).toContain('Did you mean dense?');
    expect(problems[3].cure).toContain('adapter.router.k?');
    expect(problems[4]).toMatchObject({
      why: '"many" is not allowed.',
      cure: 'Allowed: whole number; 2 to 5000 (units).',
    });
  });

  it('names the section that a misplaced key belongs to', () => {
    expect(parseExperiment(`${good}steps: 3\n`, 'a').problems[0].cure).toContain('Did you mean training.steps?');
    expect(parseExperiment(`${good}units: { learning_rate: 3 }\n`, 'a').problems[0].code).toBe('config.unknown-key');
  });

  it('says which key is missing and where it belongs', () => {
    expect(codes('languages:\n  eng:\n    role: new\n')).toEqual(['config.missing-key 1:1', 'config.missing-key 2:3']);
  });

  it('takes an empty section for its defaults', () => {
    expect(parseExperiment(`${good}training:\nadapter:\n  router:\n`, 'a').problems).toEqual([]);
  });

  it.each([
    ['yo', 'yor (Yoruba)'],
    ['zh', 'zho (Chinese) or cmn (Mandarin Chinese)'],
    ['no', 'nor (Norwegian)'],
    ['en-US', 'eng (English)'],
    ['ger', 'deu (German)'],
    ['Yoruba', 'yor (Yoruba)'],
    ['qqq', 'iso639-3.sil.org'],
    ['__proto__', 'iso639-3.sil.org'],
    ['constructor', 'iso639-3.sil.org'],
  ])('refuses the language code %s and says %s', (code, cure) => {
    const text = `base: { model: m }\nlanguages:\n  ${code}: { role: new, data: d }\n`;
    const [problem] = parseExperiment(text, 'a').problems;
    expect(problem).toMatchObject({ code: 'config.language-code', place: { line: 3, column: 3 } });
    expect(problem.cure).toContain(cure);
  });

  it('keeps rules between keys', () => {
    const onlyNew = 'base: { model: m }\nlanguages: { yor: { role: new, data: d } }\n';
    expect(codes('base: { model: m }\nlanguages: {}\n')).toEqual(['config.rule 2:12']);
    expect(codes(`${good}replay: { languages: [yor, cmn, yo] }\n`)).toEqual([
      'config.rule 8:23',
      'config.rule 8:28',
      'config.language-code 8:33',
    ]);
    expect(codes(`${good}units: { fitOn: [eng, fra] }\n`)).toEqual(['config.rule 8:23']);
    expect(codes(`${onlyNew}units: { fitOn: existing }\n`)).toEqual(['config.rule 3:17']);
    expect(codes(`${onlyNew}replay: { fraction: 0.1 }\n`)).toEqual(['config.rule 3:21']);
    expect(codes(`${good}adapter: { targets: [] }\n`)).toEqual(['config.rule 8:21']);
    expect(codes(`${good}adapter: { targets: [], kind: none }\n`)).toEqual([]);
    expect(codes(`${good}adapter: { targets: [q, v, q] }\n`)).toEqual(['config.rule 8:28']);
    expect(codes(`${good}adapter: { experts: [4, 2], router: { kind: top-k, k: 3 } }\n`)).toEqual(['config.rule 8:55']);
    expect(codes(`${good}audio: { minSeconds: 20 }\n`)).toEqual(['config.rule 8:22']);
    expect(codes(`${good}audio: { joinSeconds: 20 }\n`)).toEqual(['config.rule 8:23']);
  });

  it('replays nothing by default where no language is existing', () => {
    const { experiment } = parseExperiment('base: { model: m }\nlanguages: { yor: { role: new, data: d } }\n', 'a');
    expect(experiment?.replay).toEqual({ fraction: 0, languages: [] });
  });

  it('refuses infinite and undefined numbers', () => {
    for (const value of ['.inf', '.nan', '-.inf', '1e999', '0x', '1_000', 'null']) {
      expect(codes(`${good}training: { learningRate: ${value} }\n`)).toEqual(['config.wrong-value 8:27']);
    }
  });
});

describe('--set', () => {
  it('overrides a key, makes sections that are absent, and takes YAML values', () => {
    const { experiment, problems } = parseExperiment(good, 'a', [
      'training.steps=300',
      'adapter.experts=[2, 4]',
      'languages.yor.data=elsewhere',
      'name=x',
    ]);
    expect(problems).toEqual([]);
    expect(experiment).toMatchObject({ name: 'x', training: { steps: 300 }, adapter: { experts: [2, 4] } });
    expect(experiment?.languages.yor.data).toEqual(['elsewhere']);
  });

  it.each([
    ['training.steps', 'config.override', 1],
    ['=3', 'config.override', 1],
    ['training..steps=3', 'config.override', 1],
    ['base.model.x=3', 'config.override', 1],
    ['training.stepps=3', 'config.unknown-key', 1],
    ['training.steps=many', 'config.wrong-value', 16],
    ['adapter.targets=[q, zz]', 'config.wrong-value', 17],
    ['adapter.targets=[q', 'config.syntax', 19],
    ['__proto__.x=3', 'config.unknown-key', 1],
  ])('%s is refused as %s at column %i', (set, code, column) => {
    const [problem] = parseExperiment(good, 'a', [set]).problems;
    expect(problem).toMatchObject({ code, place: { file: '--set', line: 1, column } });
  });
});
