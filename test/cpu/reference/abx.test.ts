import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { abx } from '../../../sidecar/evaluation/abx.ts';
import { readItems } from '../../../sidecar/evaluation/abx-items.ts';
import { npy } from '../../support/npy.ts';
import { fixtures } from '../../support/reference.ts';

const at = (...name: string[]) => fixtures('abx', ...name);
const index = JSON.parse(readFileSync(at('index.json'), 'utf8'));
const items = readItems(readFileSync(at(index.items), 'utf8'), index.items);
const features = (file: string) => {
  const { shape, data } = npy(at('features', `${file}.npy`));
  expect(shape[1]).toBe(index.feature_dim);
  return data;
};

describe('phone ABX', () => {
  it('covers the fixture’s four variants', () => expect(Object.keys(index.scores_error_rate)).toHaveLength(4));

  for (const [name, expected] of Object.entries<{
    within: number;
    across: number;
    own_float64_recomputation: { within: number; across: number; n_tokens: number };
  }>(index.scores_error_rate))
    it(`has libri-light’s error rates: ${name}`, () => {
      const distance = name.startsWith('cosine') ? 'cosine' : 'euclidean';
      const slice = name.includes('inclusive') ? 'inclusive' : 'librilight';
      const options = { distance, slice, framesPerSecond: 1 / index.feature_step_s, width: index.feature_dim } as const;
      const got = abx(items, features, options);
      const exact = expected.own_float64_recomputation;
      console.log(
        `${name}: within ${(got.within! - exact.within).toExponential(1)}, across ${(got.across! - exact.across).toExponential(1)} from float64`,
      );
      expect(Math.abs(got.within! - expected.within)).toBeLessThan(1e-4);
      expect(Math.abs(got.across! - expected.across)).toBeLessThan(1e-4);
      expect(got.tokens).toBe(exact.n_tokens);
    });
});
