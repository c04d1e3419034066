import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Pack } from '../../../sidecar/units/pack.ts';

/** A number that no process has: beyond the kernel's largest. */
const nobody = 2 ** 22 + 1;
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Three blocks that a process wrote which is no more: their bytes, and where each ends. */
function written() {
  const folder = mkdtempSync(join(tmpdir(), 'milore-pack-'));
  folders.push(folder);
  const pack = new Pack(folder, 'f');
  const blocks = ['one', 'two', 'three'].map((key, i) => ({ key, data: Buffer.alloc(5 + 20 * i, i + 1) }));
  const ends = blocks.map(({ key, data }) => {
    pack.write(key, data);
    return fileIn(folder).bytes.length;
  });
  pack.close();
  const { path, bytes } = fileIn(folder);
  rmSync(path);
  return { folder, blocks, ends, bytes, path: join(folder, `f.${nobody}-0123456789ab.blocks`) };
}

function fileIn(folder: string) {
  const [name] = readdirSync(folder);
  return { path: join(folder, name), bytes: readFileSync(join(folder, name)) };
}

describe('a store of blocks', () => {
  it('loses what was torn and nothing else, wherever a file was cut, and takes it anew', () => {
    const { folder, blocks, ends, bytes, path } = written();
    for (let length = 0; length <= bytes.length; length++) {
      writeFileSync(path, bytes.subarray(0, length));
      const told: string[] = [];
      const pack = new Pack(folder, 'f', (where) => told.push(where));
      const whole = blocks.filter((_, i) => ends[i] <= length);
      expect(pack.keys(), `cut at ${length}`).toEqual(whole.map(({ key }) => key));
      for (const { key, data } of whole) expect(Buffer.from(pack.read(key))).toEqual(data);
      for (const { key, data } of blocks) if (!pack.has(key)) pack.write(key, data);
      // The tail of less than a header tells nobody anything; what is behind one was lost, and is said.
      const tail = length - (ends.findLast((end) => end <= length) ?? 0);
      expect(told, `cut at ${length}`).toEqual(tail >= 64 ? [path] : []);
      pack.close();
      const again = new Pack(folder, 'f');
      for (const { key, data } of blocks) expect(Buffer.from(again.read(key))).toEqual(data);
      again.remove();
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  it('believes no block of which a bit is wrong, in whatever place', () => {
    const { folder, blocks, bytes, path } = written();
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes);
      flipped[at] ^= 1 << (at % 8);
      writeFileSync(path, flipped);
      const pack = new Pack(folder, 'f');
      const sound = blocks.filter(({ key }) => pack.isSound(key));
      expect(sound.length, `bit in byte ${at}`).toBeLessThan(blocks.length);
      for (const { key, data } of sound) expect(Buffer.from(pack.read(key))).toEqual(data);
      pack.close();
    }
  });

  it('of one that is damaged in one file takes the sound one of another', () => {
    const { folder, blocks, bytes, path } = written();
    const flipped = Buffer.from(bytes);
    flipped[bytes.length - 1] ^= 1;
    writeFileSync(path, flipped);
    writeFileSync(path.replace('0123456789ab', 'ba9876543210'), bytes);
    const pack = new Pack(folder, 'f');
    for (const { key, data } of blocks) expect(Buffer.from(pack.read(key))).toEqual(data);
    pack.close();
  });
});
