import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeFolder } from '../../../sidecar/model/checkpoint/files.ts';
import { Parameters } from '../../../sidecar/model/parameters.ts';
import { type DownstreamConfig, downstreamParameters } from '../../../sidecar/recognition/config.ts';
import { KEPT_CONFIG, KEPT_WEIGHTS, keptFiles, readKept } from '../../../sidecar/recognition/kept.ts';
import { tokensOf } from '../../../sidecar/recognition/tokens.ts';
import { refusal, scratch } from '../../support/scratch.ts';

const path = scratch();
const tokens = tokensOf(['[fin] AB', '[eng] B']);
const config: DownstreamConfig = {
  layers: 2,
  width: 8,
  pre: 12,
  model: 16,
  heads: 2,
  feedForward: 32,
  blocks: 1,
  vocabulary: tokens.symbols.length,
  dropout: 0.1,
};
const origin = { base: { hash: 'abc', folder: '/models/base' } };
/** As it stands in the file; a test may put anything there. */
type Written = Record<string, unknown> & { config: Record<string, unknown>; symbols: unknown[] };
let count = 0;

function kept(change: (config: Written) => void = () => {}): string {
  const folder = path(`kept-${count++}`);
  const parameters = new Parameters(downstreamParameters(config), 3);
  writeFolder(folder, keptFiles({ config, tokens, parameters }, 'joint', origin));
  const file = join(folder, KEPT_CONFIG);
  const written = JSON.parse(readFileSync(file, 'utf8'));
  change(written);
  writeFileSync(file, JSON.stringify(written));
  return folder;
}

describe('a recogniser that is kept', () => {
  it('comes back as it was', () => {
    const read = readKept(kept());
    expect(read).toMatchObject({ task: 'joint', adapted: false, tokens, ...origin });
    expect(read.config).toEqual({ ...config, dropout: 0 });
    expect(read.parameters.data).toEqual(new Parameters(downstreamParameters(config), 3).data);
  });

  it.each<[string, RegExp, (config: Written) => void]>([
    [
      'a size without end',
      /"model" is 1e\+30/,
      (written) => {
        written.config.model = 1e30;
      },
    ],
    [
      'a size that is no number',
      /"layers" is "2"/,
      (written) => {
        written.config.layers = '2';
      },
    ],
    [
      'more numbers than its file holds',
      /bytes, and its sizes ask for/,
      (written) => {
        written.config.feedForward = 20_000;
      },
    ],
    [
      'other sizes than its tensors',
      /has no "pre.weight"/,
      (written) => {
        written.config.pre = 11;
      },
    ],
    [
      'heads that do not divide it',
      /do not go together/,
      (written) => {
        written.config.heads = 3;
      },
    ],
    [
      'fewer symbols than numbers',
      /symbols/,
      (written) => {
        written.symbols.pop();
      },
    ],
    [
      'symbols that are no text',
      /symbols/,
      (written) => {
        written.symbols[2] = 7;
      },
    ],
    [
      'another kind of symbols',
      /symbols/,
      (written) => {
        written.kind = 'words';
      },
    ],
    [
      'no base',
      /which base/,
      (written) => {
        delete written.base;
      },
    ],
    [
      'another version',
      /version is 9/,
      (written) => {
        written.version = 9;
      },
    ],
  ])('is refused in words where it has %s', (_, words, change) => {
    const folder = kept(change);
    const error = refusal(() => readKept(folder));
    expect(error.code).toBe('recogniser.unreadable');
    expect(error.message).toMatch(words);
  });

  it('is refused where it is cut short, or none', () => {
    const folder = kept();
    truncateSync(join(folder, KEPT_WEIGHTS), 100);
    expect(refusal(() => readKept(folder)).message).toContain('100 bytes');
    mkdirSync(path('empty'));
    expect(refusal(() => readKept(path('empty'))).message).toContain(`no ${KEPT_CONFIG}`);
    expect(refusal(() => readKept(path('nowhere'))).message).toContain('no such folder');
  });
});
