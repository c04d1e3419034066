import { describe, expect, it } from 'vitest';
import { pooledStates, probeLanguages, WINDOW, windowMeans } from '../../../sidecar/evaluation/language-probe.ts';
import { ChosenFrames } from '../../../sidecar/evaluation/layer-drift.ts';
import { normals } from '../../../sidecar/random.ts';

describe('windows', () => {
  it('are means over 12 frames, and what is left at the end belongs to none', () => {
    const rows = Float32Array.from({ length: 2 * (2 * WINDOW + 5) }, (_, i) => (i % 2 === 0 ? i / 2 : 100));
    expect([...windowMeans(rows, 2)]).toEqual([5.5, 100, 17.5, 100].map((x) => expect.closeTo(x, 4)));
  });

  it('hear every layer alike, however loud', () => {
    const quiet = normals(WINDOW * 4, 1, 'quiet');
    const loud = normals(WINDOW * 4, 1, 'loud').map((x) => 1000 * x);
    const softer = loud.map((x) => x / 1e6);
    const [a, b] = [pooledStates([quiet, loud], 4), pooledStates([quiet, softer], 4)];
    a.forEach((x, i) => {
      expect(x).toBeCloseTo(b[i], 4);
    });
  });
});

describe('a probe of languages', () => {
  const clip = (language: string, n: number, at: number) => {
    const rows = normals(20 * 3, 1, language, n).map((x, i) => x * 0.3 + (i % 3 === at ? 1 : 0));
    return { hash: `${language}${n}`, language, rows };
  };
  const side = (from: number) =>
    ['x', 'y', 'z'].flatMap((language, at) => [0, 1, 2].map((n) => clip(language, from + n, at)));

  it('tells apart what differs, and counts each clip’s windows', () => {
    const { counts, clips } = probeLanguages('states', ['x', 'y', 'z'], side(0), side(10), 3);
    const right = counts.reduce((sum, row, i) => sum + row[i], 0);
    expect(right).toBeGreaterThan(160);
    expect(counts.flat().reduce((a, b) => a + b, 0)).toBe(180);
    expect(clips.reduce((sum, { count }) => sum + count, 0)).toBe(right);
    expect(clips.every(({ of }) => of === 20)).toBe(true);
    expect(clips.map(({ hash }) => hash)).toEqual(side(10).map(({ hash }) => hash));
  });

  it('is at chance where nothing differs', () => {
    const same = (from: number) =>
      ['x', 'y', 'z'].flatMap((language) => [0, 1, 2].map((n) => clip(language, from + n, 0)));
    const { counts } = probeLanguages('states', ['x', 'y', 'z'], same(0), same(10), 3);
    expect(counts.reduce((sum, row, i) => sum + row[i], 0) / 180).toBeLessThan(0.45);
  });

  it('knows only the languages that it is given', () => {
    const { languages, clips } = probeLanguages('log-mel', ['x', 'z'], side(0), side(10), 3);
    expect(languages).toEqual(['x', 'z']);
    expect(clips).toHaveLength(6);
  });
});

describe('the drift of layers', () => {
  const speech = [
    { hash: 'a', language: 'x', frames: 700 },
    { hash: 'b', language: 'x', frames: 300 },
  ];
  const states = (seed: number) => speech.map(({ frames }) => normals(frames * 4, seed, 'states', frames));
  const chosen = (layers: (clip: number) => Float32Array[]) => {
    const frames = new ChosenFrames(speech, 4);
    for (const [i, { hash }] of speech.entries()) frames.add(hash, layers(i));
    return frames;
  };

  it('is nothing for the same states, turned or scaled, and much for others', () => {
    const [own, others] = [states(1), states(2)];
    const turned = own.map((rows) => rows.map((_, i) => (i % 2 === 0 ? 3 * rows[i + 1] : -3 * rows[i - 1])));
    const base = chosen((i) => [own[i], own[i], own[i]]);
    const [same, rotated, else_] = chosen((i) => [own[i], turned[i], others[i]]).driftFrom(base);
    expect(same).toBeCloseTo(0, 6);
    expect(rotated).toBeCloseTo(0, 6);
    expect(else_).toBeGreaterThan(0.9);
  });

  it('hears both clips: a change in the second alone is seen', () => {
    const [own, others] = [states(1), states(2)];
    const base = chosen((i) => [own[i]]);
    expect(chosen((i) => [i === 1 ? others[i] : own[i]]).driftFrom(base)[0]).toBeGreaterThan(0.1);
  });

  it('has no number for a layer that does not vary', () => {
    const still = chosen((i) => [new Float32Array(speech[i].frames * 4).fill(2)]);
    expect(still.driftFrom(still)).toEqual([null]);
  });
});
