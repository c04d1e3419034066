import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBase } from '../../sidecar/model/checkpoint/base.ts';
import { milore } from '../support/cli.ts';
import { idleAdapter } from '../support/idle-adapter.ts';
import { scratch } from '../support/scratch.ts';
import { shared } from '../support/shared.ts';
import { superbFolder } from '../support/superb-folder.ts';

const path = scratch();
const quick = ['--updates', '3', '--accumulate', '1', '--width', '16', '--no-augment', '--reserved', 'none'];
const superb = (folder: string, ...more: string[]) =>
  milore(
    ['superb', '--folder', folder, '--model', resolve('extension/sample/base'), '--cache', path('cache')].concat(
      quick,
      more,
    ),
  );

beforeAll(async () => {
  await superbFolder(path('whole'));
}, 120_000);

describe('a recogniser that is kept', () => {
  it('stands beside an adapter’s, paired by utterance, and both recognisers hear in a recording what they were scored for', async () => {
    const adapter = idleAdapter(loadBase(resolve('extension/sample/base')));
    const { code, stdout, stderr } = await superb(
      path('whole'),
      '--tasks',
      'multi',
      '--adapter',
      adapter,
      '--out',
      path('two'),
      '--keep',
      path('two', 'kept'),
    );
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/multi +CER +trained +prefix +difference +0\.0 % +0\.0 % to 0\.0 % +cannot tell/);
    const rows = readFileSync(path('two', 'base-multi.tsv'), 'utf8').trim().split('\n').slice(1);
    expect(readFileSync(path('two', 'adapted-multi.tsv'), 'utf8').trim().split('\n').slice(1)).toEqual(rows);
    const [id, , heard] = rows[0].split('\t');
    const [corpus, iso, utterance] = id.split('/');
    const audio = path('whole', corpus, iso, 'wav', `${utterance}.wav`);
    for (const arm of ['base', 'adapted']) {
      const read = await milore(['transcribe', path('two', 'kept', `${arm}-multi`), audio, '--cache', path('cache')]);
      expect(read.code, read.stderr).toBe(0);
      const lines = read.stdout
        .trim()
        .split('\n')
        .map((line) => line.split('\t'));
      // Three updates hear next to nothing: what nobody could hold against what is right is called so.
      expect(lines[0]).toEqual(['recording', 'tier', 'start', 'end', 'confidence (uncalibrated)', 'text']);
      expect(read.stderr).toMatch(/Confidence is not calibrated: /);
      const words = lines.filter(([, tier]) => tier === 'words');
      expect(words.length).toBeGreaterThan(0);
      expect(words.map((cells) => cells[5]).join(' ')).toBe(heard.replace(/\s+/g, ' ').trim());
      for (const [, , start, end, confidence] of words) {
        expect(Number(end)).toBeGreaterThan(Number(start));
        expect(Number(confidence)).toBeGreaterThan(0);
        expect(Number(confidence)).toBeLessThanOrEqual(1);
      }
    }
    const eaf = [
      'transcribe',
      path('two', 'kept', 'base-multi'),
      audio,
      '--cache',
      path('cache'),
      '--as',
      'eaf',
      '--out',
      path('a.eaf'),
    ];
    expect((await milore(eaf)).code).toBe(0);
    const again = await milore(eaf);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('--replace');
    const other = await milore([
      ...eaf,
      '--replace',
      '--model',
      shared('models', 'mini-eng-cmn') ?? resolve('test/fixtures/hubert_tiny_base'),
    ]);
    expect(other.code).toBe(1);
    expect(other.stderr).toContain('trained on another base');
  }, 120_000);
});
