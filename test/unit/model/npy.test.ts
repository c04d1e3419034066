import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeNpy, type NpyData, readNpy, writeNpy } from '../../../sidecar/model/checkpoint/npy.ts';
import { refusal, scratch } from '../../support/scratch.ts';

const at = scratch();
const fixtures = path.resolve(import.meta.dirname, '../../fixtures');

describe('.npy', () => {
  it.each<[string, NpyData, number[]]>([
    ['float32', Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]],
    ['float64', Float64Array.of(0.1), []],
    ['int64', BigInt64Array.of(1n, -2n), [2]],
    ['int32', Int32Array.of(1, -2), [1, 2, 1]],
    ['int16', Int16Array.of(1, -2), [2]],
    ['uint8', Uint8Array.of(1, 255), [2]],
    ['nothing', new Float32Array(0), [0, 7]],
  ])('%s comes back as it was written', (_, data, shape) => {
    writeNpy(at('x.npy'), shape, data);
    expect(readNpy(at('x.npy'))).toMatchObject({ shape, data });
    expect(encodeNpy(shape, data).length).toBe(fs.statSync(at('x.npy')).size);
  });

  it('of NumPy itself are read: float32, bool', () => {
    const input = readNpy(path.join(fixtures, 'hubert_tiny_base/input_values.npy'));
    expect(input).toMatchObject({ dtype: 'F32', shape: [2, 16000] });
    const mask = readNpy(path.join(fixtures, 'hubert_tiny_base/frame_mask.npy'));
    expect(mask).toMatchObject({ dtype: 'BOOL', shape: [2, 49] });
    expect([...mask.data].reduce((sum: number, n) => sum + Number(n), 0)).toBe(49 + 34);
  });

  it('are written byte for byte as NumPy writes them', () => {
    const file = path.join(fixtures, 'hubert_tiny_base/pos_conv_effective_weight.npy');
    const { shape, data } = readNpy(file);
    expect(Buffer.compare(encodeNpy(shape, data), fs.readFileSync(file))).toBe(0);
  });

  it('that are cut, lie about their size, hold objects or are in Fortran order are refused by name', () => {
    const good = Buffer.from(encodeNpy([2, 3], new Float32Array(6)));
    const why = (bytes: Buffer) => {
      fs.writeFileSync(at('bad.npy'), bytes);
      const { message } = refusal(() => readNpy(at('bad.npy')));
      expect(message).toContain('bad.npy');
      return message;
    };
    const replaced = (from: string, to: string) => Buffer.from(good.toString('latin1').replace(from, to), 'latin1');
    for (let length = 0; length < good.length; length++) why(good.subarray(0, length));
    expect(why(replaced('(2, 3)', '(9, 9)'))).toContain('needs 324 bytes');
    expect(why(replaced("'<f4'", "'|O8'"))).toContain('|O8');
    expect(why(replaced('False', 'True '))).toContain('Fortran');
    expect(why(replaced('(2, 3)', '(99999999999, 99999999999)'))).toContain('overflows');
  });
});
