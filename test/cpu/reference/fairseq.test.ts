import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { framesOf, timeBindings } from '../../../sidecar/architecture/time.ts';
import { floats } from '../../../sidecar/engine/session.ts';
import { HostLearner } from '../../../sidecar/learning/host-learner.ts';
import type { BaseHead } from '../../../sidecar/model/checkpoint/base.ts';
import { surveyBase } from '../../../sidecar/model/checkpoint/survey.ts';
import { featureGraph, frontEndGraph } from '../../../sidecar/objectives/learnable.ts';
import { WeightFile } from '../../../sidecar/weights/file.ts';
import { npy, worstDifference } from '../../support/npy.ts';
import { fixtures, forward, loadBase, scratch } from '../../support/reference.ts';

const FILES = ['hubert_cfg.pt', 'hubert_args_legacy.pt', 'hubert_omegaconf_fp16.pt'];
const isHalf = (file: string) => file.includes('fp16');

/** Cosine of the projected frame to every class, over the temperature. */
function logitsOf(head: BaseHead, states: Float32Array): Float32Array {
  const { projection, units, projectionWeight, projectionBias, embeddings, temperature } = head;
  const width = projectionWeight.length / projection;
  const frames = states.length / width;
  const logits = new Float32Array(frames * units);
  const norm = (x: ArrayLike<number>) => Math.hypot(...Array.from(x));
  for (let t = 0; t < frames; t++) {
    const frame = Array.from({ length: projection }, (_, p) => {
      let sum = projectionBias[p];
      for (let d = 0; d < width; d++) sum += projectionWeight[p * width + d] * states[t * width + d];
      return sum;
    });
    for (let k = 0; k < units; k++) {
      const unit = embeddings.subarray(k * projection, (k + 1) * projection);
      const dot = frame.reduce((sum, x, i) => sum + x * unit[i], 0);
      logits[t * units + k] = dot / (norm(frame) * norm(unit)) / temperature;
    }
  }
  return logits;
}

