import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { siteName } from '../../../sidecar/architecture/sites.ts';
import { timeBindings } from '../../../sidecar/architecture/time.ts';
import { floats } from '../../../sidecar/engine/session.ts';
import { HostLearner } from '../../../sidecar/learning/host-learner.ts';
import type { Batch } from '../../../sidecar/learning/learner.ts';
import { frontEndGraph } from '../../../sidecar/objectives/learnable.ts';
import { WeightFile } from '../../../sidecar/weights/file.ts';
import { npy, worstDifference } from '../../support/npy.ts';
import { fixtures, loadBase, scratch } from '../../support/reference.ts';

const at = (name: string) => fixtures('lora_moe_step', name);
const { dims, optimiser, losses_f64, grad_norms_before_clip_f64 } = JSON.parse(readFileSync(at('index.json'), 'utf8'));

/** The fixture's B [E, out, r] as our [out, E·r]. */
function upFrom({ shape: [experts, out, rank], data }: ReturnType<typeof npy>): Float32Array {
  const up = new Float32Array(data.length);
  for (let e = 0; e < experts; e++)
    for (let o = 0; o < out; o++)
      for (let r = 0; r < rank; r++) up[(o * experts + e) * rank + r] = data[(e * out + o) * rank + r];
  return up;
}

describe('the LoRA-mixture step', () => {
  let learner: HostLearner;
  let batch: Batch;
  /** The reference's tensor `moment` under our names. */
  const expected = (moment: string): Map<string, Float32Array> => {
    const map = new Map<string, Float32Array>();
    for (let layer = 0; layer < learner.config.base.layers; layer++)
      for (const target of ['fc1', 'fc2'] as const) {
        const site = siteName({ layer, target });
        const file = (part: string) => npy(at(`L${layer}_${target}_${part}.${moment}.npy`));
        map.set(`${site}.lora_A`, file('A').data);
        map.set(`${site}.lora_B`, upFrom(file('B')));
        map.set(`${site}.router`, file('Wg').data);
      }
    for (const [name, file] of [
      ['final_proj.weight', 'final_proj_weight'],
      ['final_proj.bias', 'final_proj_bias'],
      ['label_embs', 'label_embs'],
      ['masked_spec_embed', 'masked_spec_embed'],
    ])
      map.set(name, npy(at(`${file}.${moment}.npy`)).data);
    return map;
  };

  beforeAll(async () => {
    const base = loadBase(fixtures('hubert_tiny_base'));
    const file = WeightFile.prepare(base, scratch());
    const router = { kind: 'dense', k: 1, share: 'site', balance: 0, zLoss: 0, init: 0 } as const;
    const mixture = {
      experts: Array(base.config.layers).fill(dims.E),
      rank: Array(base.config.layers).fill(dims.rank),
      alpha: dims.alpha,
      targets: ['fc1', 'fc2'] as const,
      router,
      init: 0,
    };
    learner = await HostLearner.open(
      {
        base: base.config,
        adapter: { kind: 'lora-mixture', mixture },
        head: { projection: dims.proj, units: dims.K, temperature: dims.temperature },
        trainMask: true,
      },
      base,
      file,
      0,
      { device: 'cpu' },
    );
    for (const [name, data] of expected('init')) learner.parameters.view(name).set(data);

    const front = await file.open(frontEndGraph(base.config, file), { device: 'cpu' });
    const wave = npy(at('input_values.npy'));
    const out = await front.run(
      { wave: { data: wave.data, shape: [dims.B, 1, dims.samples] } },
      { B: dims.B, ...timeBindings(base.config, dims.samples) },
    );
    const mask = npy(at('mask.npy')).data;
    const labels = npy(at('labels.npy')).data;
    const masked = [...mask].flatMap((m, i) => (m ? [i] : []));
    batch = {
      clips: dims.B,
      frames: dims.T,
      speech: { data: floats(out.features), shape: [dims.B * dims.T, base.config.convDim.at(-1)!] },
      mask,
      masked: BigInt64Array.from(masked.map(BigInt)),
      labels: Float32Array.from(masked.map((i) => labels[i])),
    };
  });

  it('has the reference’s loss and every gradient', async () => {
    const { loss } = await learner.accumulate(batch);
    expect(Math.abs(loss - losses_f64.before_step1)).toBeLessThan(1e-5);
    const reference = expected('grad');
    expect([...reference.keys()].sort()).toEqual([...learner.parameters.names].sort());
    for (const [name, gradient] of reference) {
      const got = learner.parameters.view(name, learner.gradient);
      expect(got.length).toBe(gradient.length);
      gradient.forEach((g, i) => {
        if (Math.abs(got[i] - g) > 1e-5 + 1e-4 * Math.abs(g)) expect.fail(`${name}[${i}]: ${got[i]}, expected ${g}`);
      });
    }
    learner.gradient.fill(0);
  });

  it('makes the reference’s three AdamW steps', async () => {
    const options = {
      betas: optimiser.betas,
      epsilon: optimiser.eps,
      weightDecay: optimiser.weight_decay,
      clipNorm: 1,
    };
    const losses: number[] = [];
    for (const [i, expectedNorm] of (grad_norms_before_clip_f64 as number[]).entries()) {
      losses.push((await learner.accumulate(batch)).loss);
      const norm = await learner.update({ adapter: optimiser.lr, head: optimiser.lr }, options);
      expect(Math.abs(norm - expectedNorm)).toBeLessThan(1e-4);
      if (i !== 1)
        for (const [name, data] of expected(`after${i + 1}`))
          expect(worstDifference(learner.parameters.view(name), data), name).toBeLessThan(2e-5);
    }
    losses.push((await learner.evaluate(batch)).loss);
    const { before_step1, before_step2, before_step3, after_step3 } = losses_f64;
    for (const [i, reference] of [before_step1, before_step2, before_step3, after_step3].entries())
      expect(Math.abs(losses[i] - reference)).toBeLessThan(5e-5);
  });
});
