import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeAudio, decodeBytes, loadAudio16k } from '../../../sidecar/audio/index.ts';
import { UserError } from '../../../sidecar/errors.ts';
import { keyedRandom } from '../../../sidecar/random.ts';
import { shared } from '../../support/shared.ts';

const data = shared('data');
const why = data ? '' : ' (skipped: the shared recordings are not at hand; set MILORE_SHARED)';

describe.skipIf(!data)(`compressed audio${why}`, () => {
  const kinds = {
    wav: { folder: 'eng/george', sampleRateHz: 8000 },
    opus: { folder: 'cmn/audio', sampleRateHz: 48_000 },
    mp3: { folder: 'ara/clips', sampleRateHz: 16_000 },
    flac: { folder: 'yor/wav', sampleRateHz: 16_000 },
    vorbis: { folder: 'wya/audio', sampleRateHz: 22_050 },
  } as const;
  const list = (folder: string) => readdirSync(join(data!, folder)).map((name) => join(data!, folder, name));

  for (const [format, { folder, sampleRateHz }] of Object.entries(kinds)) {
    it(`decodes ${format}, whatever the file is called`, async () => {
      for (const path of list(folder).slice(0, 5)) {
        const audio = await decodeBytes(readFileSync(path), 'no-extension');
        expect(audio).toMatchObject({ format, sampleRateHz, channels: 1 });
        expect(audio.samples.some((sample) => Math.abs(sample) > 0.01)).toBe(true);
        expect((await loadAudio16k(path)).length).toBe(Math.round((audio.samples.length * 16_000) / sampleRateHz));
      }
    });

    it(`reads what is there of a cut ${format} file, says so, and still decodes the next`, async () => {
      const [path] = list(folder);
      const good = readFileSync(path);
      const whole = (await decodeAudio(path)).samples;
      for (const share of [0.5, 0.7, 0.95]) {
        const cut = good.subarray(0, Math.floor(good.length * share));
        // A page of Ogg may be longer than the file that is left.
        const part = await decodeBytes(cut, path).catch((fault) => fault);
        if (part instanceof UserError) expect(part.code).toMatch(/^audio\.(no-samples|truncated)$/);
        else {
          expect(part.notes.join()).toMatch(/end is cut off/);
          const heard = part.samples.length;
          expect(heard).toBeLessThan(whole.length);
          const same = Math.floor(heard * 0.9);
          expect(part.samples.subarray(0, same)).toEqual(whole.subarray(0, same));
        }
      }
      expect((await decodeAudio(path)).samples).toEqual(whole);
    });

    it(`ends in samples or a clear error for damaged ${format}`, async () => {
      const [path] = list(folder);
      const good = readFileSync(path);
      const random = keyedRandom('damage', format);
      for (let i = 0; i < 40; i++) {
        const bytes = Buffer.from(good);
        const reach = i % 2 ? bytes.length : 200;
        for (let n = 0; n < 1 + (i % 20); n++) bytes[Math.floor(random() * reach)] = Math.floor(random() * 256);
        await decodeBytes(bytes, path).catch((fault) => expect(fault).toBeInstanceOf(UserError));
      }
      await decodeAudio(path);
    });

    it(`reads only the first part of ${format} when asked`, async () => {
      const [path] = list(folder);
      const whole = (await decodeAudio(path)).samples;
      const part = (await decodeAudio(path, { maxSeconds: 0.05 })).samples;
      expect(part).toEqual(whole.subarray(0, Math.floor(0.05 * sampleRateHz)));
    });
  }

  it('gives the same for calls at once as for calls in turn', async () => {
    const paths = Object.values(kinds).flatMap(({ folder }) => list(folder).slice(0, 4));
    const together = await Promise.all(paths.map((path) => loadAudio16k(path)));
    for (const [index, path] of paths.entries()) expect(await loadAudio16k(path)).toEqual(together[index]);
  });

  it('decodes a thousand clips without growing', async () => {
    const paths = list(kinds.mp3.folder).slice(0, 100);
    for (const path of paths) await decodeAudio(path);
    const before = process.memoryUsage().rss;
    for (let round = 0; round < 10; round++) for (const path of paths) await decodeAudio(path);
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(150);
  });

  it('says which file is missing', async () => {
    await expect(decodeAudio('/nowhere/a.wav')).rejects.toMatchObject({ code: 'audio.missing' });
    await expect(decodeAudio(data!)).rejects.toThrow(/not a regular file/);
  });
});
