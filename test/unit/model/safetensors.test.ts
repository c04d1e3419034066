import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openSafetensors, writeSafetensors } from '../../../sidecar/model/checkpoint/safetensors.ts';
import { openSharded } from '../../../sidecar/model/checkpoint/sharded.ts';
import { refusal, scratch } from '../../support/scratch.ts';

const at = scratch();

function write(name: string, bytes: Uint8Array | string): string {
  fs.writeFileSync(at(name), bytes);
  return at(name);
}

/** A file with this header, whatever it says. */
function withHeader(header: unknown, dataBytes: number, name = 'x.safetensors'): string {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return write(name, Buffer.concat([length, text, Buffer.alloc(dataBytes)]));
}

const why = (file: string) => refusal(() => openSafetensors(file)).problems[0].why;

describe('writing', () => {
  const tensors = {
    b: { shape: [2, 2], data: Float32Array.of(1, -2, 3.5, 4) },
    a: { shape: [3], data: BigInt64Array.of(1n, -1n, 2n ** 40n) },
    h: { shape: [2], data: Uint16Array.of(0x3c00, 0xc000), dtype: 'F16' as const },
    '7': { shape: [], data: Int8Array.of(-3) },
    none: { shape: [0, 5], data: new Float32Array(0) },
  };

  it('gives back names, shapes, dtypes and values', () => {
    const file = openSafetensors(write('all.safetensors', writeSafetensors(tensors, { by: 'test' })));
    expect(new Set(file.names())).toEqual(new Set(Object.keys(tensors)));
    expect(file.metadata).toEqual({ by: 'test' });
    expect(file.info('a')).toEqual({ dtype: 'I64', shape: [3] });
    expect([...file.float32('b')]).toEqual([1, -2, 3.5, 4]);
    expect([...file.float32('h')]).toEqual([1, -2]);
    expect(new BigInt64Array(file.raw('a').bytes.buffer)[2]).toBe(2n ** 40n);
    expect(file.float32('none').length).toBe(0);
    expect(refusal(() => file.float32('a')).message).toContain('"a" holds I64');
    expect(refusal(() => file.float32('zz')).message).toContain('no tensor "zz"');
    file.close();
  });

  it('gives the same bytes whatever the order of the tensors, the data at a multiple of 8', () => {
    const backwards = Object.fromEntries(Object.entries(tensors).reverse());
    const bytes = writeSafetensors(tensors);
    expect(Buffer.compare(bytes, writeSafetensors(backwards))).toBe(0);
    expect(new DataView(bytes.buffer).getUint32(0, true) % 8).toBe(0);
  });

  it('converts every half, bfloat16 and double exactly', () => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const file = openSafetensors(
      write(
        'half.safetensors',
        writeSafetensors({
          half: { shape: [65536], data: bits, dtype: 'F16' },
          brain: { shape: [65536], data: bits, dtype: 'BF16' },
          double: { shape: [2], data: Float64Array.of(0.1, -1e300) },
        }),
      ),
    );
    const half = file.float32('half');
    expect([half[1], half[0x3555], half[0x7bff], half[0x7c00], half[0xfc00], half[0x8001]]).toEqual([
      2 ** -24,
      0.333251953125,
      65504,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      -(2 ** -24),
    ]);
    expect(half[0x7c01]).toBeNaN();
    const brain = file.float32('brain');
    expect([brain[0x3f80], brain[0xc0a0]]).toEqual([1, -5]);
    expect([...file.float32('double')]).toEqual([Math.fround(0.1), Number.NEGATIVE_INFINITY]);
    file.close();
  });
});

