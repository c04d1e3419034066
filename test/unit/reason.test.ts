import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Reason, sayReason } from '../../sidecar/protocol/reason.ts';
import { deriveStatus } from '../../sidecar/runs/status.ts';
import { setWords, t } from '../../webview/words.ts';
import { scratch } from '../support/scratch.ts';

const german = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../../extension/l10n/bundle.l10n.de.json'), 'utf8'),
);

const folder = scratch();

describe('why a run ended', () => {
  const path = folder('run');
  beforeEach(() => setWords(german));
  afterEach(() => setWords(null));

  /** From what stands on the disk, as the extension reads it. */
  const said = (event: object, beat?: object) => {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path);
    writeFileSync(join(path, 'log.jsonl'), `${JSON.stringify({ seq: 1, time: '2026-11-23T20:25:23Z', ...event })}\n`);
    if (beat) writeFileSync(join(path, 'heartbeat.json'), JSON.stringify(beat));
    const { reason } = deriveStatus({ path });
    return reason && sayReason(reason, t);
  };
  const stopped = (reason?: string | Reason) => said({ type: 'stopped', step: 7, reason });

  it('is no fault where someone wished it, and is said in the person’s language', () => {
    const codes: Reason[] = [{ code: 'asked' }, { code: 'preparing' }, { code: 'sidecar' }];
    const signals: Reason[] = ['SIGINT', 'SIGTERM'].map((signal) => ({ code: 'signal', signal }));
    // As 0.2.0 wrote them.
    const before = ['asked to stop', 'asked to stop while preparing', 'the sidecar was stopped', 'SIGINT', 'SIGTERM'];
    expect(before.map(stopped)).toEqual([...codes, ...signals].map(stopped));
    expect([...codes, ...signals, undefined].map(stopped)).toEqual(
      [
        'Auf Wunsch angehalten.',
        'Auf Wunsch während der Vorbereitung angehalten.',
        'Zusammen mit dem Sidecar angehalten.',
        'Durch ein Signal angehalten (SIGINT).',
        'Durch ein Signal angehalten (SIGTERM).',
        'Der Lauf wurde angehalten.',
      ].map((text) => ({ text, look: 'wish' })),
    );
  });

  it('is a loss where its process is gone, here or elsewhere', () => {
    const begun = { type: 'started', step: 0, steps: 9 };
    const beat = { pid: 2 ** 22 + 12345, time: '2026-11-23T20:25:23Z', step: 3 };
    const lost = (text: string) => ({ text: expect.stringMatching(text), look: 'lost' });
    expect(said(begun)).toEqual(lost('^Kein Prozess hat daran gearbeitet\\.$'));
    expect(said(begun, { ...beat, host: 'node 7' })).toEqual(
      lost('^Prozess \\d+ auf node 7 endete ohne ein Wort; sein letztes Lebenszeichen war vor \\d+ s\\.$'),
    );
    expect(said(begun, { ...beat, host: hostname() })).toEqual(
      lost('^Prozess \\d+ endete ohne ein Wort; sein letztes Lebenszeichen war vor \\d+ s\\.$'),
    );
  });

  it('is a fault where the run failed, whatever it says', () => {
    expect(said({ type: 'failed', step: 7, reason: 'asked to stop' })).toEqual({
      text: 'asked to stop',
      look: 'fault',
    });
    expect(said({ type: 'failed', step: 7 })).toEqual({ text: 'Im Protokoll steht kein Grund.', look: 'fault' });
  });

  it('stands as it was logged where it is not known, and is nothing for a run that is done', () => {
    expect(stopped('the disk is full')).toEqual({ text: 'the disk is full', look: 'fault' });
    expect(said({ type: 'done', step: 9, seconds: 1 })).toBeUndefined();
  });
});
