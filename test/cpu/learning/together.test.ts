import { expect, it, vi } from 'vitest';
import { Session } from '../../../sidecar/engine/session.ts';
import { openLearner, openLearners } from '../../../sidecar/learning/open-learner.ts';
import { accumulateTogether, evaluateTogether } from '../../../sidecar/learning/together.ts';
import { WeightFile } from '../../../sidecar/weights/file.ts';
import { scratch } from '../../support/reference.ts';
import { noiseBatch, tinyBase, tinyConfig } from '../../support/tiny-model.ts';

const base = tinyBase();
const file = WeightFile.prepare(base, scratch());
const adapted = tinyConfig(base);
const models = [{ config: adapted }, { config: { ...adapted, adapter: { kind: 'none' } as const } }];
const width = base.config.convDim.at(-1)!;
const adam = { betas: [0.9, 0.98], epsilon: 1e-6, weightDecay: 0.01, clipNorm: 1 } as const;

it('what arms compute together is, bit for bit, what each computes alone, step after step', async () => {
  const together = await openLearners(models, base, file, 1, { device: 'cpu' });
  const alone = [];
  for (const { config } of models) alone.push(await openLearner(config, base, file, 1, { device: 'cpu' }));
  const runs = vi.spyOn(Session.prototype, 'run');
  for (let step = 0; step < 3; step++) {
    // Other shapes each time: one graph is for all.
    const batch = noiseBatch(width, `step ${step}`, 2 + step, 40 + 10 * step);
    runs.mockClear();
    const ours = await accumulateTogether(together, batch, 0.5);
    expect(runs).toHaveBeenCalledTimes(1);
    for (const [i, learner] of alone.entries()) {
      expect(ours[i]).toEqual(await learner.accumulate(batch, 0.5));
      expect(await together[i].readGradient()).toEqual(await learner.readGradient());
    }
    for (const learner of [...together, ...alone]) await learner.update({ adapter: 0.01, head: 0.01 }, adam);
    const measured = await evaluateTogether(together, batch);
    for (const [i, learner] of alone.entries()) expect(measured[i]).toEqual(await learner.evaluate(batch));
  }
  for (const learner of [...together, ...alone]) await learner.release();
});

it('a part is taken once, and another batch is computed anew', async () => {
  const [first, second] = await openLearners(models, base, file, 1, { device: 'cpu' });
  const [one, other] = [noiseBatch(width, 'one'), noiseBatch(width, 'other')];
  await accumulateTogether([first, second], one);
  const before = await first.readGradient();
  first.discard();
  // Only the first asks, and for a batch that nobody computed for it.
  await first.accumulate(other);
  expect(await first.readGradient()).not.toEqual(before);
  first.discard();
  await first.accumulate(one);
  expect(await first.readGradient()).toEqual(before);
  await first.release();
  await second.release();
});

it('what rests computes again when it is asked', async () => {
  const learners = await openLearners(models, base, file, 1, { device: 'cpu' });
  const batch = noiseBatch(width);
  const before = await evaluateTogether(learners, batch);
  for (const learner of learners) await learner.rest();
  expect(await evaluateTogether(learners, batch)).toEqual(before);
  for (const learner of learners) await learner.release();
});