describe('a hostile file is refused by name and reason', () => {
  const f32 = (shape: unknown, offsets: unknown, dtype: unknown = 'F32') => ({ dtype, shape, data_offsets: offsets });

  it('a header of 2 GB is refused before anything of that size is allocated', () => {
    const bytes = Buffer.alloc(64);
    bytes.writeBigUInt64LE(2n ** 31n);
    expect(why(write('x', bytes))).toContain('2147483648');
    bytes.writeBigUInt64LE(2n ** 64n - 1n);
    expect(why(write('x', bytes))).toContain('18446744073709551615');
  });

  it('a header beyond 16 MB is refused although the file is that long', () => {
    const file = write('sparse', Buffer.alloc(8));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(150_000_000n);
    fs.writeFileSync(file, length);
    fs.truncateSync(file, 200_000_000);
    expect(why(file)).toContain('16000000 is the limit');
  });

  const cases: [string, unknown, number, string][] = [
    ['overlapping tensors', { a: f32([2], [0, 8]), b: f32([2], [4, 12]) }, 12, '"b" starts at byte 4, inside "a"'],
    ['a hole', { a: f32([1], [0, 4]), b: f32([1], [8, 12]) }, 12, 'bytes 4 to 8'],
    ['bytes left over', { a: f32([1], [0, 4]) }, 9, '5 bytes after "a"'],
    ['data outside the file', { a: f32([4], [0, 16]) }, 8, '"a" ends at byte 16'],
    ['offsets that run backwards', { a: f32([1], [4, 0]) }, 4, 'run backwards'],
    ['a size that is not the shape', { a: f32([3], [0, 8]) }, 8, 'needs 12 bytes'],
    ['a shape that overflows', { a: f32([2 ** 40, 2 ** 40], [0, 8]) }, 8, 'overflows'],
    ['a negative shape', { a: f32([-1, -2], [0, 8]) }, 8, '-1'],
    ['a shape of fractions', { a: f32([0.5, 4], [0, 8]) }, 8, '0.5'],
    ['a shape that is no list', { a: f32('2', [0, 8]) }, 8, 'not a list'],
    ['offsets that are no numbers', { a: f32([2], ['0', 8]) }, 8, 'data_offsets'],
    ['one offset', { a: f32([2], [8]) }, 8, 'data_offsets'],
    ['an unknown dtype', { a: f32([2], [0, 8], 'F128') }, 8, '"F128"'],
    ['a dtype from the prototype', { a: f32([2], [0, 8], 'constructor') }, 8, '"constructor"'],
    ['an entry that is null', { a: null }, 0, '"a"'],
    ['metadata that are no text', { __metadata__: { a: 1 } }, 0, '__metadata__'],
    ['an array as header', [1], 0, 'no object'],
    ['broken JSON', '{"a":', 0, 'not JSON'],
    ['deep nesting', `${'['.repeat(1e6)}`, 0, 'not JSON'],
    [
      'a name given twice',
      '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0061" : {"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
      4,
      '"a" twice',
    ],
  ];
  it.each(cases)('%s', (_, header, dataBytes, expected) => {
    const file = withHeader(header, dataBytes);
    const error = refusal(() => openSafetensors(file));
    expect(error.message).toContain(file);
    expect(error.message).toContain(expected);
  });

  it('a folder, an absent file, an empty file and a Git LFS pointer say what they are', () => {
    expect(why(at())).toContain('not a regular file');
    expect(why(at('absent'))).toContain('ENOENT');
    expect(why(write('x', ''))).toContain('0 bytes');
    expect(why(write('x', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n'))).toContain('LFS');
  });

  it('a file cut after it was opened is an error, not a short array', () => {
    const path = write('cut.safetensors', writeSafetensors({ a: { shape: [4], data: new Float32Array(4) } }));
    const file = openSafetensors(path);
    fs.truncateSync(path, fs.statSync(path).size - 4);
    expect(refusal(() => file.float32('a')).message).toContain('4 bytes too early');
    file.close();
  });
});

describe('shards', () => {
  const one = (name: string, value: number) =>
    writeSafetensors({ [name]: { shape: [1], data: Float32Array.of(value) } });
  const index = (map: unknown) => write('model.safetensors.index.json', JSON.stringify({ weight_map: map }));

  it('are seen as one file', () => {
    write('s1.safetensors', one('a', 1));
    write('s2.safetensors', one('b', 2));
    const file = openSharded(index({ a: 's1.safetensors', b: 's2.safetensors' }), openSafetensors);
    expect(file.names()).toEqual(['a', 'b']);
    expect(file.float32('b')[0]).toBe(2);
    file.close();
  });

  it.each(['../s1.safetensors', '/etc/passwd', 'sub/s1.safetensors', '..', '', 'a\\b', 7])(
    'outside the folder are refused: %s',
    (name) => {
      expect(refusal(() => openSharded(index({ a: name }), openSafetensors)).message).toContain(
        'directly in its folder',
      );
    },
  );

  it('that lack a tensor, or hold one that the index does not place, are refused by name', () => {
    expect(refusal(() => openSharded(index({ c: 's1.safetensors' }), openSafetensors)).message).toContain(
      '"c" in s1.safetensors',
    );
    const stray = refusal(() =>
      openSharded(index({ b: 's2.safetensors', a: 's1.safetensors', x: 's2.safetensors' }), openSafetensors),
    );
    expect(stray.message).toContain('"x"');
    write(
      's3.safetensors',
      writeSafetensors({ p: { shape: [], data: new Float32Array(1) }, q: { shape: [], data: new Float32Array(1) } }),
    );
    expect(refusal(() => openSharded(index({ p: 's3.safetensors' }), openSafetensors)).message).toContain(
      'does not place 1 tensors',
    );
    expect(refusal(() => openSharded(index([1]), openSafetensors)).message).toContain('weight_map');
  });
});
