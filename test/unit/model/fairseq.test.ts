import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadBase } from '../../../sidecar/model/checkpoint/base.ts';
import { parseConvLayers } from '../../../sidecar/model/checkpoint/fairseq/layers.ts';
import { openTorch } from '../../../sidecar/model/checkpoint/torch/container.ts';
import { refusal, scratch } from '../../support/scratch.ts';
import { archive, dictPickle, op, tensorPickle } from '../../support/torch-archive.ts';

const at = scratch();
const fixture = (style: string, file: string) => path.resolve(`test/fixtures/fairseq_${style}`, file);

function write(bytes: Uint8Array, name = 'x.pt'): string {
  fs.writeFileSync(at(name), bytes);
  return at(name);
}
const why = (bytes: Uint8Array) => {
  const file = write(bytes);
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  const { message } = refusal(() => loadBase(file));
  const { user, system } = process.cpuUsage(cpu);
  // A machine that does other things besides may take longer than the work does.
  expect(Math.min(performance.now() - began, (user + system) / 1000)).toBeLessThan(1000);
  return message;
};

describe('the expression of convolutions', () => {
  it.each([
    [
      '[(512, 10, 5)] + [(512, 3, 2)] * 4 + [(512, 2, 2)] + [(512, 2, 2)]',
      '512,10,5 512,3,2 512,3,2 512,3,2 512,3,2 512,2,2 512,2,2',
    ],
    ['[(512,10,5)]+2*[(512,3,2),]', '512,10,5 512,3,2 512,3,2'],
    ['[(1, 2, 3), (4, 5, 6,)]', '1,2,3 4,5,6'],
    ['([(1,2,3)] + [(4,5,6)]) * 2', '1,2,3 4,5,6 1,2,3 4,5,6'],
    ['[] + [(7,8,9)]', '7,8,9'],
  ])('%s', (text, expected) => {
    expect(parseConvLayers(text)?.map(String).join(' ')).toBe(expected);
  });

  it.each([
    '',
    '[]',
    '[(512, 10)]',
    '[(512, 10, 5)',
    '[(512, 10, 5)] - [(512, 3, 2)]',
    '[(512, 10, 5)] * -1',
    '[(512, 10, 5.0)]',
    '[(512, 10, 5)] * 999999',
    '[(512, 10, 5)] * 9 * 9 * 9 * 9 * 9 * 9 * 9',
    '[] * 999999 * 999999',
    '[(99999999, 1, 1)]',
    '__import__("os").system("touch x")',
    '[(512, 10, 5) for _ in range(9)]',
    `${'('.repeat(5000)}[(1,2,3)]${')'.repeat(5000)}`,
    `${'[(1,2,3)]+'.repeat(900)}[(1,2,3)]`,
  ])('%s is not one', (text) => {
    expect(parseConvLayers(text)?.length ?? 0).toBe(0);
  });
});

const view = { key: '0', elements: 4, shape: [4], stride: [1] };
const four = { 0: new Uint8Array(16) };
const dict = (items: Record<string, number[]>) => [
  ...op.dict,
  ...op.mark,
  ...Object.entries(items).flatMap(([name, value]) => [...op.text(name), ...value]),
  ...op.setItems,
];
const record = (module: string, name: string, state?: number[]) => [
  ...op.global(module, name),
  ...op.emptyTuple,
  0x81,
  ...(state ? [...state, 0x62] : []),
];
const model = { _name: op.text('hubert'), conv_feature_layers: op.text('[(4, 10, 5)]') };
const checkpoint = (changes: Record<string, number[]>, weights: Record<string, number[]> = { a: tensorPickle(view) }) =>
  archive(dictPickle({ model: dict(weights), cfg: dict({ model: dict(model), task: dict({}) }), ...changes }), four);

describe('records of a training checkpoint do nothing', () => {
  it.each([
    ['a class of a trainer', record('my_user_dir.tasks', 'Pretraining', dict({ a: op.int(1) }))],
    [
      'an enum by value',
      [...op.global('fairseq.dataclass.constants', 'DDP_BACKEND'), ...op.tupleOf([op.text('c10d')]), ...op.reduce],
    ],
    ['a class of numpy', [...op.global('numpy.core.multiarray', 'scalar'), ...op.tupleOf([op.int(1)]), ...op.reduce]],
    ['a path', [...op.global('pathlib', 'PosixPath'), ...op.tupleOf([op.text('/')]), ...op.reduce]],
  ])('%s is kept as it is', (_, value) => {
    // It goes as far as the tensors, which are not those of a HuBERT.
    expect(why(checkpoint({ extra_state: value }))).toContain('tensors are missing');
  });

  it.each([
    ['os', 'system'],
    ['posix', 'system'],
    ['builtins', 'eval'],
    ['__builtin__', 'exec'],
    ['subprocess', 'Popen'],
    ['subprocess', 'check_output'],
    ['torch', 'load'],
    ['torch.hub', 'load'],
    ['fairseq.utils', 'import_user_module'],
    ['omegaconf.omegaconf', 'load'],
    ['ctypes', 'CDLL'],
    ['constructor', 'prototype'],
  ])('%s.%s is refused by name, wherever it stands', (module, name) => {
    const marker = at('was-run');
    const call = [...op.global(module, name), ...op.tupleOf([op.text(`touch ${marker}`)]), ...op.reduce];
    for (const place of ['extra_state', 'cfg', 'args'])
      expect(why(checkpoint({ [place]: call }))).toContain(`"${module}.${name}"`);
    expect(fs.existsSync(marker)).toBe(false);
  });
});

