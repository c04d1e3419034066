import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesSource, decodeAudio, decodeBytes, hear, loadAudio16k } from '../../../sidecar/audio/index.ts';
import { scanLanguage } from '../../../sidecar/corpus/index.ts';
import { UserError } from '../../../sidecar/errors.ts';
import { keyedRandom } from '../../../sidecar/random.ts';
import { sine, wav } from '../../support/wav.ts';

const cases = resolve(import.meta.dirname, '../../cases');
const at = (...parts: string[]) => join(cases, ...parts);
/** The recording that most cases hold, at 8 kHz. */
const truth = (await decodeAudio(at('A15', 'x.aiff'))).samples;

/** How alike two recordings are at the best shift, and how long the second is in seconds of the first. */
async function likeness(file: string, most = 3000): Promise<number> {
  const heard = await loadAudio16k(file);
  const spoken = await loadAudio16k(at('A15', 'x.aiff'));
  let best = 0;
  for (let shift = -most; shift <= most; shift += 2) {
    let [product, own, other] = [0, 0, 0];
    for (let i = Math.max(0, shift); i < Math.min(heard.length, spoken.length + shift); i += 2) {
      product += heard[i] * spoken[i - shift];
      own += heard[i] ** 2;
      other += spoken[i - shift] ** 2;
    }
    best = Math.max(best, product / Math.sqrt(own * other || 1));
  }
  return best;
}

