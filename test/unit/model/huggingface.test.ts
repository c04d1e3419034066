import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BaseConfig } from '../../../sidecar/architecture/config.ts';
import { shapesOf } from '../../../sidecar/architecture/registry.ts';
import { POSITIONAL } from '../../../sidecar/architecture/shapes.ts';
import { loadBase } from '../../../sidecar/model/checkpoint/base.ts';
import { readNpy } from '../../../sidecar/model/checkpoint/npy.ts';
import { openSafetensors, writeSafetensors } from '../../../sidecar/model/checkpoint/safetensors.ts';
import { saveBase } from '../../../sidecar/model/checkpoint/save.ts';
import { refusal, scratch } from '../../support/scratch.ts';
import { shared } from '../../support/shared.ts';

const at = scratch();
const fixtures = path.resolve(import.meta.dirname, '../../fixtures');
let count = 0;

type Edit = (config: Record<string, unknown>) => void;

/** A folder of the fixture's config and this weights file, changed by `edit`. */
function folder(fixture: string, weights: string, as = 'model.safetensors', edit: Edit = () => {}): string {
  const made = at(`base${count++}`);
  const from = path.join(fixtures, `hubert_tiny_${fixture}`);
  fs.mkdirSync(made);
  const config = JSON.parse(fs.readFileSync(path.join(from, 'config.json'), 'utf8'));
  edit(config);
  fs.writeFileSync(path.join(made, 'config.json'), JSON.stringify(config));
  fs.copyFileSync(path.join(from, 'preprocessor_config.json'), path.join(made, 'preprocessor_config.json'));
  fs.copyFileSync(path.join(from, weights), path.join(made, as));
  return made;
}

type Tensors = Record<string, { shape: number[]; data: Float32Array }>;

/** Rewrites a folder's model.safetensors. */
function rewrite(made: string, change: (tensors: Tensors) => Tensors): string {
  const file = path.join(made, 'model.safetensors');
  const open = openSafetensors(file);
  const tensors = Object.fromEntries(
    open.names().map((name) => [name, { shape: open.info(name).shape, data: open.float32(name) }]),
  );
  open.close();
  fs.writeFileSync(file, writeSafetensors(change(tensors)));
  return made;
}

const renamed = (tensors: Tensors, name: (old: string) => string): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([old, tensor]) => [name(old), tensor]));

describe('every spelling of one model gives identical values', () => {
  it('base: old and new weight norm, pytorch_model.bin, with a prefix, as wav2vec2, sharded', () => {
    const reference = loadBase(folder('base', 'model.safetensors'));
    expect(reference.ignored).toEqual([]);
    expect(reference.normalise).toBe(false);
    expect([...reference.weights.keys()].sort()).toEqual([...shapesOf(reference.config).keys()].sort());
    const shards = folder('base', 'model.safetensors');
    rewrite(shards, (all) => {
      const names = Object.keys(all);
      const parts = [names.slice(0, 9), names.slice(9)];
      const map: Record<string, string> = {};
      parts.forEach((part, i) => {
        const file = `model-0000${i}.safetensors`;
        fs.writeFileSync(path.join(shards, file), writeSafetensors(Object.fromEntries(part.map((n) => [n, all[n]]))));
        for (const name of part) map[name] = file;
      });
      fs.writeFileSync(path.join(shards, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
      return {};
    });
    fs.rmSync(path.join(shards, 'model.safetensors'));
    const wav2vec2 = folder('base', 'model.safetensors', undefined, (config) => {
      config.model_type = 'wav2vec2';
    });
    const others = [
      folder('base', 'model.parametrized.safetensors'),
      folder('base', 'pytorch_model.bin', 'pytorch_model.bin'),
      rewrite(folder('base', 'model.safetensors'), (all) => renamed(all, (name) => `hubert.${name}`)),
      rewrite(wav2vec2, (all) => renamed(all, (name) => `wav2vec2.${name}`)),
      shards,
    ].map((made) => loadBase(made));
    for (const other of others) {
      expect(other.hash).toBe(reference.hash);
      for (const [name, { data }] of reference.weights) expect(other.weights.get(name)?.data).toEqual(data);
    }
  });

  it("the positional convolution's effective weight is PyTorch's, also when stored plain", () => {
    const { weights, hash } = loadBase(folder('base', 'model.parametrized.safetensors'));
    const ours = weights.get(`${POSITIONAL}.weight`)?.data as Float32Array;
    const { data } = readNpy(path.join(fixtures, 'hubert_tiny_base/pos_conv_effective_weight.npy'));
    const worst = ours.reduce((most, value, i) => Math.max(most, Math.abs(value - Number(data[i]))), 0);
    expect(worst).toBeLessThan(1e-6);
    const plain = rewrite(folder('base', 'model.safetensors'), (all) => {
      const rest = Object.entries(all).filter(([name]) => !/weight_[gv]$/.test(name));
      return { ...Object.fromEntries(rest), [`${POSITIONAL}.weight`]: { shape: [64, 16, 16], data: ours } };
    });
    expect(loadBase(plain).hash).toBe(hash);
  });

  it('large: safetensors and .bin agree; the CTC model in float16 is the same rounded, its lm_head listed', () => {
    const reference = loadBase(folder('large', 'model.safetensors'));
    expect(loadBase(folder('large', 'pytorch_model.bin', 'pytorch_model.bin')).hash).toBe(reference.hash);
    const ctc = loadBase(folder('large', 'pytorch_model_ctc_fp16.bin', 'pytorch_model.bin'));
    expect(ctc.ignored).toEqual(['lm_head.weight', 'lm_head.bias']);
    for (const [name, { data }] of reference.weights) {
      const half = ctc.weights.get(name)?.data as Float32Array;
      const worst = data.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - half[i]) / (1e-4 + Math.abs(value))),
        0,
      );
      expect(worst, name).toBeLessThan(2e-3);
    }
  });
});

