import { describe, expect, it } from 'vitest';
import { datasetFacts, modelFacts } from '../../../extension/datasets/facts.ts';
import {
  children,
  type DatasetEntry,
  itemOf,
  type ModelEntry,
  type Node,
  roots,
} from '../../../extension/datasets/nodes.ts';
import { clock, duration, hubId, oneLine, pickable } from '../../../extension/text.ts';
import type { DatasetReport } from '../../../sidecar/protocol/messages.ts';

const l10n = {
  t: (message: string, ...args: (string | number | boolean)[]) =>
    message.replace(/\{(\d)\}/g, (_, index) => String(args[Number(index)])),
};
const report: DatasetReport = {
  layout: 'kaldi',
  seconds: 5400,
  clips: 1020,
  speakers: 6,
  splits: [
    { name: 'train', seconds: 4500, clips: 900, speakers: 5 },
    { name: 'held-out', seconds: 900, clips: 120, speakers: 1 },
  ],
  skipped: [
    { path: '/data/a.wav', reasonCode: 'silent', reason: 'It is silent.' },
    { path: '/data/b.wav', reasonCode: 'empty', reason: 'it has 0 bytes.' },
    { path: '/data/c.wav', reasonCode: 'silent', reason: 'It is silent.' },
  ],
  skippedReasons: [
    { reasonCode: 'silent', clips: 2 },
    { reasonCode: 'empty', clips: 1 },
  ],
  durations: [],
  short: [],
  sampleRates: [],
  clipped: { checked: 0, clips: 0, worst: [] },
  examples: [],
  notes: [],
};
const dataset = (changes: Partial<DatasetEntry> = {}): DatasetEntry => ({
  list: 'file:///w/milore.datasets.yaml',
  name: 'radio',
  language: 'yor',
  path: '/w/radio',
  changed: false,
  ...changes,
});
const item = (node: Node) => itemOf(node, l10n);
const labels = (nodes: Node[]) => nodes.map((node) => item(node).label);