describe('recordings as people have them', () => {
  it('chained Opus is as long as its links together, and each link is itself (A01)', async () => {
    const [a, b] = await Promise.all(['a', 'b'].map((name) => decodeAudio(at('A01', `${name}.opus`))));
    const two = await decodeAudio(at('A01', 'chained.opus'));
    expect(two.samples).toEqual(Float32Array.from([...a.samples, ...b.samples]));
    expect(two.notes).toEqual([expect.stringMatching(/chain of 2/)]);
    const three = (await decodeAudio(at('A01', 'chained3.opus'))).samples;
    expect(three.length).toBe(2 * a.samples.length + b.samples.length);
  });

  it('links of other rates and codecs are each read at their own, and pictures beside them passed over', async () => {
    expect(Math.abs((await loadAudio16k(at('formats', 'chained-rates.ogg'))).length - 2 * 29_684)).toBeLessThan(3);
    expect(Math.abs((await loadAudio16k(at('formats', 'chained-codecs.ogg'))).length - 2 * 29_684)).toBeLessThan(3);
    expect((await loadAudio16k(at('formats', 'film.ogv'))).length).toBe(29_684);
  });

  it('joined MP3 of two rates is read at both (A04)', async () => {
    const [one, two] = await Promise.all(['p1', 'p2'].map((name) => loadAudio16k(at('A04', `${name}.mp3`))));
    const joined = await loadAudio16k(at('A04', 'joined-rates.mp3'));
    expect(joined.length).toBe(one.length + two.length);
    expect(joined.subarray(0, one.length)).toEqual(one);
    expect(joined.subarray(one.length)).toEqual(two);
  });

  for (const file of readdirSync(at('A05'))) {
    it(`a pipe's WAV is read to its end (A05 ${file})`, async () => {
      const { samples, notes } = await decodeAudio(at('A05', file));
      expect(samples.length).toBe(file.startsWith('espeak') ? 21_289 : 14_842);
      expect(notes).toEqual([]);
      if (!file.startsWith('espeak')) expect(samples).toEqual(truth);
    });
  }

  it.each([
    ['A06/cut-1-byte.wav', 14_841],
    ['A06/cut-quarter.wav', 10_842],
    ['A10/cut-end.flac', 13_248],
    ['A10/cut-last-frame.mp3', 30_528],
    ['A10/cut-last-page.opus', 47_688],
    ['formats/cut.flac', 7488],
    ['formats/cut.aac', 8192],
  ])('what is there of %s is read, with a note', async (file, samples) => {
    const audio = await decodeAudio(at(file));
    expect(audio.samples.length).toBe(samples);
    expect(audio.notes).toEqual([expect.stringMatching(/^Its end is cut off/)]);
  });

  it.each(['A08/ape.flac', 'A08/id3v1.flac', 'formats/piped.flac', 'formats/flac-in.ogg', 'formats/flac.mka'])(
    '%s is read whole, without a note (A08)',
    async (file) => {
      const { samples, notes } = await decodeAudio(at(file));
      expect(notes).toEqual([]);
      expect(samples.length).toBe(truth.length);
      for (let i = 0; i < samples.length; i++) expect(samples[i]).toBeCloseTo(truth[i], 4);
    },
  );

  it('streamed FLAC with a tag behind it is whole, and with a hole in it is refused', async () => {
    const piped = readFileSync(at('formats', 'piped.flac'));
    const tag = Buffer.alloc(128, 0);
    tag.write('TAGtitle');
    const { samples, notes } = await decodeBytes(Buffer.concat([piped, tag]), 'x');
    expect([samples.length, notes]).toEqual([truth.length, []]);
    const middle = piped.length >> 1;
    const hole = Buffer.concat([piped.subarray(0, middle), piped.subarray(middle + 3000)]);
    await expect(decodeBytes(hole, 'x')).rejects.toMatchObject({ code: 'audio.corrupt' });
  });

  it('FLAC that ends in digital silence keeps it (H01)', async () => {
    const { samples, notes } = await decodeAudio(at('H01', 'ends-in-silence.flac'));
    expect(samples.length).toBe(64_000);
    expect(samples.subarray(-15_980).every((sample) => sample === 0)).toBe(true);
    expect(notes).toEqual([]);
    const open = readFileSync(at('H01', 'ends-in-silence.flac'));
    open[21] &= 0xf0; // No total in the header.
    open.fill(0, 22, 42);
    expect((await decodeBytes(open, 'open.flac')).samples).toEqual(samples);
  });

  it.each([
    ['junk-first', 31_104],
    ['starts-mid-frame', 30_528],
    ['tag-length-lies', 31_104],
  ])('MP3 finds its first frame: %s (A11)', async (name, samples) => {
    expect((await decodeAudio(at('A11', `${name}.mp3`))).samples.length).toBe(samples);
    expect(await likeness(at('A11', `${name}.mp3`))).toBeGreaterThan(0.95);
  });

  it.each([
    'A12/alaw.wav',
    'A12/ulaw.wav',
    'formats/ulaw.sph',
    'formats/ulaw.au',
    'formats/alaw.w64',
    'formats/ulaw.mov',
  ])('%s is within a step of G.711 (A12)', async (file) => {
    const { samples } = await decodeAudio(at(file));
    expect(samples.length).toBe(truth.length);
    for (let i = 0; i < truth.length; i++) {
      expect(Math.abs(samples[i] - truth[i])).toBeLessThan(Math.abs(truth[i]) / 16 + 1 / 1024);
    }
  });

  it.each([
    'A14/12bit.wav',
    'A14/20bit.wav',
    'A14/24in32.wav',
    'A15/bw64.wav',
    'A15/rifx.wav',
    'A15/sony.w64',
    'A15/x.au',
    'A15/x.sph',
    'formats/pcm.caf',
    'formats/sowt.aifc',
    'formats/fl32.aifc',
    'formats/float.au',
    'formats/pcm.mov',
    'formats/s64.w64',
    'formats/voc.voc',
    'formats/alac.m4a',
    'formats/alac.caf',
    'formats/wavpack.wv',
    'formats/tta.tta',
  ])('%s is the same samples (A14, A15)', async (file) => {
    const { samples, notes } = await decodeAudio(at(file));
    expect(notes).toEqual([]);
    // Sony's container fills its last block.
    expect(samples.length).toBe(truth.length + (file === 'A15/sony.w64' ? 2 : 0));
    expect(samples.subarray(0, truth.length)).toEqual(truth);
  });

  it.each([
    ['A16/phone.m4a', 'aac'],
    ['A16/x.aac', 'aac'],
    ['A16/browser.webm', 'opus'],
    ['formats/aac-22k.m4a', 'aac'],
    ['formats/aac.m2ts', 'aac'],
    ['formats/film.mp4', 'aac'],
    ['formats/two-tracks.m4a', 'aac'],
    ['formats/ac3.ac3', 'ac3'],
    ['formats/speex.spx', 'speex'],
    ['formats/wma2.wma', 'wmav2'],
    ['formats/vorbis.mka', 'vorbis'],
    ['formats/mp3.mka', 'mp3'],
    ['formats/mp3.wav', 'mp3'],
    ['formats/mp2.mp2', 'mp3'],
    ['formats/gsm.wav', 'gsm_ms'],
    ['formats/ima.wav', 'adpcm_ima_wav'],
    ['formats/ms.wav', 'adpcm_ms'],
  ])(
    '%s is the same speech, as %s (A16)',
    async (file, format) => {
      const audio = await decodeAudio(at(file));
      expect(audio.format).toBe(format);
      expect(audio.samples.length / audio.sampleRateHz).toBeGreaterThan(1.8);
      expect(audio.samples.length / audio.sampleRateHz).toBeLessThan(2.1);
      expect(await likeness(at(file))).toBeGreaterThan(0.85);
    },
    60_000,
  );

  it('what cannot be read is called what it is', async () => {
    await expect(decodeAudio(at('formats', 'mute.mp4'))).rejects.toThrow(/MP4.*without a sound track/);
    const speex = readFileSync(at('formats', 'speex.spx'));
    const cut = async (share: number) => {
      const bytes = new Uint8Array(speex.subarray(0, Math.floor(speex.length * share)));
      return (await hear(bytesSource(bytes), () => {}, { file: 'x.spx' })).notes;
    };
    expect(await cut(1)).toEqual([]);
    expect(await cut(0.9)).toEqual(['Its end is cut off: what is there is read.']);
    await expect(decodeAudio(at('formats', 'cut.m4a'))).rejects.toThrow(/MP4.*index.*broke off/);
    await expect(decodeBytes(Buffer.from('DSD \0\0\0\0 and so on'), 'a.dsf')).rejects.toThrow(/DSD/);
    await expect(decodeBytes(Buffer.from('MPCK and so on'), 'a.mpc')).rejects.toThrow(/Musepack/);
  });

  it('two channels that cancel are called that, and one of them can be had; quiet floats are speech (A17)', async () => {
    const antiphase = at('A17', 'data', 'antiphase.wav');
    await expect(loadAudio16k(antiphase)).rejects.toMatchObject({ code: 'audio.channels-cancel' });
    const left = await decodeAudio(antiphase, { channel: 0 });
    const right = await decodeAudio(antiphase, { channel: 1 });
    expect(left.samples).toEqual(right.samples.map((sample) => 0 - sample));
    await expect(decodeAudio(antiphase, { channel: 2 })).rejects.toThrow(/channel 3 is asked for, but it has 2/);
    const corpus = await scanLanguage({ code: 'yor', root: at('A17', 'data') });
    expect(corpus.utterances.map(({ id }) => id)).toEqual(['float32-quiet.wav']);
    expect(corpus.skipped[0].reason).toMatch(/cancel out/);
  });

  it('files of every extension are found, and what is no audio is counted by kind (A19)', async () => {
    const { utterances, skipped, notes } = await scanLanguage({ code: 'yor', root: at('A19', 'data') });
    expect(skipped).toEqual([]);
    expect(notes).toEqual(['3 recordings are copies of others under other names: each counts once.']);
    expect(utterances.length).toBe(6);
    const mixed = await scanLanguage({ code: 'yor', root: cases });
    expect(mixed.notes.join('\n')).toMatch(/Left aside as no audio: .*\.tsv/);
  });

  it.each(readdirSync(at('H02')))('%s is refused at once (H02)', async (file) => {
    const before = Date.now();
    await expect(decodeAudio(at('H02', file))).rejects.toThrow(/255 channels; up to 64/);
    expect(Date.now() - before).toBeLessThan(1000);
  });
});