describe('settings that do not fit are refused by name', () => {
  const withModel = (changes: Record<string, number[]>) =>
    checkpoint({ cfg: dict({ model: dict({ ...model, ...changes }), task: dict({}) }) });
  it.each([
    ['_name', op.text('data2vec_audio'), 'data2vec_audio'],
    ['_name', op.int(3), 'known are hubert'],
    ['conv_feature_layers', op.text('__import__("os")'), 'conv_feature_layers'],
    ['conv_feature_layers', op.int(7), 'conv_feature_layers'],
    ['extractor_mode', op.text('batch_norm'), 'extractor_mode'],
    ['layer_type', op.text('conformer'), 'layer_type'],
    ['pos_conv_depth', op.int(5), 'pos_conv_depth'],
    ['encoder_layers', op.int(100_000_000), 'num_hidden_layers'],
    ['encoder_embed_dim', op.text('64'), 'hidden_size'],
    ['encoder_attention_heads', op.int(7), 'num_attention_heads'],
    ['activation_fn', op.text('relu'), 'hidden_act'],
    ['encoder_ffn_embed_dim', record('a.b', 'C'), 'intermediate_size'],
  ])('%s', (key, value, expected) => {
    expect(why(withModel({ [key]: value }))).toContain(expected);
  });

  it('another sampling rate, no settings, no model, and a folder of two say so', () => {
    const task = dict({ sample_rate: op.int(8000) });
    expect(why(checkpoint({ cfg: dict({ model: dict(model), task }) }))).toContain('8000');
    expect(why(checkpoint({ cfg: [0x4e] }))).toContain('without settings');
    expect(why(archive(dictPickle({ epoch: op.int(1) })))).toContain('no checkpoint of fairseq');
    expect(why(checkpoint({ model: dict({ epoch: op.int(1) }) }))).toContain('no tensors');
  });
});

describe('work and memory are bounded', () => {
  const raw = (...codes: number[][]) => archive([...op.proto, ...codes.flat(), ...op.stop]);
  const repeat = (code: number[], times: number) => new Array(times).fill(code).flat();

  it('40 000 references to one list of 40 000', () => {
    const list = [0x5d, 0x71, 0, ...op.mark, ...repeat([0x4b, 1], 40_000), 0x65];
    const many = [...op.mark, ...repeat([0x68, 0], 40_000), 0x74];
    const dictOf = [...list, ...op.global('collections', 'OrderedDict'), ...many, 0x85, ...op.reduce];
    expect(why(raw(dictOf))).toContain('no pairs');
    // The same list as a pair's key, as a shape, and as keys appended again and again.
    const again = [0x5d, 0x71, 1, ...repeat([...op.mark, 0x68, 0, 0x68, 0, 0x65], 40_000)];
    expect(why(raw(list, again, op.dict))).toContain('no checkpoint of fairseq');
  });

  it('millions of objects, of steps and of remembered things', () => {
    expect(why(raw(new Array(1_000_000).fill(0x7d)))).toContain('objects');
    expect(why(raw(new Array(6_000_000).fill(0x4e)))).toContain('steps');
    expect(why(raw(op.dict, repeat([0x94], 500_000)))).toContain('remembers');
  });

  it('a list that holds itself, and dictionaries nested a hundred thousand deep, are no trouble', () => {
    const knot = [0x5d, 0x71, 0, 0x68, 0, 0x61];
    expect(why(checkpoint({ args: knot, task_state: knot }))).toContain('missing');
    const deep = repeat([...op.dict, ...op.text('cfg')], 100_000);
    const shut = [0x4e, ...repeat([0x73], 100_000)];
    expect(why(checkpoint({ extra_state: [...deep, ...shut] }))).toContain('missing');
  });

  it('many tensors over one large storage read no more than they hold', () => {
    const wide = { key: '0', elements: 1 << 24, shape: [2], stride: [(1 << 24) - 1] };
    expect(why(checkpoint({}, { a: tensorPickle(wide) }))).toContain('strewn');
  });
});

describe('a damaged file is a refusal, whatever the container', () => {
  it.each(['hubert_cfg.pt', 'hubert_args_legacy.pt', 'hubert_omegaconf_fp16.pt'])('%s', (name) => {
    const whole = fs.readFileSync(fixture('base', name));
    let seed = 11;
    const random = (n: number) => (seed = (seed * 48271) % 2147483647) % n;
    for (let i = 0; i < 150; i++) {
      const cut = whole.subarray(0, random(whole.length));
      expect(refusal(() => loadBase(write(cut))).message).toContain(at('x.pt'));
    }
    // Behind these is the pickle, ahead of the tensors, where damage could do most.
    for (let i = 0; i < 600; i++) {
      const bytes = Buffer.from(whole);
      for (let hits = 0; hits <= random(3); hits++) bytes[random(12_000)] = random(256);
      try {
        openTorch(write(bytes), { records: true }).close();
        loadBase(at('x.pt'));
      } catch (error) {
        expect((error as Error).name, (error as Error).stack).toBe('UserError');
      }
    }
  });

  it('a storage of another size or none, in the format before PyTorch 1.6', () => {
    const whole = fs.readFileSync(fixture('base', 'hubert_args_legacy.pt'));
    const list = whole.lastIndexOf(Buffer.from('80025d7100', 'hex'));
    const counted = Buffer.from(whole);
    counted[whole.indexOf(Buffer.from('e.'), list) + 2] ^= 1;
    expect(why(counted)).toContain('elements instead of');
    expect(why(whole.subarray(0, whole.length - 4))).toContain('inside the storage');
  });
});
