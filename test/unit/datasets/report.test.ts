import { describe, expect, it } from 'vitest';
import { datasetPage, modelPage } from '../../../extension/datasets/report.ts';
import { code, plain } from '../../../extension/text.ts';
import type { DatasetReport, ModelReport } from '../../../sidecar/protocol/messages.ts';

const l10n = {
  t: (message: string, ...args: (string | number | boolean)[]) =>
    message.replace(/\{(\d)\}/g, (_, index) => String(args[Number(index)])),
};
const evil = '<img src=x onerror=alert(1)>[a](javascript:b)`|\n# x';

const report = (): DatasetReport => ({
  layout: 'plain',
  seconds: 100,
  clips: 3,
  speakers: 2,
  splits: [{ name: 'train', seconds: 100, clips: 3, speakers: 2 }],
  skipped: [{ path: `/d/${evil}`, reasonCode: 'unreadable', reason: evil }],
  skippedReasons: [{ reasonCode: 'unreadable', clips: 7 }],
  durations: [
    { upToSeconds: 1, clips: 1 },
    { upToSeconds: 2, clips: 0 },
    { upToSeconds: 3, clips: 40 },
  ],
  short: [],
  sampleRates: [{ hz: 16_000, clips: 3 }],
  clipped: { checked: 3, clips: 1, worst: [{ path: `/d/${evil}`, share: 0.25 }] },
  examples: [{ path: `/d/${evil}`, seconds: 2, startSeconds: 83, speaker: evil }],
  notes: [evil],
});

/** Every HTML tag or Markdown link that a page holds outside of code. */
const live = (page: string) =>
  page
    .split('\n')
    .map((line) => line.replace(/(`+)(?!`).*?[^`]\1(?!`)/g, ''))
    .join('\n')
    .match(/<[a-z!/][^>]*>|\]\([^)]*\)|^\s*# x/gim);

describe('the page of a dataset', () => {
  const page = datasetPage({ name: evil, language: evil, path: `/d/${evil}` }, report(), l10n);

  it('draws durations as bars, an empty one without', () => {
    const [one, none, most] = ['1.0 s', '2.0 s', '3.0 s'].map((edge) =>
      page.split('\n').find((line) => line.startsWith(`| ${edge} |`)),
    );
    expect(one).toBe('| 1.0 s | 1 | █ |');
    expect(none).toBe('| 2.0 s | 0 |  |');
    expect(most).toBe(`| 3.0 s | 40 | ${'█'.repeat(40)} |`);
  });

  it('lists every file left out, and how many more there are', () => {
    expect(page).toContain('| cannot be read | 7 |'.replace(/ /g, ' '));
    expect(page).toContain('And 6 more.');
  });

  it('is an alarm where clips are lost for being short, with how many and the cure; and says nothing where few are', () => {
    const short = [
      { belowSeconds: 0.3, clips: 2, seconds: 0.5 },
      { belowSeconds: 0.5, clips: 745, seconds: 290 },
      { belowSeconds: 1, clips: 1020, seconds: 500 },
    ];
    const loud = datasetPage({ name: 'x', language: 'eng', path: '/x' }, { ...report(), clips: 1020, short }, l10n);
    expect(loud).toMatch(/> \*\*⚠ 745 of 1&#44;020 clips .*`audio: \{ joinSeconds: 5 \}`/);
    expect(loud).toContain('| Left out | 752 |');
    expect(loud).toContain('| 745 |');
    const quiet = datasetPage({ name: 'x', language: 'eng', path: '/x' }, { ...report(), clips: 15_000, short }, l10n);
    expect(quiet).not.toContain('⚠');
    expect(quiet).toContain('| Left out | 752 |');
  });

  it('tells where a segment begins, and how much of a clip is at full scale', () => {
    expect(page).toContain('| 1:23 |');
    expect(page).toContain('| 25 % |');
  });

  it('shows hostile names as text: no HTML, no link, no heading, no torn table', () => {
    expect(live(page)).toBeNull();
    for (const line of page.split('\n').filter((text) => text.startsWith('|'))) {
      const cells = line
        .replace(/\\\|/g, '')
        .replace(/(`+)(?!`).*?[^`]\1(?!`)/g, '')
        .split('|').length;
      expect(cells, line).toBeGreaterThanOrEqual(4);
      expect(cells, line).toBeLessThanOrEqual(6);
    }
  });
});

describe('the page of a base model', () => {
  const model = (changes: Partial<ModelReport> = {}): ModelReport => ({
    path: '/m',
    architecture: 'hubert, post-norm',
    layers: 12,
    width: 768,
    parameters: 94_371_712,
    sampleRateHz: 16_000,
    weights: '/m/model.safetensors',
    files: ['config.json', evil],
    hasHead: false,
    missing: [],
    unexpected: [],
    misshapen: [],
    notes: [],
    ...changes,
  });

  it('says that it is whole, or what is missing', () => {
    expect(modelPage('m', model(), l10n)).toContain('It is whole');
    const page = modelPage('m', model({ missing: ['encoder.x'], unexpected: [evil] }), l10n);
    expect(page).toContain('It cannot be trained');
    expect(page).toContain('- `encoder.x`');
  });

  it('shows hostile names as text', () => {
    const page = modelPage(evil, model({ licence: evil, source: evil, notes: [evil], unexpected: [evil] }), l10n);
    expect(live(page)).toBeNull();
  });
});

describe('escaped text', () => {
  it('has no character left that Markdown reads', () => expect(plain('a*_`<>[]|#!b')).toMatch(/^a(&#\d+;)+b$/));
  it('in code is fenced by more backticks than it has', () => {
    expect(code('a')).toBe('`a`');
    expect(code('a``b`')).toBe('``` a``b` ```');
    expect(code('a|b')).toBe('`a\\|b`');
    expect(code('')).toBe(' ');
  });
});
