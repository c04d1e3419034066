import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkAdapterConfig } from '../../../sidecar/model/adapters/config.ts';
import { loadBase } from '../../../sidecar/model/checkpoint/base.ts';
import { openSafetensors, writeSafetensors } from '../../../sidecar/model/checkpoint/safetensors.ts';
import { npy, worstDifference } from '../../support/npy.ts';
import { forward, ownFixtures } from '../../support/reference.ts';
import { refusal, scratch } from '../../support/scratch.ts';
import { archive, dictPickle, tensorPickle } from '../../support/torch-archive.ts';

/** Base models as they come from the Hugging Face hub and from trainers, each against the plain folder of the same numbers. */

const at = scratch();
let count = 0;
type Tensors = Record<string, { shape: number[]; data: Float32Array }>;
type Raw = Record<string, unknown>;

function tensorsOf(style: string): Tensors {
  const file = openSafetensors(ownFixtures(`hubert_tiny_${style}`, 'model.safetensors'));
  const all = Object.fromEntries(file.names().map((n) => [n, { shape: file.info(n).shape, data: file.float32(n) }]));
  file.close();
  return all;
}

/** A folder with the fixture's configuration and weights, both changed. */
function folder(
  style: string,
  change: (tensors: Tensors) => Tensors = (t) => t,
  edit: (config: Raw) => void = () => {},
) {
  const made = at(`form${count++}`);
  fs.mkdirSync(made, { recursive: true });
  const config = JSON.parse(fs.readFileSync(ownFixtures(`hubert_tiny_${style}`, 'config.json'), 'utf8'));
  edit(config);
  fs.writeFileSync(path.join(made, 'config.json'), JSON.stringify(config));
  fs.copyFileSync(
    ownFixtures(`hubert_tiny_${style}`, 'preprocessor_config.json'),
    path.join(made, 'preprocessor_config.json'),
  );
  fs.writeFileSync(path.join(made, 'model.safetensors'), writeSafetensors(change(tensorsOf(style))));
  return made;
}
const renamed = (tensors: Tensors, name: (old: string) => string): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([old, tensor]) => [name(old), tensor]));
const plain = loadBase(folder('base'));

describe('the audio’s normalisation stands in processor_config.json of transformers 5', () => {
  it.each([true, false])('do_normalize: %s', (value) => {
    for (const style of ['base', 'large']) {
      const made = folder(style);
      fs.rmSync(path.join(made, 'preprocessor_config.json'));
      const processor = { feature_extractor: { do_normalize: value, sampling_rate: 16000 }, processor_class: 'X' };
      fs.writeFileSync(path.join(made, 'processor_config.json'), JSON.stringify(processor));
      const base = loadBase(made);
      expect(base.normalise).toBe(value);
      expect(base.notes.join()).not.toContain('preprocessor_config');
    }
  });

  it('an older file beside it comes first, another rate is refused, and nonsense falls back with a note', () => {
    const made = folder('large');
    const write = (content: unknown) =>
      fs.writeFileSync(path.join(made, 'processor_config.json'), JSON.stringify(content));
    write({ feature_extractor: { do_normalize: false } });
    expect(loadBase(made).normalise).toBe(true);
    fs.rmSync(path.join(made, 'preprocessor_config.json'));
    write({ feature_extractor: { sampling_rate: 8000 } });
    expect(refusal(() => loadBase(made)).message).toMatch(/processor_config.json.*8000/);
    write({ feature_extractor: 'Wav2Vec2FeatureExtractor' });
    expect(loadBase(made).notes.join()).toContain('No preprocessor_config.json');
  });
});

describe('names as trainers leave them', () => {
  it.each(['module.', 'model.', 'base_model.model.', 'module.hubert.', 'base_model.model.wav2vec2.', 'model.wavlm.'])(
    'the prefix %s',
    (prefix) => {
      expect(loadBase(folder('base', (all) => renamed(all, (name) => prefix + name))).hash).toBe(plain.hash);
    },
  );

  it('mask_time_emb_vector is the mask embedding, and left aside where the newer name is there too', () => {
    const old = 'wav2vec2.mask_time_emb_vector';
    const only = folder('base', (all) => renamed(all, (name) => (name === 'masked_spec_embed' ? old : name)));
    expect(loadBase(only).hash).toBe(plain.hash);
    for (const before of [true, false]) {
      const stale = { shape: [64], data: new Float32Array(64) };
      const both = folder('base', (all) => (before ? { [old]: stale, ...all } : { ...all, [old]: stale }));
      const base = loadBase(both);
      expect(base.hash).toBe(plain.hash);
      expect(base.ignored).toEqual([old]);
    }
  });

  it('a recogniser is called one, and its encoder taken', () => {
    const lm = { shape: [3, 64], data: new Float32Array(192) };
    const made = folder('base', (all) => ({ ...renamed(all, (n) => `hubert.${n}`), 'lm_head.weight': lm }));
    const base = loadBase(made);
    expect(base.hash).toBe(plain.hash);
    expect(base.notes.join()).toMatch(/recogniser.*lm_head.weight/);
  });

  it('language adapters of MMS are left aside, with a note', () => {
    const adapter = { shape: [4, 64], data: new Float32Array(256) };
    const name = 'wav2vec2.encoder.layers.0.adapter_layer.linear_1.weight';
    const made = folder(
      'base',
      (all) => ({ ...all, [name]: adapter }),
      (config) => (config.adapter_attn_dim = 4),
    );
    const base = loadBase(made);
    expect(base.hash).toBe(plain.hash);
    expect(base.ignored).toEqual([name]);
    expect(base.notes.join()).toContain('MMS');
  });
});

