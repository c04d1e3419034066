import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openPickle } from '../../../sidecar/model/checkpoint/torch/file.ts';
import { refusal, scratch } from '../../support/scratch.ts';
import { archive, dictPickle, op, tensorPickle, type View } from '../../support/torch-archive.ts';

const at = scratch();

function write(bytes: Uint8Array): string {
  fs.writeFileSync(at('x.bin'), bytes);
  return at('x.bin');
}

const storage = (values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const counted = (n: number) => storage(Array.from({ length: n }, (_, i) => i));
const of = (view: View, bytes: Uint8Array) => archive(dictPickle({ w: tensorPickle(view) }), { [view.key]: bytes });
const message = (bytes: Uint8Array) => refusal(() => openPickle(write(bytes))).message;

describe('tensors of a torch.save archive', () => {
  it('come contiguous whatever their strides and storage offset', () => {
    const view = { key: '0', elements: 12, offset: 1, shape: [3, 2], stride: [1, 4] };
    const file = openPickle(write(of(view, counted(12))));
    expect(file.info('w')).toEqual({ dtype: 'F32', shape: [3, 2] });
    expect([...file.float32('w')]).toEqual([1, 5, 2, 6, 3, 7]);
    file.close();
  });

  it('may be scalars, empty, repeated by stride 0, and share a storage', () => {
    const common = { key: '0', elements: 4 };
    const pickle = dictPickle({
      scalar: tensorPickle({ ...common, offset: 2, shape: [], stride: [] }),
      empty: tensorPickle({ ...common, shape: [0, 3], stride: [3, 1] }),
      repeated: tensorPickle({ ...common, offset: 1, shape: [3, 2], stride: [0, 1] }),
      epoch: op.int(3),
    });
    const file = openPickle(write(archive(pickle, { '0': counted(4) })));
    expect([...file.float32('scalar')]).toEqual([2]);
    expect([...file.float32('empty')]).toEqual([]);
    expect([...file.float32('repeated')]).toEqual([1, 2, 1, 2, 1, 2]);
    expect(file.others).toEqual(['epoch']);
    file.close();
  });

  it('of integers are read raw, and refused as numbers with a fraction', () => {
    const view = { key: '0', type: 'LongStorage', elements: 2, shape: [2], stride: [1] };
    const file = openPickle(write(of(view, new Uint8Array(BigInt64Array.of(5n, -6n).buffer))));
    expect(new BigInt64Array(file.raw('w').bytes.buffer)[1]).toBe(-6n);
    expect(refusal(() => file.float32('w')).message).toContain('I64');
    file.close();
  });

  it('reaching outside their storage are refused by name', () => {
    const bad = (view: Partial<View>) =>
      message(of({ key: '0', elements: 4, shape: [4], stride: [1], ...view }, counted(4)));
    expect(bad({ offset: 1 })).toContain('"w", element 4 is needed');
    expect(bad({ stride: [2] })).toContain('element 6');
    expect(bad({ shape: [2 ** 30, 2 ** 30], stride: [0, 0] })).toContain('overflows');
    expect(bad({ shape: [2 ** 30], stride: [0] })).toContain('1073741824 elements');
    expect(bad({ shape: [4, 1] })).toContain('describes a tensor wrongly');
    expect(bad({ shape: [-4] })).toContain('describes a tensor wrongly');
  });

  it('with a storage that is missing or of another size are refused when read', () => {
    const view = { key: '0', elements: 4, shape: [4], stride: [1] };
    const read = (bytes: Uint8Array) => refusal(() => openPickle(write(bytes)).float32('w')).message;
    expect(read(archive(dictPickle({ w: tensorPickle(view) })))).toContain('no entry "a/data/0"');
    expect(read(of(view, counted(3)))).toContain('12 bytes instead of 16');
    expect(read(of(view, counted(5)))).toContain('20 bytes, more than 16');
  });
});

describe('nothing but tensors and dictionaries passes', () => {
  const calls: [string, string][] = [
    ['os', 'system'],
    ['posix', 'system'],
    ['builtins', 'eval'],
    ['torch', 'load'],
    ['torch._utils', '_rebuild_qtensor'],
    ['constructor', 'prototype'],
  ];
  it.each(calls)('%s.%s is refused by name and not run', (module, name) => {
    const marker = at('was-run');
    const evil = [...op.global(module, name), ...op.tupleOf([op.text(`touch ${marker}`)]), ...op.reduce];
    expect(message(archive(dictPickle({ w: evil })))).toContain(`"${module}.${name}"`);
    const viaStack = [...op.text(module), ...op.text(name), 0x93, ...op.tupleOf([op.text('x')]), ...op.reduce];
    expect(message(archive(dictPickle({ w: viaStack })))).toContain(`"${module}.${name}"`);
    expect(fs.existsSync(marker)).toBe(false);
  });

  it.each([
    ['INST', [0x69]],
    ['OBJ', [0x6f]],
    ['NEWOBJ', [0x81]],
    ['EXT1', [0x82, 1]],
    ['PERSID', [0x50]],
    ['BINBYTES8', [0x8e]],
  ])('the opcode %s is refused', (_, bytes) => {
    expect(message(archive([...op.proto, ...bytes, ...op.stop]))).toMatch(/opcode|ends/);
  });

  it('a pickle that is no dictionary, has no tensors, or is empty says so', () => {
    expect(message(archive([...op.proto, ...op.int(3), ...op.stop]))).toContain('no dictionary');
    expect(message(archive(dictPickle({ model: [0x7d], epoch: op.int(1) })))).toContain('only model, epoch');
    expect(message(archive([]))).toContain('too early');
  });

  it('the format before PyTorch 1.6, other files, compression and big-endian data name the cure', () => {
    expect(message(Uint8Array.of(0x80, 2, 0x8a, 10, 0x6c))).toMatch(/bare pickle.*convert it to safetensors/);
    expect(message(Buffer.from('hello'))).toContain('no zip archive');
    const view = { key: '0', elements: 64, shape: [64], stride: [1] };
    const pickle = dictPickle({ w: tensorPickle(view) });
    expect(message(archive(pickle, { '0': new Uint8Array(256) }, { level: 6 }))).toContain('compressed');
    expect(message(archive(pickle, { '0': new Uint8Array(256) }, { byteOrder: 'big' }))).toContain('"big"');
  });

  it('random bytes and random damage never end in anything but a refusal or tensors', () => {
    const view = { key: '0', elements: 12, offset: 1, shape: [3, 2], stride: [1, 4] };
    const good = of(view, counted(12));
    let seed = 1;
    const random = (n: number) => (seed = (seed * 48271) % 2147483647) % n;
    for (let round = 0; round < 2000; round++) {
      const bytes = good.slice();
      for (let hits = 0; hits <= random(3); hits++) bytes[random(bytes.length)] = random(256);
      const file = write(bytes);
      try {
        const tensors = openPickle(file);
        for (const name of tensors.names()) tensors.raw(name);
      } catch (error) {
        expect((error as Error).name, (error as Error).stack).toBe('UserError');
      }
    }
  });
});
