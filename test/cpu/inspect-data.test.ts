import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { milore } from '../support/cli.ts';
import { sine, wav } from '../support/wav.ts';

const root = mkdtempSync(join(tmpdir(), 'milore-inspect-data-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Three speakers of Yoruba: two clips each of 2 s, one of 0.2 s, and a file that is none. */
const yor = join(root, 'yor');
for (const [i, speaker] of ['ade', 'bisi', 'chidi'].entries()) {
  mkdirSync(join(yor, speaker), { recursive: true });
  for (const clip of [1, 2])
    writeFileSync(join(yor, speaker, `${clip}.wav`), wav([sine(32_000, 100 * (2 * i + clip))]));
  writeFileSync(join(yor, speaker, 'short.wav'), wav([sine(3200, 90 + i)]));
}
writeFileSync(join(yor, 'ade', 'torn.wav'), 'RIFF');

describe('milore inspect of recordings', () => {
  it('says what they are, what is left out and why, what is too short, and the lines of an experiment', async () => {
    const { code, stdout, stderr } = await milore(['inspect', 'yor'], root);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^layout +plain$/m);
    expect(stdout).toMatch(/^speech +0:12 in 9 clips$/m);
    expect(stdout).toMatch(/^speakers +3$/m);
    expect(stdout).toMatch(/^ {2}held-out +0:02, 2 clips, 1 speaker$/m);
    expect(stdout).toMatch(/^left out +1 unreadable$/m);
    expect(stdout).toContain(join(yor, 'ade', 'torn.wav'));
    expect(stdout).toMatch(/3 clips shorter than audio\.minSeconds \(0\.5 s\), 4\.8 % of the speech/);
    expect(parse(stdout.split('In an experiment:\n')[1])).toEqual({
      languages: { yor: { role: 'new', data: 'yor' } },
    });
    expect(existsSync(join(root, '.milore'))).toBe(false);
  });

  it('remembers what was found where there is a workspace, and takes a list as it takes a folder', async () => {
    mkdirSync(join(root, '.milore'));
    writeFileSync(join(yor, 'list.tsv'), 'path\tspeaker\nade/1.wav\ta\nbisi/1.wav\tb\n');
    const { code, stdout } = await milore(['inspect', 'yor/list.tsv', '--json'], root);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ layout: 'tsv', language: 'yor', clips: 2, speakers: 2, skipped: [] });
    expect(existsSync(join(root, '.milore', 'cache', 'corpus'))).toBe(true);
    rmSync(join(root, '.milore'), { recursive: true });
  });

  it('takes no model for recordings, and says of an empty folder what is missing', async () => {
    expect((await milore(['inspect', resolve('extension/sample/base')])).stdout).toMatch(/^model /);
    mkdirSync(join(root, 'empty'));
    const { code, stderr } = await milore(['inspect', join(root, 'empty')]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/holds no config\.json/);
  });
});
