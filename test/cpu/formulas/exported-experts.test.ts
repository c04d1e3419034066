import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  compile,
  encode,
  type Feed,
  featureInput,
  floats,
  Graph,
  HostLearner,
  type LearnableConfig,
  type MixtureConfig,
  mixtureHook,
  normals,
  openSafetensors,
  parameterSpecs,
  project,
  Session,
  saveAdapter,
  type Value,
  WeightFile,
} from '../../support/product.ts';
import { fixtures, loadBase, scratch } from '../../support/reference.ts';

const base = loadBase(fixtures('hubert_tiny_base'));
const file = WeightFile.prepare(base, scratch());
const { hidden, feedForward } = base.config;
const FRAMES = 6;
const EXPERTS = [3, 4, 2];
const RANK = [2, 1, 3];
const ALPHA = 5;
const PROJECTION = {
  q: 'attention.q_proj',
  o: 'attention.out_proj',
  fc1: 'feed_forward.intermediate_dense',
  fc2: 'feed_forward.output_dense',
} as const;
type Target = keyof typeof PROJECTION;

const kinds: [string, Partial<MixtureConfig['router']>, number?][] = [
  ['a dense router a site', { kind: 'dense', share: 'site' }],
  ['a top-2 router a site', { kind: 'top-k', k: 2, share: 'site' }],
  ['a top-2 router a block', { kind: 'top-k', k: 2, share: 'block' }],
  ['a dense router a site beside a shared expert', { kind: 'dense', share: 'site' }, 1],
  ['a top-2 router a block beside two shared experts', { kind: 'top-k', k: 2, share: 'block' }, 2],
];

/** W [rows, width] · x [width], in double precision. */
const times = (w: ArrayLike<number>, x: ArrayLike<number>): number[] =>
  Array.from({ length: w.length / x.length }, (_, r) => {
    let sum = 0;
    for (let d = 0; d < x.length; d++) sum += w[r * x.length + d] * x[d];
    return sum;
  });

function gatesByHand(logits: number[], { kind, k = 1 }: Partial<MixtureConfig['router']>): number[] {
  const e = logits.map(Math.exp);
  const kept = kind === 'top-k' ? [...e].sort((a, b) => b - a)[k - 1] : 0;
  const chosen = e.map((p) => (p >= kept ? p : 0));
  const total = chosen.reduce((a, b) => a + b, 0);
  return chosen.map((p) => p / total);
}