describe.each(['base', 'large'])('fairseq’s HuBERT, %s style', (style) => {
  const own = (...parts: string[]) => fixtures(`fairseq_${style}`, ...parts);
  const huggingFace = (...parts: string[]) => fixtures(`hubert_tiny_${style}`, ...parts);
  const input = npy(huggingFace('input_values.npy'));
  const wave = input.data.slice(0, input.shape[1]);

  it.each(FILES)('%s is the Hugging Face model, and its head is the reference’s', async (file) => {
    const base = loadBase(own(file));
    const reference = loadBase(huggingFace());
    expect(base.normalise).toBe(reference.normalise);
    expect(base.config).toEqual(reference.config);
    expect(base.ignored).toEqual([]);
    if (!isHalf(file)) expect(base.hash).toBe(reference.hash);
    const got = await forward(base, wave);
    const states = npy(huggingFace('single0_hidden_states.npy')).data;
    const last = npy(huggingFace('single0_last_hidden_state.npy')).data;
    // Half precision rounds each weight to 2⁻¹¹ of itself: what is left is that, and not an error of the reader.
    const [lastWithin, hiddenWithin, logitsWithin] = isHalf(file) ? [1e-2, 3e-2, 2e-2] : [2e-5, 5e-5, 1e-4];
    const each = states.length / got.hidden.length;
    const worst = got.hidden.map((state, i) => worstDifference(state, states.subarray(i * each, (i + 1) * each)));
    const worstLast = worstDifference(got.hidden.at(-1)!, last);
    expect(Math.max(...worst)).toBeLessThan(hiddenWithin);
    expect(worstLast).toBeLessThan(lastWithin);

    const head = base.head!;
    expect([head.units, head.projection, head.specials, head.temperature]).toEqual([24, 10, 4, 0.1]);
    const logits = worstDifference(logitsOf(head, last), npy(own('single0_head_logits.npy')).data);
    expect(logits).toBeLessThan(logitsWithin);
    console.info(`${style} ${file}: hidden ${Math.max(...worst)}, last ${worstLast}, logits ${logits}`);
  });

  it('computes half-precision weights exactly: their own numbers, rounded, agree with the reference to its precision', () => {
    const [half, full] = [loadBase(own('hubert_omegaconf_fp16.pt')), loadBase(own('hubert_cfg.pt'))];
    for (const [name, { data }] of full.weights) {
      if (name === 'encoder.pos_conv_embed.conv.weight') continue; // made of two rounded tensors
      const got = half.weights.get(name)!.data;
      data.forEach((x, i) => {
        if (Math.abs(got[i] - x) > Math.max(2 ** -24, Math.abs(x) * 2 ** -11)) expect.fail(`${name}[${i}]`);
      });
    }
  });

  it.runIf(style === 'large')('reads half precision to the same values as Hugging Face’s half-precision file', () => {
    const folder = join(scratch(), 'half');
    mkdirSync(folder);
    for (const name of ['config.json', 'preprocessor_config.json']) cpSync(huggingFace(name), join(folder, name));
    cpSync(huggingFace('pytorch_model_ctc_fp16.bin'), join(folder, 'pytorch_model.bin'));
    expect(loadBase(own('hubert_omegaconf_fp16.pt')).hash).toBe(loadBase(folder).hash);
  });

  it('takes a folder that holds the checkpoint and nothing else', () => {
    const folder = join(scratch(), 'checkpoint');
    mkdirSync(folder);
    cpSync(own('hubert_cfg.pt'), join(folder, 'hubert_base_ls960.pt'));
    const survey = surveyBase(folder);
    expect(survey).toMatchObject({ hasHead: true, missing: [], unexpected: [], misshapen: [], modelType: 'hubert' });
    cpSync(own('hubert_cfg.pt'), join(folder, 'another.pt'));
    expect(() => surveyBase(folder)).toThrow(/2 checkpoints: another.pt, hubert_base_ls960.pt.*Name one/);
  });

  it.each(FILES)('%s trains a step, measured by its own head over all its classes', async (file) => {
    const base = loadBase(own(file));
    const weights = WeightFile.prepare(base, scratch());
    const clips = 1;
    const frames = framesOf(base.config, wave.length);
    const front = await weights.open(frontEndGraph(base.config, weights), { device: 'cpu' });
    const bindings = { B: clips, ...timeBindings(base.config, wave.length) };
    const features = floats((await front.run({ wave: { data: wave, shape: [1, 1, wave.length] } }, bindings)).features);
    await front.release();
    const speech = { data: features, shape: [frames, base.config.convDim.at(-1)!] };
    const config = {
      base: base.config,
      adapter: {
        kind: 'lora-mixture' as const,
        mixture: {
          experts: Array(base.config.layers).fill(2),
          rank: Array(base.config.layers).fill(2),
          alpha: 4,
          targets: ['q', 'k', 'v', 'o', 'fc1', 'fc2'] as const,
          router: { kind: 'dense', k: 1, share: 'site', balance: 0, zLoss: 0, init: 0.02 } as const,
          init: 0.02,
        },
      },
      head: { projection: 8, units: 20, temperature: 0.1 },
      trainMask: false,
    };
    const frozen = { ...config, adapter: { kind: 'none' as const } };
    const chooser = await weights.open(featureGraph(frozen, weights, [], [], base.head), { device: 'cpu' });
    const chosen = (await chooser.run({ features: speech }, { B: clips, T: frames })).baseUnits.data as BigInt64Array;
    await chooser.release();
    const logits = npy(own('single0_head_logits.npy')).data;
    chosen.forEach((unit, t) => {
      const row = Array.from(logits.subarray(t * 24 + 4, (t + 1) * 24));
      if (!isHalf(file)) expect(Number(unit)).toBe(4 + row.indexOf(Math.max(...row)));
      expect(Number(unit)).toBeGreaterThanOrEqual(4);
    });

    const masked = Array.from({ length: frames }, (_, t) => t).filter((t) => t % 3 === 0);
    const mask = Float32Array.from({ length: frames }, (_, t) => (t % 3 === 0 ? 1 : 0));
    const learner = await HostLearner.open(config, base, weights, 7, { device: 'cpu' }, base.head);
    const batch = {
      clips,
      frames,
      speech,
      mask,
      masked: BigInt64Array.from(masked.map(BigInt)),
      labels: Float32Array.from(masked.map((t) => t % 20)),
      baseLabels: Float32Array.from(masked.map((t) => Number(chosen[t]))),
    };
    const before = await learner.evaluate(batch);
    const { loss } = await learner.accumulate(batch);
    const options = { betas: [0.9, 0.98], epsilon: 1e-6, weightDecay: 0.01, clipNorm: 1 } as const;
    expect(await learner.update({ adapter: 1e-3, head: 1e-3 }, options)).toBeGreaterThan(0);
    const after = await learner.evaluate(batch);
    expect(after.loss).toBeLessThan(before.loss);
    expect(Math.abs(before.loss - loss)).toBeLessThan(1e-5);
    const ownLoss = before.perFrame.ownHeadLoss.reduce((a, b) => a + b, 0) / masked.length;
    expect(ownLoss).toBeGreaterThan(0);
    expect(ownLoss).toBeLessThan(20 / 0.1);
    await learner.release();
  });
});
