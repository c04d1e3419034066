import { describe, expect, it } from 'vitest';
import { decodeBytes } from '../../../sidecar/audio/index.ts';
import { UserError } from '../../../sidecar/errors.ts';
import { sine, wav } from '../../support/wav.ts';

const code = async (bytes: Uint8Array): Promise<string> => {
  const fault = await decodeBytes(bytes, 'clip.wav').catch((error) => error);
  expect(fault).toBeInstanceOf(UserError);
  expect(fault.message).toContain('clip.wav');
  return fault.code;
};

describe('WAV', () => {
  const tone = sine(800, 440);
  for (const [bits, float, step] of [
    [8, false, 2 ** -7],
    [16, false, 2 ** -15],
    [24, false, 2 ** -23],
    [32, false, 2 ** -24],
    [32, true, 0],
    [64, true, 0],
  ] as const) {
    for (const extensible of [false, true]) {
      it(`reads ${bits}-bit ${float ? 'float' : 'PCM'}${extensible ? ', extensible' : ''} to within a step`, async () => {
        const { samples, ...rest } = await decodeBytes(
          wav([tone], { bits, float, extensible, sampleRateHz: 22_050 }),
          'x',
        );
        expect(rest).toEqual({ sampleRateHz: 22_050, channels: 1, format: 'wav', notes: [] });
        expect(samples.length).toBe(800);
        expect(Math.max(...samples.map((sample, i) => Math.abs(sample - tone[i])))).toBeLessThanOrEqual(step);
      });
    }
  }

  it('reaches full scale at both ends of every depth', async () => {
    for (const bits of [8, 16, 24, 32] as const) {
      const { samples } = await decodeBytes(wav([[-1, 1 - 2 ** (1 - Math.min(bits, 24))]], { bits }), 'x');
      expect(samples[0]).toBe(-1);
      expect(samples[1]).toBeCloseTo(1 - 2 ** (1 - Math.min(bits, 24)), 6);
    }
  });

  it('mixes channels by their mean', async () => {
    const { samples, channels } = await decodeBytes(
      wav(
        [
          [0.5, 0],
          [0.25, 0.5],
          [0, 0.25],
        ],
        { bits: 24 },
      ),
      'x',
    );
    expect(channels).toBe(3);
    expect([...samples]).toEqual([0.25, 0.25]);
  });

  it('takes what is there where a stream left the length open', async () => {
    for (const lie of [
      { dataSize: 0, riffSize: 0 },
      { dataSize: 0xffffffff, riffSize: 0xffffffff },
    ]) {
      expect((await decodeBytes(wav([tone], lie), 'x')).samples.length).toBe(800);
    }
  });

  it('takes what is there of a file that is cut, and says so', async () => {
    for (const [bytes, samples] of [
      [wav([tone], { dataSize: 1601 }), 800],
      [wav([tone], { dataSize: 0x70000000 }), 800],
      [wav([tone]).subarray(0, 900), 422],
      [wav([tone]).subarray(0, -1), 799],
    ] as const) {
      const audio = await decodeBytes(bytes, 'x');
      expect(audio.samples.length).toBe(samples);
      expect(audio.notes).toEqual([expect.stringMatching(/^Its end is cut off: its header promises \d+ bytes/)]);
    }
    expect(await code(wav([tone]).subarray(0, 40))).toBe('audio.truncated');
  });

  it('takes the sizes that pipes write for what they are, without a note', async () => {
    for (const dataSize of [
      0x7ffff000,
      0x7fffffff,
      0x7ffffffe,
      0x80000000,
      0x7fffffff - 36,
      0xffffffff - 36,
      0xfffffffe,
    ]) {
      const audio = await decodeBytes(wav([tone], { dataSize, riffSize: dataSize }), 'x');
      expect(audio.samples.length).toBe(800);
      expect(audio.notes).toEqual([]);
    }
  });

  it('says what it cannot use: no bytes, no samples, NaN, nonsense, other formats', async () => {
    expect(await code(Buffer.alloc(0))).toBe('audio.empty-file');
    expect(await code(wav([[]]))).toBe('audio.no-samples');
    expect(await code(wav([[0.1, Number.NaN]], { bits: 32, float: true }))).toBe('audio.not-finite');
    expect(await code(wav([[0.1, Number.POSITIVE_INFINITY]], { bits: 64, float: true }))).toBe('audio.not-finite');
    const noChannel = wav([tone]);
    noChannel.writeUInt16LE(0, 22);
    expect(await code(noChannel)).toBe('audio.corrupt');
    const noRate = wav([tone], { sampleRateHz: 0 });
    expect(await code(noRate)).toBe('audio.corrupt');
    expect(await code(Buffer.from('hello, this is text'))).toBe('audio.unknown-format');
    await expect(decodeBytes(Buffer.from('\0\0\0\x20ftypM4A '), 'a.m4a')).rejects.toThrow(/MP4.*cannot be read/s);
    await expect(decodeBytes(Buffer.from('version https://git-lfs.github.com/spec/v1'), 'a')).rejects.toThrow(
      /git lfs pull/,
    );
  });

  it('reads no more than it is asked for', async () => {
    expect((await decodeBytes(wav([tone]), 'x', { maxSeconds: 0.01 })).samples.length).toBe(160);
  });

  it('survives any one byte changed, and any cut, with samples or a clear error', async () => {
    const good = wav([tone, tone], { extensible: true });
    const headBytes = good.length - 2 * 2 * tone.length;
    for (let at = 0; at < headBytes; at++) {
      for (const value of [0, 0x7f, 0xff]) {
        const bytes = Buffer.from(good);
        bytes[at] = value;
        await decodeBytes(bytes, 'x').catch((fault) => expect(fault).toBeInstanceOf(UserError));
      }
      await expect(decodeBytes(good.subarray(0, at), 'x')).rejects.toBeInstanceOf(UserError);
    }
  });
});