describe('what is left out is said', () => {
  it('no preprocessor_config.json: normalised with layer norm, not with group norm', () => {
    for (const [fixture, normalise] of [
      ['base', false],
      ['large', true],
    ] as const) {
      const made = folder(fixture, 'model.safetensors');
      fs.rmSync(path.join(made, 'preprocessor_config.json'));
      const base = loadBase(made);
      expect(base.normalise).toBe(normalise);
      expect(base.notes.join()).toContain('No preprocessor_config.json');
    }
  });

  it('a wav2vec2 pre-training checkpoint without mask embedding is taken, a HuBERT without it is not', () => {
    const without = (all: Tensors) => {
      const { masked_spec_embed: _, ...rest } = renamed(all, (name) => name);
      return { ...rest, 'quantizer.codevectors': { shape: [1], data: new Float32Array(1) } };
    };
    const wav2vec2 = folder('base', 'model.safetensors', undefined, (config) => {
      config.model_type = 'wav2vec2';
    });
    const base = loadBase(rewrite(wav2vec2, without));
    expect(base.ignored).toEqual(['quantizer.codevectors']);
    expect(base.notes.join()).toContain('masked_spec_embed');
    const hubert = rewrite(folder('base', 'model.safetensors'), without);
    expect(refusal(() => loadBase(hubert)).message).toContain('1 tensors are missing: masked_spec_embed');
  });

  it("keys left out of config.json take Hugging Face's defaults, by name", () => {
    const made = folder('base', 'model.safetensors', undefined, (config) => {
      delete config.conv_bias;
      delete config.feat_proj_layer_norm;
    });
    expect(loadBase(made).notes.join()).toContain('conv_bias=false, feat_proj_layer_norm=true');
  });
});

