import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  ADAPTER_CONFIG,
  adapterNames,
  readAdapter,
  readAdapterConfig,
  writeAdapter,
} from '../../../sidecar/model/checkpoint/adapter.ts';
import { refusal, scratch } from '../../support/scratch.ts';

const at = scratch();
const a = adapterNames.loraA(3, 'fc1', 0);
const b = adapterNames.loraB(3, 'fc1', 0);
const router = adapterNames.router(3);
const expected = new Map([
  [a, [2, 4]],
  [b, [3, 2]],
  [router, [1, 4]],
]);
const tensor = (shape: number[]) => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((n, size) => n * size, 1) }, (_, i) => i / 3),
});
const tensors = Object.fromEntries([...expected].map(([name, shape]) => [name, tensor(shape)]));

describe('an adapter on disk', () => {
  it('has PEFT-like names', () => {
    expect(a).toBe('base_model.model.encoder.layers.3.feed_forward.intermediate_dense.lora_A.0.weight');
    expect(adapterNames.loraB(0, 'o', 2)).toBe('base_model.model.encoder.layers.0.attention.out_proj.lora_B.2.weight');
    expect(router).toBe('base_model.model.encoder.layers.3.router.weight');
  });

  it('comes back as it was written, and replaces the one before as a whole', () => {
    writeAdapter(at('one'), { r: 1 }, {});
    writeAdapter(at('one'), { r: 2 }, tensors, { step: '7' });
    const read = readAdapter(at('one'), (config) => (config.r === 2 ? expected : new Map()), ['r']);
    expect(read.config).toEqual({ r: 2 });
    expect(read.metadata.step).toBe('7');
    expect(Object.fromEntries(read.tensors)).toEqual(tensors);
    expect(fs.readdirSync(at())).toEqual(['one']);
  });

  it('that does not fit names every missing, unexpected and misshapen tensor', () => {
    writeAdapter(at('bad'), {}, { [a]: tensor([4, 2]), stray: tensor([1]), [router]: tensor([1, 4]) });
    const error = refusal(() => readAdapter(at('bad'), expected));
    expect(error.problems.map(({ code }) => code)).toEqual([
      'adapter.missing',
      'adapter.unexpected',
      'adapter.misshapen',
    ]);
    for (const name of [a, b, 'stray', '[4,2], expected [2,4]']) expect(error.message).toContain(name);
  });

  it('with a key that nobody knows, no config or broken JSON is refused', () => {
    writeAdapter(at('odd'), { r: 2, use_dora: true }, tensors);
    expect(refusal(() => readAdapterConfig(at('odd'), ['r'])).message).toContain('use_dora');
    fs.writeFileSync(at('odd', ADAPTER_CONFIG), '{');
    expect(refusal(() => readAdapterConfig(at('odd'))).message).toContain('not JSON');
    fs.rmSync(at('odd', ADAPTER_CONFIG));
    expect(refusal(() => readAdapter(at('odd'), expected)).message).toContain('holds no adapter_config.json');
  });
});
