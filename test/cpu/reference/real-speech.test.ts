import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { timeBindings } from '../../../sidecar/architecture/time.ts';
import { Graph } from '../../../sidecar/engine/graph.ts';
import { floats } from '../../../sidecar/engine/session.ts';
import { readHead } from '../../../sidecar/model/checkpoint/head.ts';
import { applyMask, frontEnd, maskInput, project } from '../../../sidecar/model/families/front-end.ts';
import { encode } from '../../../sidecar/model/families/transformer.ts';
import { maskedPrediction } from '../../../sidecar/objectives/masked-prediction.ts';
import { WeightFile } from '../../../sidecar/weights/file.ts';
import { npy } from '../../support/npy.ts';
import { loadBase, scratch } from '../../support/reference.ts';

// These numbers need the real speech and the small base, which lie beside the repository, not in it.
const shared = resolve(process.env.MILORE_SHARED ?? '../shared');
const golden = (...parts: string[]) => join(shared, 'fixtures', 'mini_continual', ...parts);
const model = join(shared, 'models', 'mini-eng-cmn');
const here = existsSync(golden('expected.json')) && existsSync(model);

describe.skipIf(!here)('held-out real speech (skipped where shared/ is not beside the repository)', () => {
  const expected = here ? JSON.parse(readFileSync(golden('expected.json'), 'utf8')) : {};
  for (const language of Object.keys(expected))
    it(`gives the golden losses for ${language}`, async () => {
      const base = loadBase(model);
      const wave = npy(golden(`${language}_wave.npy`));
      const mask = npy(golden(`${language}_mask.npy`)).data;
      const [clips, samples] = wave.shape;
      const masked = [...mask].flatMap((m, i) => (m ? [i] : []));
      expect(masked.length).toBe(expected[language].masked_frames);
      const file = WeightFile.prepare(base, scratch());
      for (const [name, suffix] of [
        ['head0', ''],
        ['head_it2', '_it2'],
      ]) {
        const loss = expected[language][`${name}_loss`];
        if (loss === undefined) continue;
        const head = readHead(join(model, `${name}.safetensors`), base.config.hidden);
        const graph = new Graph();
        const weights = file.source(graph);
        const features = frontEnd(base.config, weights, graph.input('wave', ['B', 1, 'S']));
        const projected = applyMask(weights, project(base.config, weights, features), maskInput(graph));
        const tensors: Record<string, ReturnType<Graph['constant']>> = {
          'final_proj.weight': graph.constant(head.projectionWeight, [head.projection, base.config.hidden]),
          'final_proj.bias': graph.constant(head.projectionBias, [head.projection]),
          label_embs: graph.constant(head.embeddings, [head.units, head.projection]),
        };
        const { measures } = maskedPrediction(head).build(
          encode(base.config, weights, projected).at(-1)!,
          (n) => tensors[n],
        );
        const session = await file.open(measures, { device: 'cpu' });
        const units = npy(golden(`${language}_units${suffix}.npy`)).data;
        const out = await session.run(
          {
            wave: { data: wave.data, shape: [clips, 1, samples] },
            mask: { data: mask, shape: [mask.length, 1] },
            masked: { data: BigInt64Array.from(masked, BigInt), shape: [masked.length, 1] },
            labels: { data: Float32Array.from(masked, (i) => units[i]), shape: [masked.length, 1] },
          },
          { B: clips, M: masked.length, ...timeBindings(base.config, samples) },
        );
        const mean = (values: Float32Array) => values.reduce((a, b) => a + b, 0) / values.length;
        expect(Math.abs(mean(floats(out.nll)) - loss)).toBeLessThan(1e-3);
        const accuracy = expected[language][`${name}_acc`];
        if (accuracy !== undefined) expect(Math.abs(mean(floats(out.correct)) - accuracy)).toBeLessThan(2e-3);
        await session.release();
      }
    });
});
