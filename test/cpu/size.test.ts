import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { configOf } from '../../sidecar/architecture/huggingface.ts';
import { shapesOf } from '../../sidecar/architecture/registry.ts';
import { expectRun, stepWork } from '../../sidecar/config/expect.ts';
import { type Experiment, parseExperiment } from '../../sidecar/config/parse.ts';
import { sizeOf } from '../../sidecar/config/size.ts';
import { flopsOf } from '../../sidecar/engine/flops.ts';
import { loadBase } from '../../sidecar/model/checkpoint/base.ts';
import { countParameters } from '../../sidecar/objectives/count.ts';
import { parameterSpecs, stepGraph } from '../../sidecar/objectives/learnable.ts';
import { learnableConfig } from '../../sidecar/training/prepare/learnable.ts';
import { WeightFile } from '../../sidecar/weights/file.ts';
import { scratch } from '../support/reference.ts';

const folder = 'extension/sample/base';
const config = JSON.parse(readFileSync(`${folder}/config.json`, 'utf8'));
const sample = loadBase(folder);
const samplePath = 'extension/sample/add-two-languages.milore.yaml';

function experiment(...overrides: string[]): Experiment {
  const parsed = parseExperiment(readFileSync(samplePath, 'utf8'), samplePath, overrides);
  expect(parsed.problems).toEqual([]);
  return parsed.experiment!;
}

const settings: Record<string, string[]> = {
  'the sample as it is': [],
  'all six targets': ['adapter.targets=[q, k, v, o, fc1, fc2]'],
  'one target': ['adapter.targets=[o]'],
  'lists by layer': ['adapter.experts=[1, 2, 4, 8]', 'adapter.rank=[3, 5, 8, 1]'],
  'top-k': ['adapter.router.kind=top-k', 'adapter.router.k=2'],
  'one router a block': ['adapter.router.share=block', 'adapter.experts=[1, 2, 4, 1]'],
  'plain LoRA': ['adapter.experts=1'],
  'experts always on': ['adapter.experts=[1, 2, 4, 8]', 'adapter.sharedExperts=2', 'adapter.rank=[3, 5, 8, 1]'],
  'the whole transformer': ['adapter.kind=full'],
  'the head alone': ['adapter.kind=none', 'units.clusters=2', 'head.projection=1'],
};

it.each(Object.entries(settings))('%s: counted from config.json alone as from the weights', (_, overrides) => {
  const wanted = experiment(...overrides);
  const counted = countParameters(learnableConfig(wanted, sample, false), sample);
  const { shareWithHead: _share, ...expected } = counted;
  expect(sizeOf(wanted, configOf(config)!)).toEqual(expected);
});

it.each([
  ['base', { model_type: 'hubert' }, 94_371_712],
  [
    'large',
    {
      model_type: 'hubert',
      hidden_size: 1024,
      num_hidden_layers: 24,
      num_attention_heads: 16,
      intermediate_size: 4096,
      conv_bias: true,
      feat_extract_norm: 'layer',
      do_stable_layer_norm: true,
    },
    315_438_720,
  ],
  ['without a norm before the projection', { model_type: 'hubert', feat_proj_layer_norm: false }, undefined],
  ['wav2vec2', { model_type: 'wav2vec2', feat_proj_layer_norm: false }, undefined],
  ['WavLM base', { model_type: 'wavlm' }, 94_381_936],
  ['data2vec-audio', { model_type: 'data2vec-audio' }, undefined],
])('%s has as many numbers as its tensors', (_, raw, published) => {
  const shapes = shapesOf(configOf(raw)!);
  const weights = new Map([...shapes].map(([name, shape]) => [name, { shape, data: new Float32Array() }]));
  const shape = configOf(raw)!;
  const [lora, full] = [experiment('adapter.experts=4'), experiment('adapter.kind=full')];
  for (const each of [lora, full]) {
    const parsed = configOf(raw)!;
    const { base, experts, routers, baseTrained } = countParameters(learnableConfig(each, { config: parsed }, false), {
      weights,
    });
    expect(sizeOf(each, shape)).toMatchObject({ base, experts, routers, baseTrained });
  }
  if (published) {
    // The field's figures are of the encoder with weight norm's gains counted apart: one for each tap of the kernel.
    expect(sizeOf(lora, shape).base + shape.posKernel).toBe(published);
  }
});

it('a config.json that is no HuBERT, or a hostile one, has no shape', () => {
  for (const raw of [
    undefined,
    null,
    [],
    'hubert',
    {},
    { model_type: 'whisper' },
    { ...config, hidden_size: 1e9 },
    { ...config, hidden_size: '144' },
    { ...config, conv_dim: [] },
    { ...config, conv_dim: 'x' },
    { ...config, conv_kernel: [10] },
    { ...config, num_attention_heads: 5 },
  ])
    expect(configOf(raw)).toBeUndefined();
  expect(configOf({ ...config, __proto__: null })).toBeDefined();
});

it('a list of the wrong length is refused as the run refuses it', () => {
  const wanted = experiment('adapter.rank=[1, 2]');
  expect(() => sizeOf(wanted, configOf(config)!)).toThrow(/2 entries.*4 transformer layers/);
});

it.each(['lora-mixture', 'full', 'none'])('the arithmetic of a step (%s) is the graph’s own within a tenth', (kind) => {
  const wanted = experiment(`adapter.kind=${kind}`);
  const learnable = learnableConfig(wanted, sample, false);
  const file = WeightFile.prepare(loadBase(folder), scratch());
  const clips = 4;
  const { frames, trainFlops } = stepWork(wanted, configOf(config)!, clips, 5);
  expect(frames).toBe(clips * 249);
  const bindings = { B: clips, T: 249, M: Math.round(frames * (1 - Math.exp(-wanted.mask.probability))) };
  const counted = flopsOf(stepGraph(learnable, file, parameterSpecs(learnable, file.weights)), bindings);
  expect(trainFlops / counted).toBeGreaterThan(0.9);
  expect(trainFlops / counted).toBeLessThan(1.1);
});

it.each([
  [2, 416],
  [6, 735],
  [12, 1217],
])(
  'expects about the memory that `npm run bench` measured with %d layers, and what a whole run has beside',
  (layers, stepMiB) => {
    // With 12 a whole run took 1471 MiB.
    const measuredMiB = stepMiB + 250;
    const base = configOf({ model_type: 'hubert', num_hidden_layers: layers })!;
    const wanted = experiment('training.batchSeconds=20', 'head.projection=256', 'units.clusters=500', 'control=false');
    const { stepSeconds, peakBytes } = expectRun(wanted, base, 2);
    expect(Math.abs(peakBytes / 2 ** 20 / measuredMiB - 1)).toBeLessThan(1 / 6);
    if (layers === 12) expect(Math.abs(stepSeconds / 1.4 - 1)).toBeLessThan(1 / 6);
  },
);

it('expects of the sample about the memory that it took, and the time within a factor of four of a busy machine', () => {
  const { stepSeconds, peakBytes } = expectRun(experiment(), configOf(config)!, 2);
  expect(stepSeconds).toBeGreaterThan(0.17 / 4);
  expect(stepSeconds).toBeLessThan(0.17 * 2);
  expect(Math.abs(peakBytes / 2 ** 20 / 553 - 1)).toBeLessThan(1 / 6);
});
