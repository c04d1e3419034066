import { describe, expect, it } from 'vitest';
import { assemble, type Sources } from '../../../sidecar/learning/batch.ts';
import { dropoutMask } from '../../../sidecar/learning/dropout.ts';
import { openLearner } from '../../../sidecar/learning/open-learner.ts';
import type { LearnableConfig } from '../../../sidecar/model/config.ts';
import { normals } from '../../../sidecar/random.ts';
import { WeightFile } from '../../../sidecar/weights/file.ts';
import { fixtures, loadBase, scratch } from '../../support/reference.ts';

describe('dropout', () => {
  it('leaves out the share that was asked, keeps the mean, and is drawn by its key', () => {
    const mask = dropoutMask(100_000, 0.3, 'site', 1);
    expect(mask.filter((x) => x === 0).length / mask.length).toBeCloseTo(0.3, 2);
    expect(mask.reduce((a, b) => a + b, 0) / mask.length).toBeCloseTo(1, 2);
    expect(dropoutMask(100, 0.3, 'site', 1)).toEqual(mask.slice(0, 100));
    expect(dropoutMask(100, 0.3, 'site', 2)).not.toEqual(mask.slice(0, 100));
  });

  it.each([
    ['site', 2],
    ['block', 2],
    ['site', 1],
  ] as const)(
    'touches what enters the experts alone, in training alone: router a %s, %d experts',
    async (share, experts) => {
      const base = loadBase(fixtures('hubert_tiny_base'));
      const width = base.config.convDim.at(-1)!;
      const sources: Sources = {
        features: { width, read: () => normals(60 * width, 'x') },
        units: () => Uint16Array.from({ length: 60 }, (_, t) => t % 20),
      };
      const mask = Uint8Array.from({ length: 60 }, (_, t) => (t < 30 ? 1 : 0));
      const batch = { ...assemble([{ hash: 'x', start: 0, mask }], 60, sources), key: [1] };
      const file = WeightFile.prepare(base, scratch());
      const of = (dropout: number) => {
        const router = { kind: 'dense', k: 2, share, balance: 0, zLoss: 0, init: 0.02 } as const;
        const all = (n: number) => [n, n, n];
        const mixture = {
          experts: all(experts),
          rank: all(2),
          alpha: 4,
          targets: ['q', 'fc2'] as const,
          router,
          init: 0.1,
          dropout,
        };
        const head = { projection: 16, units: 20, temperature: 0.1 };
        const config: LearnableConfig = {
          base: base.config,
          adapter: { kind: 'lora-mixture', mixture },
          head,
          trainMask: false,
        };
        return openLearner(config, base, file, 1, { device: 'cpu' });
      };
      const [without, withIt] = [await of(0), await of(0.5)];
      // B is zero: what enters the experts changes nothing, and the frozen path is not touched.
      expect((await withIt.accumulate(batch)).loss).toBe((await without.accumulate(batch)).loss);
      for (const learner of [without, withIt]) {
        learner.discard();
        for (const name of learner.parameters.names.filter((one) => one.endsWith('.lora_B')))
          learner.parameters.view(name).set(normals(learner.parameters.view(name).length, name));
        await learner.push();
      }
      const plain = await without.accumulate(batch);
      const dropped = await withIt.accumulate(batch);
      expect(dropped.loss).not.toBe(plain.loss);
      expect((await withIt.accumulate(batch)).loss).toBe(dropped.loss);
      expect((await withIt.accumulate({ ...batch, key: [2] })).loss).not.toBe(dropped.loss);
      // The first site with experts reads the same frames in both: its router has not been dropped from.
      if (experts > 1)
        expect([...dropped.gates!.slice(0, experts)]).toEqual(
          [...plain.gates!.slice(0, experts)].map((g) => expect.closeTo(g, 5)),
        );
      // An evaluation drops nothing.
      expect((await withIt.evaluate(batch)).loss).toBeCloseTo((await without.evaluate(batch)).loss, 6);
      await without.release();
      await withIt.release();
    },
  );
});
