import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportRun } from '../../../sidecar/export/index.ts';
import { loadBase } from '../../../sidecar/model/checkpoint/base.ts';
import { openSafetensors } from '../../../sidecar/model/checkpoint/safetensors.ts';
import { bases, finishedRun, relativeDifference } from '../../support/finished-run.ts';
import { hiddenStates, noise } from '../../support/hidden-states.ts';
import { fixtures, forward, scratch } from '../../support/reference.ts';

const everywhere = 'adapter.targets=[q, k, v, o, fc1, fc2]';

/** The names that PyTorch gives the linear layers of the bare encoder. */
const linearLayers = (layers: number): string[] =>
  Array.from({ length: layers }, (_, i) =>
    [
      'attention.k_proj',
      'attention.v_proj',
      'attention.q_proj',
      'attention.out_proj',
      'feed_forward.intermediate_dense',
      'feed_forward.output_dense',
    ].map((name) => `encoder.layers.${i}.${name}`),
  ).flat();

interface Lora {
  /** Module → A [r, in], B [out, r] and what their product is multiplied by. */
  modules: Map<string, { a: Float32Array; b: Float32Array; rank: number; scaling: number }>;
  config: Record<string, unknown>;
}

/**
 * A reader of its own that knows PEFT's rules and nothing of ours: a list of target_modules matches a module's end, a
 * pattern of ranks its end as a regular expression, the factor is lora_alpha / r, and the file holds exactly
 * `base_model.model.<module>.lora_{A,B}.weight` of what is matched.
 */
function readPeft(folder: string, shapes: Map<string, number[]>): Lora {
  const config = JSON.parse(readFileSync(join(folder, 'adapter_config.json'), 'utf8'));
  const ends = (pattern: string, name: string) => new RegExp(`^(.*\\.)?(${pattern})$`).test(name);
  const matched = [...shapes.keys()].filter((name) =>
    (config.target_modules as string[]).some((target) => name === target || name.endsWith(`.${target}`)),
  );
  const file = openSafetensors(join(folder, 'adapter_model.safetensors'));
  const wanted = matched.flatMap((name) => ['lora_A', 'lora_B'].map((p) => `base_model.model.${name}.${p}.weight`));
  expect(file.names().sort()).toEqual(wanted.sort());
  const modules: Lora['modules'] = new Map();
  for (const name of matched) {
    const pattern = Object.keys(config.rank_pattern).find((key) => ends(key, name));
    const rank: number = pattern === undefined ? config.r : config.rank_pattern[pattern];
    expect(Object.keys(config.alpha_pattern)).toEqual([]);
    const [out, inputs] = shapes.get(name)!;
    const [a, b] = ['lora_A', 'lora_B'].map((part) => `base_model.model.${name}.${part}.weight`);
    expect(file.info(a)).toMatchObject({ dtype: 'F32', shape: [rank, inputs] });
    expect(file.info(b)).toMatchObject({ dtype: 'F32', shape: [out, rank] });
    modules.set(name, { a: file.float32(a), b: file.float32(b), rank, scaling: config.lora_alpha / rank });
  }
  expect(file.metadata).toEqual({ format: 'pt' });
  file.close();
  return { modules, config };
}

const shapesOf = (base: ReturnType<typeof loadBase>) =>
  new Map(linearLayers(base.config.layers).map((name) => [name, base.weights.get(`${name}.weight`)!.shape]));

/** W + scaling·B·A, in double precision. */
function merge(
  weight: Float32Array,
  { a, b, rank, scaling }: { a: Float32Array; b: Float32Array; rank: number; scaling: number },
) {
  const inputs = a.length / rank;
  return weight.map((w, i) => {
    const [row, column] = [Math.floor(i / inputs), i % inputs];
    let sum = 0;
    for (let k = 0; k < rank; k++) sum += b[row * rank + k] * a[k * inputs + column];
    return w + scaling * sum;
  });
}

const CLASSES: Record<string, string> = {
  hubert: 'HubertModel',
  wav2vec2: 'Wav2Vec2Model',
  wavlm: 'WavLMModel',
  'data2vec-audio': 'Data2VecAudioModel',
};

describe.each(Object.entries(bases))('a single expert on %s', (name, folder) => {
  it('is a PEFT adapter: its keys and shapes, and the base with B·A·alpha/r added computes what ours does', async () => {
    const where = folder();
    const { path } = await finishedRun(where, ['adapter.experts=1', 'adapter.rank=[2, 3, 2]', everywhere]);
    const out = join(scratch(), 'peft');
    await exportRun(path, out, { as: 'peft' });
    expect(readdirSync(out).sort()).toEqual(['README.md', 'adapter_config.json', 'adapter_model.safetensors']);

    const base = loadBase(where);
    const { modules, config } = readPeft(out, shapesOf(base));
    expect([...modules.keys()].sort()).toEqual(linearLayers(base.config.layers).sort());
    expect(config).toMatchObject({
      peft_type: 'LORA',
      task_type: null,
      bias: 'none',
      inference_mode: true,
      base_model_name_or_path: where,
      auto_mapping: { base_model_class: CLASSES[name.split(',')[0]] },
    });

    const wave = noise(6000);
    const ours = await hiddenStates(where, join(path, 'adapter'), wave);
    const plain = await hiddenStates(where, undefined, wave);
    expect(relativeDifference(plain.data, ours.data)).toBeGreaterThan(1e-2);
    for (const [module, lora] of modules) {
      const weight = base.weights.get(`${module}.weight`)!;
      weight.data = merge(weight.data, lora);
    }
    base.hash = `${base.hash.slice(0, 20)}merged`;
    const theirs = await forward(base, wave);
    const hidden = Float32Array.from(theirs.hidden.flatMap((state) => [...state]));
    expect(relativeDifference(hidden, ours.data)).toBeLessThan(1e-5);
  });
});