/** Members of the same kinds, made by a seed. */
describe('siblings', () => {
  const random = keyedRandom('siblings');
  const tone = sine(800, 440);

  it('an AAC file is told cut where its last frame is, and not where a tag stands behind it', async () => {
    const whole = readFileSync(at('A16', 'x.aac'));
    const notes = async (bytes: Uint8Array) => (await hear(bytesSource(bytes), () => {}, { file: 'x.aac' })).notes;
    const tag = Buffer.concat([Buffer.from('TAG'), Buffer.alloc(125, 32)]);
    expect(await notes(whole)).toEqual([]);
    expect(await notes(Buffer.concat([whole, tag]))).toEqual([]);
    for (const lost of [1, 50, 300]) expect(await notes(whole.subarray(0, -lost)), `${lost}`).toHaveLength(1);
  });

  it('a WAV is cut anywhere in its samples', async () => {
    const good = wav([tone, tone], { bits: 24 });
    const headBytes = good.length - 2 * 3 * 800;
    for (let i = 0; i < 50; i++) {
      const left = 6 + Math.floor(random() * (2 * 3 * 800 - 12));
      const { samples, notes } = await decodeBytes(good.subarray(0, headBytes + left), 'x');
      expect(samples.length).toBe(Math.floor(left / 6));
      expect(notes).toHaveLength(1);
    }
  });

  it('two data chunks are read one after another', async () => {
    const one = wav([tone]);
    const data = one.subarray(one.indexOf('data'));
    const { samples, notes } = await decodeBytes(Buffer.concat([one, data]), 'x');
    expect(samples.length).toBe(1600);
    expect(samples.subarray(800)).toEqual(samples.subarray(0, 800));
    expect(notes).toEqual([expect.stringMatching(/2 data chunks/)]);
  });

  it('samples at the bottom of a wider container are found there', async () => {
    const deep = wav([tone], { bits: 32 });
    deep.writeUInt16LE(24, deep.indexOf('fmt ') + 8 + 14);
    const at = deep.indexOf('data') + 8;
    for (let i = 0; i < 800; i++) deep.writeInt32LE(Math.round(tone[i] * 2 ** 23), at + 4 * i);
    const { samples } = await decodeBytes(deep, 'x');
    for (let i = 0; i < 800; i++) expect(samples[i]).toBeCloseTo(tone[i], 5);
  });

  it('channels are mixed, chosen or refused', async () => {
    const bytes = wav([tone, sine(800, 300), sine(800, 200)]);
    for (let channel = 0; channel < 3; channel++) {
      const own = (await decodeBytes(bytes, 'x', { channel })).samples;
      const alone = (await decodeBytes(wav([[tone, sine(800, 300), sine(800, 200)][channel]]), 'x')).samples;
      expect(own).toEqual(alone);
    }
    await expect(decodeBytes(bytes, 'x', { channel: 3 })).rejects.toBeInstanceOf(UserError);
    await expect(decodeBytes(wav(Array(65).fill([0.1])), 'x')).rejects.toThrow(/65 channels/);
  });
});
