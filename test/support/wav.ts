/** @file Writes WAV files for tests: every sample format, and headers that lie. */

export interface WavOptions {
  bits?: 8 | 16 | 24 | 32 | 64;
  float?: boolean;
  extensible?: boolean;
  sampleRateHz?: number;
  /** What the data chunk's size field says instead of the truth. */
  dataSize?: number;
  riffSize?: number;
}

/** `channels` of samples in [-1, 1). */
export function wav(channels: ArrayLike<number>[], options: WavOptions = {}): Buffer {
  const { bits = 16, float = false, extensible = false, sampleRateHz = 16_000 } = options;
  const width = bits / 8;
  const frames = channels[0].length;
  const data = Buffer.alloc(frames * channels.length * width);
  let at = 0;
  for (let frame = 0; frame < frames; frame++) {
    for (const channel of channels) {
      const value = channel[frame];
      if (float && bits === 32) data.writeFloatLE(value, at);
      else if (float) data.writeDoubleLE(value, at);
      else if (bits === 8) data.writeUInt8(Math.round(value * 128) + 128, at);
      else data.writeIntLE(Math.round(value * 2 ** (bits - 1)), at, width);
      at += width;
    }
  }
  const format = Buffer.alloc(extensible ? 40 : 16);
  const tag = float ? 3 : 1;
  format.writeUInt16LE(extensible ? 0xfffe : tag, 0);
  format.writeUInt16LE(channels.length, 2);
  format.writeUInt32LE(sampleRateHz, 4);
  format.writeUInt32LE(sampleRateHz * channels.length * width, 8);
  format.writeUInt16LE(channels.length * width, 12);
  format.writeUInt16LE(bits, 14);
  if (extensible) {
    format.writeUInt16LE(22, 16);
    format.writeUInt16LE(bits, 18);
    format.writeUInt16LE(tag, 24);
  }
  const body = Buffer.concat([
    chunk('fmt ', format),
    chunk('LIST', Buffer.from('odd')),
    chunk('data', data, options.dataSize),
  ]);
  const riff = Buffer.alloc(12);
  riff.write('RIFF', 0, 'latin1');
  riff.writeUInt32LE(options.riffSize ?? body.length + 4, 4);
  riff.write('WAVE', 8, 'latin1');
  return Buffer.concat([riff, body]);
}

function chunk(id: string, body: Buffer, size = body.length): Buffer {
  const head = Buffer.alloc(8);
  head.write(id, 0, 'latin1');
  head.writeUInt32LE(size, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length & 1)]);
}

export function sine(samples: number, hz: number, sampleRateHz = 16_000, peak = 0.5): Float32Array {
  return new Float32Array(samples).map((_, i) => peak * Math.sin((2 * Math.PI * hz * i) / sampleRateHz));
}
