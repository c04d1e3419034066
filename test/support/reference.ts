import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { timeBindings } from '../../sidecar/architecture/time.ts';
import { Graph } from '../../sidecar/engine/graph.ts';
import { floats } from '../../sidecar/engine/session.ts';
import { type BaseModel, loadBase } from '../../sidecar/model/checkpoint/base.ts';
import { applyMask, frontEnd, maskInput, project } from '../../sidecar/model/families/front-end.ts';
import { encode } from '../../sidecar/model/families/transformer.ts';
import { WeightFile } from '../../sidecar/weights/file.ts';

export const fixtures = (...parts: string[]) => join(resolve(process.env.MILORE_FIXTURES ?? 'test/fixtures'), ...parts);
/** Fixtures that this repository makes itself, each with its script: they are where it is. */
export const ownFixtures = (...parts: string[]) => resolve(import.meta.dirname, '../fixtures', ...parts);
export const scratch = () => mkdtempSync(join(tmpdir(), 'milore-test-'));

/** Everything that the reference numbers name, computed by the product's own graphs. */
export async function forward(base: BaseModel, wave: Float32Array, mask?: Float32Array, batch = 1) {
  const file = WeightFile.prepare(base, scratch());
  const graph = new Graph();
  const weights = file.source(graph);
  const features = frontEnd(base.config, weights, graph.input('wave', ['B', 1, 'S']));
  const projected = project(base.config, weights, features);
  const states = encode(base.config, weights, mask ? applyMask(weights, projected, maskInput(graph)) : projected);
  const outputs = Object.fromEntries(states.map((state, i) => [`hidden${i}`, state]));
  const session = await file.open({ features, projected, ...outputs }, { device: 'cpu' });
  const samples = wave.length / batch;
  const out = await session.run(
    {
      wave: { data: wave, shape: [batch, 1, samples] },
      ...(mask ? { mask: { data: mask, shape: [mask.length, 1] } } : {}),
    },
    { B: batch, ...timeBindings(base.config, samples) },
  );
  await session.release();
  return {
    features: floats(out.features),
    projected: floats(out.projected),
    hidden: states.map((_, i) => floats(out[`hidden${i}`])),
  };
}

export { loadBase };
