import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { npy, worstDifference } from '../../support/npy.ts';
import { fixtures, forward, loadBase, scratch } from '../../support/reference.ts';

const LAST = 2e-5;
const HIDDEN = 5e-5;

/** A folder with the fixture's configs and one of its weight files under the standard name. */
function checkpoint(style: string, weights: string): string {
  const folder = scratch();
  for (const name of ['config.json', 'preprocessor_config.json'])
    copyFileSync(fixtures(style, name), join(folder, name));
  copyFileSync(
    fixtures(style, weights),
    join(folder, weights.endsWith('.bin') ? 'pytorch_model.bin' : 'model.safetensors'),
  );
  return folder;
}

for (const style of ['hubert_tiny_base', 'hubert_tiny_large'])
  describe(style, () => {
    const files = ['model.safetensors', 'model.parametrized.safetensors', 'pytorch_model.bin'];
    for (const weights of files.filter((name) => existsSync(fixtures(style, name))))
      it(`computes the reference's features from ${weights}`, async () => {
        const base = loadBase(checkpoint(style, weights));
        const input = npy(fixtures(style, 'input_values.npy'));
        const lengths = npy(fixtures(style, 'attention_mask.npy'));
        for (const row of [0, 1]) {
          const width = input.shape[1];
          const length = lengths.data.subarray(row * width, (row + 1) * width).reduce((a, b) => a + b, 0);
          const got = await forward(base, input.data.slice(row * width, row * width + length));
          const expected = (name: string) => npy(fixtures(style, `single${row}_${name}.npy`)).data;
          expect(worstDifference(got.features, expected('conv_features'))).toBeLessThan(LAST);
          expect(worstDifference(got.projected, expected('projected'))).toBeLessThan(HIDDEN);
          const states = expected('hidden_states');
          const each = states.length / got.hidden.length;
          got.hidden.forEach((state, i) => {
            expect(worstDifference(state, states.subarray(i * each, (i + 1) * each))).toBeLessThan(HIDDEN);
          });
          expect(worstDifference(got.hidden.at(-1)!, expected('last_hidden_state'))).toBeLessThan(LAST);
        }
      });
  });
