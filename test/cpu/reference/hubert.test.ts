import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openPickle } from '../../../sidecar/model/checkpoint/torch/file.ts';
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

    it("puts the mask embedding where the reference's mask says, before the positional convolution", async () => {
      const input = npy(fixtures(style, 'input_values.npy'));
      const mask = npy(fixtures(style, 'single0_mask_time_indices.npy')).data;
      const got = await forward(loadBase(fixtures(style)), input.data.slice(0, input.shape[1]), mask);
      const expected = npy(fixtures(style, 'single0_masked_last_hidden_state.npy')).data;
      expect(worstDifference(got.hidden.at(-1)!, expected)).toBeLessThan(LAST);
    });
  });

it('reads half-precision weights under a prefix, with a head beside them, to the reference’s logits', async () => {
  const style = 'hubert_tiny_large';
  const file = 'pytorch_model_ctc_fp16.bin';
  const base = loadBase(checkpoint(style, file));
  const tensors = openPickle(fixtures(style, file));
  const [weight, bias] = [tensors.float32('lm_head.weight'), tensors.float32('lm_head.bias')];
  const input = npy(fixtures(style, 'input_values.npy'));
  const last = (await forward(base, input.data.slice(0, input.shape[1]))).hidden.at(-1)!;
  const { hidden } = base.config;
  const logits = Array.from({ length: (last.length / hidden) * bias.length }, (_, i) => {
    const [t, k] = [Math.floor(i / bias.length), i % bias.length];
    let sum = bias[k];
    for (let d = 0; d < hidden; d++) sum += weight[k * hidden + d] * last[t * hidden + d];
    return sum;
  });
  expect(worstDifference(logits, npy(fixtures(style, 'ctc_fp16weights_single0_logits.npy')).data)).toBeLessThan(HIDDEN);
});

it('computes a clip without its padding: in the large style the padded reference’s own frames are the same', async () => {
  // In the base style the group norm sees the padding, so the padded reference is another computation, which we never make.
  const style = 'hubert_tiny_large';
  const padded = npy(fixtures(style, 'padded_last_hidden_state.npy'));
  const input = npy(fixtures(style, 'input_values.npy'));
  const [, samples] = input.shape;
  const length = npy(fixtures(style, 'attention_mask.npy'))
    .data.subarray(samples)
    .reduce((a, b) => a + b, 0);
  const last = (await forward(loadBase(fixtures(style)), input.data.slice(samples, samples + length))).hidden.at(-1)!;
  const [, frames, width] = padded.shape;
  const own = padded.data.subarray(frames * width, frames * width + last.length);
  expect(worstDifference(last, own)).toBeLessThan(LAST);
});
