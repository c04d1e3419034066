import { describe, expect, it } from 'vitest';
import type { ToWebview } from '../../../sidecar/protocol/dashboard.ts';
import { RunHistory } from '../../../webview/history.ts';
import { admit, freshTrack } from '../../../webview/sequence.ts';
import { type Action, initial, reduce, type State } from '../../../webview/state.ts';
import { freshView, restore } from '../../../webview/view.ts';
import { setWords, t } from '../../../webview/words.ts';
import { sampleFindings } from '../../support/findings.ts';
import { madeRun } from '../../support/run-events.ts';

const actions = (all: Action[]) => all;
const hear = (state: State, message: unknown) =>
  reduce(state, { type: 'host', message: message as Exclude<ToWebview, { type: 'events' }> });

describe('the order of events', () => {
  const events = (...seqs: unknown[]) => seqs.map((seq) => ({ seq }));

  it('takes each event once, also when batches overlap', () => {
    const one = admit(freshTrack, events(1, 2, 3), true);
    const two = admit(one.track, events(2, 3, 4, 5), false);
    expect(two.events).toEqual(events(4, 5));
    expect(two.track).toEqual({ log: 5, gaps: 0, count: 5 });
  });

  it('says where a gap is, and takes in what lies behind it', () => {
    const { track, gaps, events: kept } = admit({ log: 3, gaps: 0, count: 3 }, events(7, 8), false);
    expect(gaps).toEqual([[3, 7]]);
    expect(track).toEqual({ log: 8, gaps: 1, count: 5 });
    expect(kept.length).toBe(2);
  });

  it('forgets all when a log is told from its beginning', () => {
    expect(admit({ log: 90, gaps: 2, count: 88 }, events(1, 2), true).track).toEqual({ log: 2, gaps: 0, count: 2 });
  });

  it('drops what carries no sequence number', () => {
    expect(admit(freshTrack, [null, 7, 'x', {}, ...events('1', Number.NaN, -1, 1.5, 1)], true).events).toEqual(
      events(1),
    );
  });
});

describe('the state', () => {
  it('is not changed by the reducer, only replaced', () => {
    const before = initial();
    const frozen = structuredClone(before);
    for (const action of actions([
      { type: 'toggleLanguage', code: 'fin' },
      { type: 'smoothing', weight: 2 },
      { type: 'zoom', zoom: { min: 5, max: 9 } },
      { type: 'languages', codes: ['fin', 'vie'] },
    ]))
      reduce(before, action);
    expect(before).toEqual(frozen);
  });

  it('keeps the findings of the runs that are shown, looked at again, until they are gone', () => {
    let state = hear(initial({ runs: ['a', 'b'] }), { type: 'findings', run: 'a', findings: sampleFindings() });
    state = hear(state, { type: 'findings', run: 'b', findings: { ...sampleFindings(), draws: -1 } });
    expect(state.findings.get('a')).toHaveProperty('findings.draws', 1000);
    const at = 'draws';
    expect(state.findings.get('b')).toEqual({ fault: { code: 'field', at, what: 'whole' } });
    state = hear(state, { type: 'findings', run: 'b', fault: { code: 'json', text: 'x' } });
    expect(state.findings.get('b')).toEqual({ fault: { code: 'json', text: 'x' } });
    expect([...reduce(state, { type: 'select', runs: ['b'] }).findings.keys()]).toEqual(['b']);
    expect([...hear(state, { type: 'findings', run: 'a' }).findings.keys()]).toEqual(['b']);
  });

  it('remembers which measure, stage and utterances are looked at, and takes nothing odd for it', () => {
    let state = reduce(initial(), { type: 'finding', change: { measure: 'cer', row: 1 } });
    state = reduce(state, { type: 'finding', change: { example: { measure: 'loss', language: 'fin' } } });
    expect(restore(structuredClone(state.view)).finding).toEqual({
      measure: 'cer',
      row: 1,
      example: { measure: 'loss', language: 'fin' },
    });
    for (const finding of [7, null, [], { measure: 7, row: 'x', example: 'y' }])
      expect(restore({ finding }).finding).toEqual(freshView.finding);
  });

  it('gives each language its colour once, in the order they came, also over a reload', () => {
    let state = reduce(initial(), { type: 'languages', codes: ['fin', 'vie'] });
    state = reduce(initial(structuredClone(state.view)), { type: 'languages', codes: ['eng', 'vie'] });
    expect(state.view.colours).toEqual(['fin', 'vie', 'eng']);
  });

  it('comes back from a reload as it was', () => {
    let state = initial();
    for (const action of actions([
      { type: 'select', runs: ['a', 'b'] },
      { type: 'tab', tab: 'experts' },
      { type: 'toggleLanguage', code: 'fin' },
      { type: 'smoothing', weight: 0.33 },
      { type: 'logScale', on: true },
      { type: 'layer', layer: 'control', on: false },
      { type: 'zoom', zoom: { min: 5, max: 9 } },
      { type: 'site', layer: 3, target: 'fc2' },
      { type: 'measure', measure: 'gates' },
      { type: 'expertStep', step: 40 },
    ]))
      state = reduce(state, action);
    expect(restore(JSON.parse(JSON.stringify(state.view)))).toEqual(state.view);
  });

  it.each([
    [null],
    ['x'],
    [{ runs: 'a', hidden: [7], zoom: { min: 9, max: 3 }, smoothing: 'NaN', tab: 'nowhere', colours: {}, layers: 3 }],
  ])('restores %j as a fresh view', (saved) => expect(restore(saved)).toEqual(freshView));

  it('keeps the zoom when the host shows the runs that are already chosen', () => {
    const state = initial({ runs: ['a'], zoom: { min: 1, max: 2 } });
    expect(hear(state, { type: 'show', runs: ['a'] }).view.zoom).toEqual({ min: 1, max: 2 });
    expect(hear(state, { type: 'show', runs: ['b'] }).view).toMatchObject({ runs: ['b'], zoom: undefined });
  });

  it.each([
    [{ type: 'runs', runs: null }],
    [{ type: 'runs', runs: [null, 7, { id: 7 }, { id: 'a', name: {}, languages: [null, { code: 9 }], state: 'odd' }] }],
    [{ type: 'show', runs: { length: 3 } }],
    [{ type: 'progress' }],
    [{ type: 'connection', state: 'odd', reason: 9 }],
    [{ type: 'from a later version' }],
  ])('lives with the malformed message %j', (message) => {
    const state = hear(initial(), message);
    for (const head of state.runs ?? []) {
      expect(typeof head.name).toBe('string');
      expect(head.state).toBe('interrupted');
    }
  });
});