it.each(kinds)('every expert in the file is the one that the model applies: %s', async (_, router, shared) => {
  const config: LearnableConfig = {
    base: base.config,
    adapter: {
      kind: 'lora-mixture',
      mixture: {
        experts: EXPERTS,
        rank: RANK,
        shared,
        alpha: ALPHA,
        targets: ['q', 'o', 'fc1', 'fc2'],
        router: { kind: 'dense', k: 1, share: 'site', balance: 0, zLoss: 0, init: 0.5, ...router },
        init: 0.5,
      },
    },
    head: { projection: 4, units: 5, temperature: 0.1 },
    trainMask: false,
  };
  // A trained model's numbers: no two experts alike.
  const learner = await HostLearner.open(config, base, file, 3, { device: 'cpu' });
  const { parameters } = learner;
  for (const name of parameters.names)
    parameters.view(name).set(normals(parameters.view(name).length, 9, name).map((x) => 0.2 * x));
  const folder = scratch();
  saveAdapter(folder, config, parameters, { baseHash: base.hash, version: 'test' });

  // What the model's own hook makes of the input of each projection, and those inputs.
  const graph = new Graph();
  const frozen = file.source(graph);
  const feeds: Record<string, Feed> = {};
  const shapes = new Map(parameterSpecs(config, base.weights).map(({ name, shape }) => [name, shape]));
  const { hook } = mixtureHook(graph, (config.adapter as { mixture: MixtureConfig }).mixture, (name) => {
    feeds[name] = { data: parameters.view(name), shape: shapes.get(name)! };
    return graph.input(name, shapes.get(name)!);
  });
  const seen: Record<string, Value> = {};
  const features = featureInput(graph, base.config);
  encode(base.config, frozen, project(base.config, frozen, features), (site, x, before, block) => {
    const y = hook(site, x, before, block);
    const name = `${site.layer}.${site.target}`;
    if (site.target in PROJECTION)
      Object.assign(seen, { [`${name}.x`]: x, [`${name}.y`]: y, [`${name}.block`]: block });
    return y;
  });
  const session = await file.open(seen, { device: 'cpu' });
  const width = base.config.convDim.at(-1)!;
  const speech = { data: normals(FRAMES * width, 4, 'speech'), shape: [FRAMES, width] };
  const out = await session.run({ ...feeds, features: speech }, { B: 1, T: FRAMES });
  await session.release();
  await learner.release();

  const adapter = openSafetensors(join(folder, 'adapter_model.safetensors'));
  const read = (layer: number, rest: string) =>
    adapter.float32(`base_model.model.encoder.layers.${layer}.${rest}.weight`);
  for (const layer of [0, 1, 2])
    for (const [target, projection] of Object.entries(PROJECTION) as [Target, string][]) {
      const row = (part: string, t: number) => {
        const all = floats(out[`${layer}.${target}.${part}`]);
        return all.subarray((t * all.length) / FRAMES, ((t + 1) * all.length) / FRAMES);
      };
      const weight = base.weights.get(`encoder.layers.${layer}.${projection}.weight`)!.data;
      const bias = base.weights.get(`encoder.layers.${layer}.${projection}.bias`)!.data;
      expect(row('x', 0).length).toBe(target === 'fc2' ? feedForward : hidden);
      for (let t = 0; t < FRAMES; t++) {
        const x = row('x', t);
        const logits =
          router.share === 'block'
            ? times(read(layer, 'router'), row('block', t))
            : times(read(layer, `${projection}.router`), x);
        const gates = gatesByHand(logits, router);
        const y = times(weight, x).map((value, i) => value + bias[i]);
        // Those that are always on follow the others.
        const all = [...gates, ...new Array<number>(shared ?? 0).fill(1)];
        all.forEach((gate, e) => {
          const low = times(read(layer, `${projection}.lora_A.${e}`), x);
          times(read(layer, `${projection}.lora_B.${e}`), low).forEach((up, i) => {
            y[i] += (ALPHA / RANK[layer]) * gate * up;
          });
        });
        const got = row('y', t);
        const largest = Math.max(...y.map(Math.abs));
        for (const [i, value] of y.entries())
          expect(Math.abs(got[i] - value) / largest, `layer ${layer}, ${target}, frame ${t}`).toBeLessThan(2e-5);
      }
    }
  adapter.close();
});

it('keeps the first experts where gates are equal, as those of a router at zero are', async () => {
  const graph = new Graph();
  const mixture: MixtureConfig = {
    experts: [4],
    rank: [1],
    alpha: 1,
    targets: ['q'],
    router: { kind: 'top-k', k: 2, share: 'site', balance: 0, zLoss: 0, init: 0 },
    init: 0,
  };
  const shapes: Record<string, number[]> = { lora_A: [4, 3], lora_B: [2, 4], router: [4, 3] };
  const shapeOf = (name: string) => shapes[name.split('.').at(-1)!];
  const { hook, routing } = mixtureHook(graph, mixture, (name) => {
    const shape = shapeOf(name);
    return graph.constant(new Float32Array(shape[0] * shape[1]), shape);
  });
  const x = graph.input('x', ['B*T', 3]);
  hook({ layer: 0, target: 'q' }, x, graph.input('frozen', ['B*T', 2]), x);
  const { bytes, ...compiled } = compile({ gates: routing().gates[0].gates }, 'cpu');
  const session = await Session.open(bytes, compiled, { device: 'cpu' });
  const out = await session.run({ x: { data: Float32Array.of(1, 2, 3), shape: [1, 3] } }, { B: 1, T: 1 });
  await session.release();
  expect([...floats(out.gates)]).toEqual([0.5, 0.5, 0, 0]);
});