describe('a model that does not fit is refused', () => {
  it('naming all missing, unexpected and misshapen tensors at once', () => {
    const made = rewrite(folder('base', 'model.safetensors'), (all) => {
      const { 'encoder.layer_norm.bias': _, ...rest } = all;
      const stray = { shape: [2], data: new Float32Array(2) };
      return { ...rest, 'encoder.layers.9.odd': stray, 'encoder.layer_norm.weight': stray };
    });
    const error = refusal(() => loadBase(made));
    expect(error.problems.map(({ why }) => why)).toEqual([
      '1 tensors are unexpected: encoder.layers.9.odd.',
      '1 tensors are missing: encoder.layer_norm.bias.',
      '1 tensors are misshapen: "encoder.layer_norm.weight" is [2], expected [64].',
    ]);
  });

  const cases: [string, Edit, string][] = [
    ['another model type', (c) => (c.model_type = 'whisper'), '"model_type" is "whisper"'],
    ['another activation', (c) => (c.hidden_act = 'gelu_new'), '"hidden_act" is "gelu_new"'],
    ['batch norm without its numbers', (c) => (c.conv_pos_batch_norm = true), 'batch_norm.running_var'],
    ['an absurd width', (c) => (c.hidden_size = 1e9), '"hidden_size" is 1000000000'],
    ['the widest allowed', (c) => (c.hidden_size = 16384), 'misshapen'],
    ['a fraction', (c) => (c.num_hidden_layers = 2.5), '2.5'],
    ['a text', (c) => (c.intermediate_size = '128'), '"128"'],
    ['heads that do not divide', (c) => (c.num_attention_heads = 7), 'no multiple of "num_attention_heads" 7'],
    ['groups that do not divide', (c) => (c.num_conv_pos_embedding_groups = 5), 'no multiple'],
    ['lists of two lengths', (c) => (c.conv_stride = [5, 2]), '7, 7 and 2 entries'],
    ['an eps of zero', (c) => (c.layer_norm_eps = 0), 'layer_norm_eps'],
    ['an unknown norm', (c) => (c.feat_extract_norm = 'batch'), '"group" or "layer"'],
  ];
  it.each(cases)('%s', (_, edit, expected) => {
    expect(refusal(() => loadBase(folder('base', 'model.safetensors', undefined, edit))).message).toContain(expected);
  });

  it('a wrong sampling rate, NaN, no weights, no config and no folder say so', () => {
    const rate = folder('base', 'model.safetensors');
    fs.writeFileSync(path.join(rate, 'preprocessor_config.json'), '{"sampling_rate": 8000}');
    expect(refusal(() => loadBase(rate)).message).toContain('8000');
    const broken = rewrite(folder('base', 'model.safetensors'), (all) => {
      all['encoder.layer_norm.bias'].data[3] = Number.NaN;
      return all;
    });
    expect(refusal(() => loadBase(broken)).message).toContain('NaN or infinity: encoder.layer_norm.bias');
    const empty = folder('base', 'model.safetensors', 'weights.gguf');
    expect(refusal(() => loadBase(empty)).message).toContain('holds none of model.safetensors');
    fs.rmSync(path.join(empty, 'config.json'));
    expect(refusal(() => loadBase(empty)).message).toContain('no config.json');
    expect(refusal(() => loadBase(at('nowhere'))).message).toContain('no such folder');
  });

  it.each(['model.safetensors', 'pytorch_model.bin'])(
    '%s cut at 200 random places is a UserError each time',
    (name) => {
      const made = folder('base', name, name);
      const file = path.join(made, name);
      const whole = fs.readFileSync(file);
      let seed = 7;
      for (let i = 0; i < 200; i++) {
        seed = (seed * 48271) % 2147483647;
        fs.writeFileSync(file, whole.subarray(0, seed % whole.length));
        expect(refusal(() => loadBase(made)).message).toContain(file);
      }
    },
  );
});

describe('saving', () => {
  it('gives back the same model bit for bit, with its head', () => {
    const base = loadBase(folder('large', 'model.safetensors'));
    const head = {
      projectionWeight: Float32Array.from({ length: 4 * 64 }, (_, i) => i),
      projectionBias: Float32Array.of(1, 2, 3, 4),
      embeddings: Float32Array.from({ length: 12 }, (_, i) => -i),
      projection: 4,
      units: 3,
      temperature: 0.2,
    };
    const target = at('saved');
    saveBase(target, base.config, base.weights, base.normalise, head);
    const again = loadBase(target);
    expect(again.hash).toBe(base.hash);
    expect(again.head).toEqual(head);
    expect(again.notes).toEqual([]);
    saveBase(target, base.config, base.weights, base.normalise);
    expect(loadBase(target).head).toBeUndefined();
    const beside = fs.readdirSync(at()).filter((name) => name.includes('.tmp'));
    expect(beside).toEqual([]);
  });

  it('into a folder with other things in it is refused and touches nothing', () => {
    const target = at('busy');
    fs.mkdirSync(target);
    fs.writeFileSync(path.join(target, 'thesis.tex'), 'years of work');
    const { config, weights } = loadBase(folder('base', 'model.safetensors'));
    expect(refusal(() => saveBase(target, config, weights, false)).message).toContain('thesis.tex');
    expect(fs.readdirSync(target)).toEqual(['thesis.tex']);
  });
});

const mini = shared('models', 'mini-eng-cmn');
describe.skipIf(!mini)('the mini model beside the repository (skipped where shared/models is absent)', () => {
  it('loads with its head, whose units are 100', () => {
    const base = loadBase(mini as string, { head: path.join(mini as string, 'head_it2.safetensors') });
    expect(base.config).toMatchObject<Partial<BaseConfig>>({ hidden: 192, layers: 4, heads: 4, feedForward: 768 });
    expect(base.normalise).toBe(true);
    expect(base.head).toMatchObject({ units: 100, projection: 128, temperature: 0.1 });
    const tiny = folder('base', 'model.safetensors');
    const options = { head: path.join(mini as string, 'head_it2.safetensors') };
    expect(refusal(() => loadBase(tiny, options)).message).toContain('base of width 64');
  });
});
