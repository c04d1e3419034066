import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportRun } from '../../../sidecar/export/index.ts';
import { loadBase } from '../../../sidecar/model/checkpoint/base.ts';
import { openSafetensors, writeSafetensors } from '../../../sidecar/model/checkpoint/safetensors.ts';
import { bases, finishedRun, relativeDifference } from '../../support/finished-run.ts';
import { hiddenStates, noise } from '../../support/hidden-states.ts';
import { fixtures, scratch } from '../../support/reference.ts';

const LIMIT = 1e-5;
const json = (...path: string[]) => JSON.parse(readFileSync(join(...path), 'utf8'));
const setting = ['adapter.experts=1', 'adapter.rank=[2, 3, 2]', 'adapter.targets=[q, k, v, o, fc1, fc2]'];

/** A folder that is read again gives every hidden state that the base with its adapter gives. */
async function same(base: string, path: string, out: string): Promise<void> {
  const wave = noise(9000);
  const adapted = await hiddenStates(base, join(path, 'adapter'), wave);
  const merged = await hiddenStates(out, undefined, wave);
  expect(relativeDifference(merged.data, adapted.data)).toBeLessThan(LIMIT);
  const plain = await hiddenStates(base, undefined, wave);
  expect(relativeDifference(plain.data, adapted.data)).toBeGreaterThan(100 * LIMIT);
}

describe.each(Object.entries(bases))('a single expert merged into %s', (_, folder) => {
  it('loads again, and computes what the adapter does', async () => {
    const { path, base } = await finishedRun(folder(), setting);
    const out = join(scratch(), 'merged');
    const { notes } = await exportRun(path, out, { as: 'hf' });
    expect(readdirSync(out).sort()).toEqual([
      'README.md',
      'config.json',
      'model.safetensors',
      'preprocessor_config.json',
    ]);
    expect(notes.join()).toMatch(/Checked on/);
    await same(base, path, out);
    const { config, normalise } = loadBase(base);
    expect(loadBase(out)).toMatchObject({ config, normalise });
    expect(json(out, 'config.json')).toMatchObject({ model_type: json(base, 'config.json').model_type });
  });
});

it('the transformer that trained itself is such a folder too, its positional convolution spelled as the base spells it', async () => {
  const { path, base } = await finishedRun(bases.hubert(), ['adapter.kind=full'], { trained: true });
  const out = join(scratch(), 'merged');
  await exportRun(path, out, { as: 'hf' });
  await same(base, path, out);
  const names = (folder: string) => {
    const file = openSafetensors(join(folder, 'model.safetensors'));
    file.close();
    return file.names().sort();
  };
  expect(names(out)).toEqual(names(base));
});

it('a mask embedding that the base did not bring, and that was trained, is taken along', async () => {
  const base = join(scratch(), 'base');
  await mkdir(base);
  await cp(bases.wav2vec2(), base, { recursive: true });
  const weights = openSafetensors(join(base, 'model.safetensors'));
  const names = weights.names().filter((name) => name !== 'masked_spec_embed');
  expect(names.length).toBe(weights.names().length - 1);
  const tensors = names.map((name) => [name, { shape: weights.info(name).shape, data: weights.float32(name) }]);
  weights.close();
  writeFileSync(join(base, 'model.safetensors'), writeSafetensors(Object.fromEntries(tensors)));
  const { path } = await finishedRun(base, ['adapter.experts=1', 'adapter.trainMask=true'], { trained: true });
  const out = join(scratch(), 'merged');
  await exportRun(path, out, { as: 'hf' });
  await same(base, path, out);
  const [merged, own] = [join(out, 'model.safetensors'), join(path, 'adapter', 'adapter_model.safetensors')].map(
    (at) => {
      const file = openSafetensors(at);
      const mask = file.float32('masked_spec_embed');
      file.close();
      return mask;
    },
  );
  expect(merged).toEqual(own);
  expect(own.some((x) => x !== 0)).toBe(true);
});

it('a checkpoint of fairseq becomes a folder of Hugging Face’s', async () => {
  const { path, base } = await finishedRun(fixtures('fairseq_base', 'hubert_cfg.pt'), ['adapter.experts=1']);
  const out = join(scratch(), 'merged');
  await exportRun(path, out, { as: 'hf' });
  await same(base, path, out);
  expect(json(out, 'config.json')).toMatchObject({ model_type: 'hubert', architectures: ['HubertModel'] });
});

it('nothing of a recogniser, a stranger’s code or a path of this machine is taken along', async () => {
  const base = join(scratch(), 'base');
  await mkdir(base);
  await cp(fixtures('hubert_tiny_base'), base, { recursive: true });
  const weights = openSafetensors(join(base, 'model.safetensors'));
  const tensors = Object.fromEntries(
    weights.names().map((name) => [`hubert.${name}`, { shape: weights.info(name).shape, data: weights.float32(name) }]),
  );
  weights.close();
  const head = { 'lm_head.weight': { shape: [2, 64], data: new Float32Array(128) } };
  writeFileSync(join(base, 'model.safetensors'), writeSafetensors({ ...tensors, ...head }));
  const more = {
    architectures: ['HubertForCTC'],
    _name_or_path: '/home/somebody',
    auto_map: { AutoModel: 'evil--code.Model' },
    adapter_attn_dim: 16,
    add_adapter: true,
  };
  writeFileSync(join(base, 'config.json'), JSON.stringify({ ...json(base, 'config.json'), ...more }));
  writeFileSync(
    join(base, 'preprocessor_config.json'),
    JSON.stringify({ ...json(base, 'preprocessor_config.json'), processor_class: 'Wav2Vec2Processor' }),
  );
  const { path } = await finishedRun(base, ['adapter.experts=1']);
  const out = join(scratch(), 'merged');
  await exportRun(path, out, { as: 'hf' });
  await same(base, path, out);
  const config = json(out, 'config.json');
  expect(config).toMatchObject({ architectures: ['HubertModel'], add_adapter: false, torch_dtype: 'float32' });
  for (const key of ['auto_map', '_name_or_path', 'adapter_attn_dim']) expect(config).not.toHaveProperty(key);
  expect(json(out, 'preprocessor_config.json')).not.toHaveProperty('processor_class');
  const file = openSafetensors(join(out, 'model.safetensors'));
  expect(file.names().filter((name) => /lm_head|^hubert\./.test(name))).toEqual([]);
  file.close();
});

it('a mixture is refused with the reason and the cure, and so is a run that trained the head alone', async () => {
  const out = join(scratch(), 'merged');
  const mixture = await finishedRun(bases.hubert(), ['adapter.experts=[1, 2, 1]']);
  await expect(exportRun(mixture.path, out, { as: 'hf' })).rejects.toThrow(
    /gates that depend on the input.*as onnx.*or as peft.*adapter\.experts: 1 can be merged/s,
  );
  const none = await finishedRun(bases.hubert(), ['adapter.kind=none']);
  await expect(exportRun(none.path, out, { as: 'hf' })).rejects.toThrow(/nothing but the head.*Take the base itself/s);
  expect(existsSync(out)).toBe(false);
});