it('a mixture is a folder an expert, and layers with fewer experts are in none of the later ones', async () => {
  const where = bases.hubert();
  const { path } = await finishedRun(where, ['adapter.experts=[2, 1, 3]', 'adapter.rank=[2, 2, 4]']);
  const out = join(scratch(), 'peft');
  await exportRun(path, out, { as: 'peft' });
  expect(readdirSync(out).sort()).toEqual(['README.md', 'expert-1', 'expert-2', 'expert-3']);
  const shapes = shapesOf(loadBase(where));
  const ours = openSafetensors(join(path, 'adapter', 'adapter_model.safetensors'));
  for (const [expert, layers] of [[0, 1, 2], [0, 2], [2]].entries()) {
    const folder = join(out, `expert-${expert + 1}`);
    const { modules } = readPeft(folder, shapes);
    expect([...modules.keys()].sort()).toEqual(
      layers.flatMap((layer) =>
        ['intermediate_dense', 'output_dense'].map((end) => `encoder.layers.${layer}.feed_forward.${end}`),
      ),
    );
    for (const [module, { a, b, rank, scaling }] of modules) {
      expect(rank).toBe(module.includes('.2.') ? 4 : 2);
      expect(scaling).toBe(16 / rank);
      expect(a).toEqual(ours.float32(`base_model.model.${module}.lora_A.${expert}.weight`));
      expect(b).toEqual(ours.float32(`base_model.model.${module}.lora_B.${expert}.weight`));
    }
    const card = readFileSync(join(folder, 'README.md'), 'utf8');
    expect(card).toContain('One expert alone is not the mixture');
  }
  ours.close();
  expect(readFileSync(join(out, 'README.md'), 'utf8')).toContain('One expert alone is not the mixture');
});

it('experts that are always on are folders of their own, and in no merged model', async () => {
  const { path } = await finishedRun(bases.hubert(), ['adapter.experts=[2, 1, 1]', 'adapter.sharedExperts=1']);
  const out = join(scratch(), 'peft');
  await exportRun(path, out, { as: 'peft' });
  expect(readdirSync(out).sort()).toEqual(['README.md', 'expert-1', 'expert-2', 'shared-1']);
  const ours = openSafetensors(join(path, 'adapter', 'adapter_model.safetensors'));
  const { modules } = readPeft(join(out, 'shared-1'), shapesOf(loadBase(bases.hubert())));
  expect(modules.size).toBe(6);
  for (const [module, { a, b }] of modules) {
    // It follows the experts of its layer.
    const expert = module.includes('layers.0.') ? 2 : 1;
    expect(a).toEqual(ours.float32(`base_model.model.${module}.lora_A.${expert}.weight`));
    expect(b).toEqual(ours.float32(`base_model.model.${module}.lora_B.${expert}.weight`));
  }
  ours.close();
  expect(readFileSync(join(out, 'README.md'), 'utf8')).toMatch(
    /2 LoRA experts of a soft mixture and 1 that is always on/,
  );
  await expect(exportRun(path, join(scratch(), 'hf'), { as: 'hf' })).rejects.toThrow(/there are 3, weighed anew/);
  const one = await finishedRun(bases.hubert(), ['adapter.experts=1', 'adapter.sharedExperts=1']);
  await expect(exportRun(one.path, join(scratch(), 'hf'), { as: 'hf' })).rejects.toThrow(/there are 2/);
});

it('says that attention of WavLM has to be merged first, and of no other family or projection', async () => {
  const cardOf = async (base: string, targets: string) => {
    const { path } = await finishedRun(base, ['adapter.experts=1', targets]);
    const out = join(scratch(), 'peft');
    await exportRun(path, out, { as: 'peft' });
    return readFileSync(join(out, 'README.md'), 'utf8');
  };
  const told = /does nothing there.*merge_and_unload/s;
  expect(await cardOf(bases.wavlm(), 'adapter.targets=[q, fc1]')).toMatch(told);
  expect(await cardOf(bases.wavlm(), 'adapter.targets=[fc1]')).not.toMatch(told);
  expect(await cardOf(bases.hubert(), 'adapter.targets=[q, fc1]')).not.toMatch(told);
});

it('says that PEFT needs a checkpoint of fairseq in another form', async () => {
  const { path } = await finishedRun(fixtures('fairseq_base', 'hubert_cfg.pt'), ['adapter.experts=1']);
  const out = join(scratch(), 'peft');
  await exportRun(path, out, { as: 'peft' });
  expect(readFileSync(join(out, 'README.md'), 'utf8')).toMatch(/checkpoint of fairseq: PEFT needs the same model/);
  expect(JSON.parse(readFileSync(join(out, 'adapter_config.json'), 'utf8')).auto_mapping.base_model_class).toBe(
    'HubertModel',
  );
});

it('a run that trained no LoRA is refused with what it can be exported as, and nothing is written', async () => {
  const out = join(scratch(), 'peft');
  const full = await finishedRun(bases.hubert(), ['adapter.kind=full']);
  await expect(exportRun(full.path, out, { as: 'peft' })).rejects.toThrow(/the transformer itself.*as hf or onnx/s);
  const none = await finishedRun(bases.hubert(), ['adapter.kind=none']);
  await expect(exportRun(none.path, out, { as: 'peft' })).rejects.toThrow(/nothing but the head.*as adapter/s);
  expect(existsSync(out)).toBe(false);
});
