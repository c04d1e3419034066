import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { normals } from '../../../sidecar/random.ts';
import { decodeFrames, decodePrefix, logProbabilities } from '../../../sidecar/recognition/decode.ts';
import { decode, encode, symbolsOf, tokensOf } from '../../../sidecar/recognition/tokens.ts';
import { npy } from '../../support/npy.ts';
import { fixtures } from '../../support/reference.ts';

describe('decoding by frames', () => {
  it('is the reference’s', () => {
    const index = JSON.parse(readFileSync(fixtures('ctc', 'index.json'), 'utf8'));
    const { shape, data } = npy(fixtures('ctc', 'logits.npy'));
    const [, items, vocabulary] = shape;
    index.greedy_blank0.forEach((expected: number[], item: number) => {
      const own = new Float32Array(index.input_lengths[item] * vocabulary);
      for (let t = 0; t < index.input_lengths[item]; t++)
        own.set(data.subarray((t * items + item) * vocabulary).subarray(0, vocabulary), t * vocabulary);
      expect(decodeFrames(own, vocabulary)).toEqual(expected);
    });
  });
});

/** Probability of every labelling, by writing out all alignments. */
function labellings(logits: Float32Array, vocabulary: number): Map<string, number> {
  const p = logProbabilities(logits, vocabulary);
  const frames = logits.length / vocabulary;
  const found = new Map<string, number>();
  for (let code = 0; code < vocabulary ** frames; code++) {
    let [rest, log, before, spelled] = [code, 0, 0, ''];
    for (let t = 0; t < frames; t++) {
      const token = rest % vocabulary;
      rest = Math.floor(rest / vocabulary);
      log += p[t * vocabulary + token];
      if (token !== 0 && token !== before) spelled += token;
      before = token;
    }
    found.set(spelled, (found.get(spelled) ?? 0) + Math.exp(log));
  }
  return found;
}

/** The search as it is defined, with every prefix's probability summed over all labellings. */
function defined(all: Map<string, number>, vocabulary: number): number[] {
  let prefix = '';
  for (;;) {
    let [best, most] = ['', all.get(prefix) ?? 0];
    for (let token = 1; token < vocabulary; token++) {
      let sum = 0;
      for (const [labelling, probability] of all) if (labelling.startsWith(prefix + token)) sum += probability;
      if (sum > most) [best, most] = [`${token}`, sum];
    }
    if (best === '') return [...prefix].map(Number);
    prefix += best;
  }
}

describe('prefix search of width 1', () => {
  it('takes what it is defined to take, with all alignments written out, and not always the best path', () => {
    let differ = 0;
    for (let trial = 0; trial < 60; trial++) {
      const logits = normals(5 * 4, 'prefix', trial).map((x) => 1.5 * x);
      const got = decodePrefix(logits, 4);
      expect(got, `trial ${trial}`).toEqual(defined(labellings(logits, 4), 4));
      if (String(got) !== String(decodeFrames(logits, 4))) differ++;
    }
    expect(differ).toBeGreaterThan(5);
  });

  it('hears a label that no frame has as its best: Graves’ own example of two frames', () => {
    // p(blank) 0.6, p(a) 0.4 at both: the best path is empty (0.36), yet "a" has 0.64.
    const logits = Float32Array.of(0.6, 0.4, 0.6, 0.4).map(Math.log);
    expect(decodeFrames(logits, 2)).toEqual([]);
    expect(decodePrefix(logits, 2)).toEqual([1]);
  });
});

describe('tokens', () => {
  const tokens = tokensOf(['[fin] ABBA B', '[fin] A']);
  it('are characters by frequency between ESPnet’s own, a tag as one', () => {
    expect(symbolsOf('[fin] A B')).toEqual(['[fin]', 'A', ' ', 'B']);
    expect(tokens.symbols).toEqual(['<blank>', '<unk>', 'A', 'B', '[fin]', ' ', '<sos/eos>']);
  });
  it('go there and back, and say what training did not have', () => {
    expect(encode(tokens, '[fin] AB A')).toEqual([4, 2, 3, 5, 2]);
    expect(decode(tokens, [4, 2, 3, 5, 2])).toBe('[fin] AB A');
    expect(decode(tokens, encode(tokens, 'AXA'))).toBe('A\uFFFDA');
    expect(decode(tokens, [0, 2, 6])).toBe('A');
  });
});

describe('prefix search over many tokens', () => {
  it('takes for each length what the sum in logarithms takes, a repeated label among them', () => {
    for (let trial = 0; trial < 40; trial++) {
      const [frames, vocabulary] = [9, 3];
      const logits = normals(frames * vocabulary, 'many', trial).map((x) => 4 * x);
      expect(decodePrefix(logits, vocabulary), `trial ${trial}`).toEqual(
        defined(labellings(logits, vocabulary), vocabulary),
      );
    }
  });

  it('is done with a clip of ten seconds and five thousand characters within a second or so', () => {
    const [frames, vocabulary] = [250, 5000];
    const logits = normals(frames * vocabulary, 'speed').map((x) => 0.5 * x);
    const said = Array.from({ length: 60 }, (_, i) => 1 + ((37 * i) % 4999));
    for (let t = 0; t < frames; t++) logits[t * vocabulary + (t % 4 === 0 && t < 240 ? said[t / 4] : 0)] += 14;
    const { user } = process.cpuUsage();
    expect(decodePrefix(logits, vocabulary)).toEqual(said);
    // Ten times what it takes; with a logarithm a token and frame it was fifteen times as much.
    expect((process.cpuUsage().user - user) / 1e6).toBeLessThan(4);
  });
});