it('pytorch_model.bin in shards under an index is one model', () => {
  const made = folder('base');
  fs.rmSync(path.join(made, 'model.safetensors'));
  const map: Record<string, string> = {};
  const all = Object.entries(tensorsOf('base'));
  [all.slice(0, 20), all.slice(20)].forEach((part, i) => {
    const file = `pytorch_model-0000${i + 1}-of-00002.bin`;
    const strides = (shape: number[]) => shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
    const tensors = part.map(([name, { shape, data }], k) => {
      map[name] = file;
      return [name, tensorPickle({ key: String(k), elements: data.length, shape, stride: strides(shape) })] as const;
    });
    const storages = part.map(([, { data }], k) => [
      String(k),
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    ]);
    fs.writeFileSync(
      path.join(made, file),
      archive(dictPickle(Object.fromEntries(tensors)), Object.fromEntries(storages)),
    );
  });
  fs.writeFileSync(path.join(made, 'pytorch_model.bin.index.json'), JSON.stringify({ weight_map: map }));
  expect(loadBase(made).hash).toBe(plain.hash);
  map[all[0][0]] = '../elsewhere.bin';
  fs.writeFileSync(path.join(made, 'pytorch_model.bin.index.json'), JSON.stringify({ weight_map: map }));
  expect(refusal(() => loadBase(made)).message).toContain('does not lie directly in its folder');
});

it('a model in Hugging Face’s cache is the snapshot that main names, else the newest', () => {
  const cache = at('models--org--name');
  const [older, newer] = ['0123456789abcdef', 'fedcba9876543210'].map((id) => path.join(cache, 'snapshots', id));
  fs.mkdirSync(path.join(cache, 'snapshots'), { recursive: true });
  fs.cpSync(folder('base'), older, { recursive: true });
  fs.cpSync(folder('large'), newer, { recursive: true });
  fs.utimesSync(older, 1, 1);
  expect(loadBase(cache).source).toContain('fedcba9876543210');
  fs.mkdirSync(path.join(cache, 'refs'));
  fs.writeFileSync(path.join(cache, 'refs', 'main'), '0123456789abcdef\n');
  expect(loadBase(cache).hash).toBe(plain.hash);
  fs.writeFileSync(path.join(cache, 'refs', 'main'), '../../form0');
  expect(loadBase(cache).source).toContain('fedcba9876543210');
});

it('a PEFT adapter is called what it is, as a base and as an adapter', () => {
  const made = at('peft');
  fs.mkdirSync(made);
  const config = { peft_type: 'LORA', base_model_name_or_path: 'facebook/hubert-base-ls960', r: 8 };
  fs.writeFileSync(path.join(made, 'adapter_config.json'), JSON.stringify(config));
  for (const open of [() => loadBase(made), () => checkAdapterConfig(config, 'adapter_config.json')]) {
    const { problems, message } = refusal(open);
    expect(problems.length).toBe(1);
    expect(message).toMatch(/PEFT adapter \(LORA\) of "facebook\/hubert-base-ls960", and no model/);
  }
});

it('a batch norm before the positional convolution is computed with its statistics, zeros around the clip left zero', async () => {
  const [hidden, groups, kernel] = [64, 4, 16];
  const wave = npy(ownFixtures('hubert_tiny_large', 'input_values.npy'));
  const draw = (n: number, from: number, seed: number) =>
    Float32Array.from({ length: n }, (_, i) => from + 0.5 * Math.sin(12.9 * i + seed));
  const norm = {
    weight: draw(hidden, 1, 1),
    bias: draw(hidden, 0.3, 2),
    running_mean: draw(hidden, 0.1, 3),
    running_var: draw(hidden, 1, 4),
  };
  const weight = draw(hidden * (hidden / groups) * kernel, 0, 5);
  const bias = draw(hidden, 0, 6);
  const made = folder(
    'large',
    (all) => ({
      ...Object.fromEntries(Object.entries(all).filter(([name]) => !name.includes('pos_conv'))),
      ...Object.fromEntries(
        Object.entries(norm).map(([part, data]) => [
          `encoder.pos_conv_embed.batch_norm.${part}`,
          { shape: [hidden], data },
        ]),
      ),
      'encoder.pos_conv_embed.conv.weight': { shape: [hidden, hidden / groups, kernel], data: weight },
      'encoder.pos_conv_embed.conv.bias': { shape: [hidden], data: bias },
    }),
    (config) => (config.conv_pos_batch_norm = true),
  );
  const { projected, hidden: states } = await forward(loadBase(made), wave.data.slice(0, wave.shape[1]));
  const frames = projected.length / hidden;
  // By hand, in float64: normalise, convolve with zeros around (an even kernel drops its last frame), GELU, add.
  const normed = Float64Array.from(projected, (x, i) => {
    const c = i % hidden;
    return ((x - norm.running_mean[c]) / Math.sqrt(norm.running_var[c] + 1e-5)) * norm.weight[c] + norm.bias[c];
  });
  const erf = (x: number) => {
    let [sum, term] = [x, x];
    for (let n = 1; n < 200; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return Math.abs(x) > 5 ? Math.sign(x) : (2 / Math.sqrt(Math.PI)) * sum;
  };
  const expected = Float64Array.from(projected, (x, at) => {
    const [t, o] = [Math.floor(at / hidden), at % hidden];
    const width = hidden / groups;
    let y = bias[o];
    for (let k = 0; k < kernel; k++) {
      const source = t + k - kernel / 2;
      if (source < 0 || source >= frames) continue;
      for (let c = 0; c < width; c++)
        y += weight[(o * width + c) * kernel + k] * normed[source * hidden + Math.floor(o / width) * width + c];
    }
    return x + 0.5 * y * (1 + erf(y / Math.SQRT2));
  });
  expect(worstDifference(states[0], expected)).toBeLessThan(5e-5);
});
