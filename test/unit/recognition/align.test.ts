import { describe, expect, it } from 'vitest';
import { normals } from '../../../sidecar/random.ts';
import { align } from '../../../sidecar/recognition/align.ts';
import { logProbabilities } from '../../../sidecar/recognition/decode.ts';

const VOCABULARY = 3;

/** The likeliest of all paths that spell the tokens, by writing every path out. */
function likeliest(logits: Float32Array, frames: number, tokens: readonly number[]) {
  const p = logProbabilities(logits, VOCABULARY);
  let [best, most]: [number[], number] = [[], Number.NEGATIVE_INFINITY];
  for (let code = 0; code < VOCABULARY ** frames; code++) {
    const path = Array.from({ length: frames }, (_, t) => Math.floor(code / VOCABULARY ** t) % VOCABULARY);
    const spelled = path.filter((token, t) => token !== 0 && token !== path[t - 1]);
    const log = path.reduce((sum, token, t) => sum + p[t * VOCABULARY + token], 0);
    if (String(spelled) === String(tokens) && log > most) [best, most] = [path, log];
  }
  return { path: best, p };
}

describe('an alignment', () => {
  it.each([[[1]], [[1, 2]], [[2, 2]], [[1, 2, 1]], [[1, 1, 2]]])(
    'of %j is the likeliest of all paths, written out',
    (tokens) => {
      for (let trial = 0; trial < 25; trial++) {
        const logits = normals(6 * VOCABULARY, 'align', trial).map((x) => 2 * x);
        const said = align(logits, VOCABULARY, tokens)!;
        const { path, p } = likeliest(logits, 6, tokens);
        const back = new Array<number>(6).fill(0);
        for (const { token, from, to } of said) back.fill(token, from, to);
        expect(back, `trial ${trial}`).toEqual(path);
        for (const { token, from, to, confidence } of said) {
          const own = Array.from({ length: to - from }, (_, i) => Math.exp(p[(from + i) * VOCABULARY + token]));
          expect(confidence).toBeCloseTo(Math.max(...own), 12);
        }
      }
    },
  );

  it('parts a symbol that comes twice by a blank, however unlikely that is', () => {
    const logits = Float32Array.from([0, 9, 0, 0, 9, 0, 0, 9, 0]);
    expect(align(logits, VOCABULARY, [1, 1])!.map(({ from, to }) => [from, to])).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it('is nothing of nothing, and is not there where the tokens need more frames', () => {
    expect(align(new Float32Array(6), VOCABULARY, [])).toEqual([]);
    expect(align(new Float32Array(6), VOCABULARY, [1, 1])).toBeUndefined();
    expect(align(new Float32Array(0), VOCABULARY, [1])).toBeUndefined();
  });
});