describe('a run’s history', () => {
  it('holds every point of its log', () => {
    const { log, utilisation } = madeRun();
    const history = new RunHistory();
    for (const event of log) history.add('log', event);
    for (const event of utilisation) history.add('utilisation', event);
    expect(history.languages.get('fin')?.train.loss.length).toBe(100);
    expect(history.languages.get('eng')?.heldOut.loss.length).toBe(5);
    expect(history.languages.get('eng')?.role).toBe('existing');
    expect(history.utilisation.steps.length).toBe(100);
    expect(history.utilisation.at('vie', '2/fc2', 11)?.gates.length).toBe(4);
    expect(history.corpus.size).toBe(5);
    expect(history.tail().length).toBeLessThanOrEqual(200);
  });

  it('takes back the steps behind a resume, in both logs', () => {
    const { log, utilisation } = madeRun();
    const history = new RunHistory();
    for (const event of log) history.add('log', event);
    for (const event of utilisation) history.add('utilisation', event);
    history.add('log', { type: 'resumed', fromStep: 100, seq: 999, time: '' });
    history.add('utilisation', { type: 'resumed', fromStep: 100, seq: 999, time: '' });
    expect(history.step).toBe(100);
    expect(history.languages.get('fin')?.train.loss.steps.values().at(-1)).toBe(100);
    expect(history.languages.get('fin')?.heldOut.loss.length).toBe(3);
    expect(history.scalar('learningRate').length).toBe(50);
    expect(history.utilisation.steps.at(-1)).toBe(100);
    expect(history.marks.at(-1)).toEqual({ step: 100, kind: 'resumed' });
    expect(history.marks.some(({ step }) => step > 100)).toBe(false);
  });

  it('forgets one log and keeps the other when it is told anew', () => {
    const { log, utilisation } = madeRun();
    const history = new RunHistory();
    for (const event of log) history.add('log', event);
    for (const event of utilisation) history.add('utilisation', event);
    history.forget('log');
    expect(history.languages.size).toBe(0);
    expect(history.utilisation.steps.length).toBe(100);
  });

  it('reads non-finite numbers that the log writes as words', () => {
    const history = new RunHistory();
    const languages = { fin: { lossNats: 'NaN', accuracy: '-Infinity', frames: 3 } };
    history.add('log', { type: 'metrics', step: 2, languages, gradientNorm: 'Infinity' });
    expect(history.languages.get('fin')?.train.loss.last()).toBeNaN();
    expect(history.scalar('gradientNorm').last()).toBe(Number.POSITIVE_INFINITY);
  });

  it('keeps a language named __proto__ as a language', () => {
    const history = new RunHistory();
    history.add(
      'log',
      JSON.parse('{"type":"metrics","step":1,"languages":{"__proto__":{"lossNats":4,"accuracy":0.1}}}'),
    );
    expect([...history.languages.keys()]).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>).lossNats).toBeUndefined();
  });

  it.each([
    [null],
    [[]],
    [{ type: 'metrics', step: 'x' }],
    [{ type: 'metrics', step: 1, languages: [1, 2], learningRate: {} }],
    [{ type: 'evaluation', step: 1, languages: { fin: null, vie: { adapted: 4, ownHead: 'x' } } }],
    [{ type: 'corpus', language: 7, skipped: 'x', notes: [{}] }],
    [{ type: 'utilisation', step: 1, languages: { fin: [null, { layer: 'x' }, { layer: 1, target: 2, gates: [] }] } }],
    [{ type: 'resumed', fromStep: null }],
    [{ type: 'of a later version', step: 3 }],
  ])('lives with the malformed event %j', (event) => {
    const history = new RunHistory();
    history.add('log', event);
    history.add('utilisation', event);
    expect(history.utilisation.sites.size).toBe(0);
  });
});

describe('words', () => {
  it('are translated where there is a translation, and filled in', () => {
    setWords({ 'step {0} of {1}': 'Schritt {0} von {1}', bad: 7 });
    expect(t('step {0} of {1}', 3, '{0}')).toBe('Schritt 3 von {0}');
    expect(t('bad')).toBe('bad');
    setWords(null);
    expect(t('step {0} of {1}', 3, 4)).toBe('step 3 of 4');
  });
});