describe('the tree of data', () => {
  it('is empty where nothing is listed, so that the view says how to begin', () => {
    expect(roots([], [], [])).toEqual([]);
  });

  it('counts what is lost for being short, by reason, and warns where it is much', () => {
    const short = [{ belowSeconds: 0.5, clips: 745, seconds: 290 }];
    const lost = dataset({ facts: datasetFacts({ ...report, short }, 's') });
    expect(item({ kind: 'dataset', dataset: lost })).toMatchObject({ icon: 'warning' });
    expect(item({ kind: 'dataset', dataset: lost }).description).toContain('748 left out');
    const [first] = children({ kind: 'leftOut', dataset: lost });
    expect(item(first)).toMatchObject({ label: 'shorter than 0.5 s, unless joined', description: '745 clips' });
    expect(item({ kind: 'dataset', dataset: dataset({ facts: datasetFacts(report, 's') }) }).icon).toBe('unmute');
  });

  it('is language, dataset, split, and what was left out by reason and file', () => {
    const inspected = dataset({ facts: datasetFacts(report, 's') });
    const [language, models] = roots([inspected, dataset({ name: 'chants' })], [], []);
    expect(item(language)).toMatchObject({ label: 'Yoruba', description: 'yor · 1.5 h', expanded: true });
    expect(item(models)).toMatchObject({ label: 'Base models', description: 'none yet', context: 'models' });
    const [first, second] = children(language);
    expect(item(first)).toMatchObject({
      label: 'radio',
      description: '1.5 h · 1,020 clips · 6 speakers · 3 left out',
      context: 'dataset',
      spoken: 'radio, 1.5 h, 1,020 clips, 6 speakers, 3 left out',
    });
    expect(item(second)).toMatchObject({ description: 'not yet inspected', expanded: undefined });
    expect(labels(children(first))).toEqual(['train', 'held out', '3 left out']);
    const reasons = children(children(first)[2]);
    expect(reasons.map((node) => [item(node).label, item(node).description])).toEqual([
      ['silent', '2 clips'],
      ['empty', '1 clip'],
    ]);
    expect(labels(children(reasons[0]))).toEqual(['a.wav', 'c.wav']);
  });

  it('says what changed since and what is under way', () => {
    const facts = datasetFacts(report, 's');
    expect(item({ kind: 'dataset', dataset: dataset({ facts, changed: true }) }).description).toContain(
      'changed since inspected',
    );
    expect(item({ kind: 'dataset', dataset: dataset({ busy: 0.456 }) }).description).toBe('inspecting, 45 %');
    expect(item({ kind: 'dataset', dataset: dataset({ changed: true }) }).description).toBe('not yet inspected');
  });

  it('shows a base model with its parameters, and what does not fit', () => {
    const model: ModelEntry = { list: 'x', name: 'mhubert', path: '/m', source: 'a/b', revision: '0123456789abcdef' };
    expect(item({ kind: 'model', model })).toMatchObject({ description: 'not yet inspected', context: 'model' });
    expect(item({ kind: 'model', model }).tooltip).toContainEqual(['Source', 'a/b @ 0123456789ab']);
    const facts = modelFacts({
      path: '/m',
      architecture: 'hubert',
      layers: 12,
      width: 768,
      parameters: 94_371_712,
      sampleRateHz: 16_000,
      weights: '/m/model.safetensors',
      files: [],
      hasHead: false,
      missing: ['x'],
      unexpected: [],
      misshapen: ['y'],
      notes: [],
      licence: 'cc-by-nc-4.0',
    });
    const shown = item({ kind: 'model', model: { ...model, facts } });
    expect(shown.description).toBe('94.4 M parameters · 12 layers · 2 tensors do not fit');
    expect(shown.tooltip).toContainEqual(['Licence', 'cc-by-nc-4.0']);
  });

  it('gives every node an id of its own, also for hostile names', () => {
    const names = ['<img src=x onerror=alert(1)>', '__proto__', 'a\nb', '"q"', 'x'.repeat(99)];
    const facts = datasetFacts(report, 's');
    const nodes = roots(
      names.flatMap((name) => [dataset({ name, facts }), dataset({ name, list: 'other', language: 'eng', facts })]),
      names.map((name) => ({ list: 'x', name, path: '/m' })),
      [{ list: 'x', line: 1, column: 1, text: 'a' }],
    );
    const every = (node: Node): Node[] => [node, ...children(node).flatMap(every)];
    const all = nodes.flatMap(every);
    expect(new Set(all.map((node) => item(node).id)).size).toBe(all.length);
    for (const node of all) expect(item(node).label).not.toMatch(/[\n\r]/);
    // Not Markdown: a label shows its characters, and `$(icon)` is not read in it either.
    expect(labels(all)).toContain('<img src=x onerror=alert(1)>');
  });

  it('remembers of a thousand files left out only the first of each reason, and all their number', () => {
    const skipped = Array.from({ length: 1000 }, (_, i) => ({ path: `/d/${i}`, reasonCode: 'empty', reason: 'x' }));
    const facts = datasetFacts({ ...report, skipped, skippedReasons: [{ reasonCode: 'empty', clips: 1000 }] }, 's');
    expect(facts.skipped).toHaveLength(20);
    expect(item({ kind: 'leftOut', dataset: dataset({ facts }) }).label).toBe('1,000 left out');
  });
});

describe('figures', () => {
  it.each([
    [0.14, '0.1 s'],
    [42, '42 s'],
    [59.9, '1 min'],
    [754, '13 min'],
    [3599, '1.0 h'],
    [5400, '1.5 h'],
    [360_000, '100 h'],
  ])('%f seconds are %s', (seconds, text) => expect(duration(seconds)).toBe(text));
  it('follow the person’s language', () => expect(duration(5400, 'de')).toBe('1,5 h'));
  it.each([
    [0, '0:00'],
    [83.9, '1:23'],
    [3723, '1:02:03'],
  ])('%f seconds are at %s', (seconds, text) => expect(clock(seconds)).toBe(text));
  it('a label is one line without what cannot be seen', () => {
    expect(oneLine(' a\n\u202eb\u0000c\t')).toBe('a b c');
    expect(oneLine('x'.repeat(300))).toHaveLength(200);
  });
  it('a name in a list of choices draws no icon', () => expect(pickable('$(trash) a\nb')).toBe('\\$(trash) a b'));
  it.each([
    ['utter-project/mHuBERT-147', 'utter-project/mHuBERT-147'],
    [' https://huggingface.co/facebook/hubert-base-ls960/tree/main ', 'facebook/hubert-base-ls960'],
    ['hubert', undefined],
    ['../..', undefined],
    ['', undefined],
  ])('%j is the hub’s %s', (text, id) => expect(hubId(text)).toBe(id));
});
