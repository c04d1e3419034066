import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { licenceOf } from '../../../sidecar/training/prepare/licence.ts';
import { scratch } from '../../support/scratch.ts';

const root = scratch()();
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;

function folder(files: Record<string, string>): string {
  const path = join(root, String(count++));
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

const mit = 'MIT License\n\nCopyright (c) 2024 Somebody\n\nPermission is hereby granted';
const card = '---\nlicense: cc-by-4.0\nlanguage: yo\n---\n# Speech';

describe('the licence of a data set', () => {
  it.each([
    [{ 'README.md': card }, { licence: 'cc-by-4.0', from: 'README.md' }],
    [
      { 'README.md': '---\nlicense: other\nlicense_name: radio-only\n---' },
      { licence: 'radio-only', from: 'README.md' },
    ],
    [{ 'README.md': '# Speech\n\n**License:** CC BY-SA 4.0\n' }, { licence: 'CC BY-SA 4.0', from: 'README.md' }],
    [{ 'README.txt': 'Radio.\nLicence: for research alone' }, { licence: 'for research alone', from: 'README.txt' }],
    [{ LICENSE: mit }, { licence: 'MIT License', from: 'LICENSE' }],
    [
      { 'LICENCE.txt': 'Copyright 2020 A\n\nTo be used at home.' },
      { licence: 'To be used at home.', from: 'LICENCE.txt' },
    ],
    [
      { 'LICENSE.txt': 'Creative Commons Legal Code\n\nCC0 1.0 Universal\n\n  CREATIVE' },
      { licence: 'Creative Commons Legal Code: CC0 1.0 Universal', from: 'LICENSE.txt' },
    ],
    [{ COPYING: '# SPDX-License-Identifier: CC-BY-4.0\nlong' }, { licence: 'CC-BY-4.0', from: 'COPYING' }],
    [{ 'dataset_infos.json': '{"default":{"license":"CC0"}}' }, { licence: 'CC0', from: 'dataset_infos.json' }],
    [
      { 'datapackage.json': '{"licenses":[{"name":"ODC-BY-1.0"}]}' },
      { licence: 'ODC-BY-1.0', from: 'datapackage.json' },
    ],
    // What is meant for machines is believed first.
    [
      { LICENSE: mit, 'README.md': card },
      { licence: 'cc-by-4.0', from: 'README.md' },
    ],
  ])('is quoted from what lies with it: %j', (files, noted) => {
    expect(licenceOf(folder(files))).toEqual(noted);
  });

  it('is looked for beside a manifest, and believed first of who names it', () => {
    const path = folder({ LICENSE: mit, 'manifest.tsv': 'path\n' });
    expect(licenceOf(join(path, 'manifest.tsv')).licence).toBe('MIT License');
    expect(licenceOf(path, 'CC BY 4.0')).toEqual({ licence: 'CC BY 4.0', from: 'experiment' });
  });

  it('is none where nobody noted one, and where what lies there cannot be read', () => {
    expect(licenceOf(folder({}))).toEqual({});
    expect(licenceOf(join(root, 'gone'))).toEqual({});
    expect(
      licenceOf(folder({ 'README.md': '# This speech needs a licence plate.\n', 'dataset_infos.json': '{' })),
    ).toEqual({});
    const path = folder({});
    mkdirSync(join(path, 'LICENSE'));
    expect(licenceOf(path)).toEqual({});
  });

  it('is one line of bounded length', () => {
    const { licence } = licenceOf(folder({ LICENSE: `${'word '.repeat(500)}\nmore` }));
    expect(licence).toHaveLength(200);
  });
});
