/** Real runs of seconds, watched where batches enter the learners, and worked out again from the files they leave. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type Batch,
  featureGraph,
  floats,
  HostLearner,
  loadExperiment,
  openFeatures,
  openSafetensors,
  runExperiment,
  VERSION,
  WeightFile,
} from '../../support/product.ts';
import { loadBase } from '../../support/reference.ts';
import { tinyWorkspace } from '../../support/tiny.ts';

const { root, experiment: file } = tinyWorkspace();
const cache = join(root, '.milore', 'cache');
const LAYER = 2;
const settings = [
  'training.steps=4',
  'training.accumulate=2',
  'training.warmupFraction=0.5',
  'training.learningRate=0.001',
  'training.headLearningRate=0.004',
  'evaluation.every=2',
  'log.every=1',
  'head.warmupSteps=0',
  `units.layer=${LAYER}`,
  'units.seed=11',
];

interface Call {
  learner: HostLearner;
  batch: Batch;
  weight: number;
}
interface Watched {
  folder: string;
  trained: Call[];
  evaluated: Call[];
  updates: { learner: HostLearner; rates: { adapter: number; head: number } }[];
}

async function started(overrides: string[], more: Partial<Parameters<typeof runExperiment>[0]> = {}) {
  const { experiment, text } = await loadExperiment(file, [...settings, ...overrides]);
  return runExperiment({
    root,
    experiment,
    configText: text,
    device: 'cpu',
    version: VERSION,
    onEvent: () => {},
    signal: new AbortController().signal,
    ...more,
  });
}

/** A run with everything that its learners were given. */
async function watched(overrides: string[]): Promise<Watched> {
  const spies = {
    accumulate: vi.spyOn(HostLearner.prototype, 'accumulate'),
    evaluate: vi.spyOn(HostLearner.prototype, 'evaluate'),
    update: vi.spyOn(HostLearner.prototype, 'update'),
  };
  const { run } = await started(overrides);
  const calls = ({ mock }: (typeof spies)['accumulate']): Call[] =>
    mock.calls.map(([batch, weight = 1], i) => ({ learner: mock.contexts[i] as HostLearner, batch, weight }));
  const result: Watched = {
    folder: run.path,
    trained: calls(spies.accumulate),
    evaluated: calls(spies.evaluate as unknown as (typeof spies)['accumulate']),
    updates: spies.update.mock.calls.map(([rates], i) => ({
      learner: spies.update.mock.contexts[i] as HostLearner,
      rates: { ...rates },
    })),
  };
  for (const spy of Object.values(spies)) spy.mockRestore();
  return result;
}

const isControl = ({ learner }: { learner: HostLearner }) => learner.config.adapter.kind === 'none';
const isAdapted = (call: { learner: HostLearner }) => !isControl(call);
/** Rows of a batch's features, one text a frame. */
function* frameKeys({ speech }: Batch) {
  const [rows, width] = speech.shape;
  for (let r = 0; r < rows; r++)
    yield Buffer.from(new Uint8Array((speech.data as Float32Array).slice(r * width, (r + 1) * width).buffer)).toString(
      'base64',
    );
}

describe('a run', () => {
  let run: Watched;
  beforeAll(async () => {
    run = await watched([]);
  });
  afterAll(() => vi.restoreAllMocks());

  it('trains control and adapted model on the same batches, masks, labels and weights', () => {
    const [adapted, control] = [run.trained.filter(isAdapted), run.trained.filter(isControl)];
    expect(adapted.length).toBeGreaterThanOrEqual(8);
    expect(control.length).toBe(adapted.length);
    for (const [i, { batch, weight }] of adapted.entries()) {
      expect(control[i].weight).toBe(weight);
      expect(control[i].batch.speech.data).toEqual(batch.speech.data);
      expect(control[i].batch.mask).toEqual(batch.mask);
      expect(control[i].batch.labels).toEqual(batch.labels);
    }
  });

  it('sums the gradients of a step’s batches with weights that make one', () => {
    // Four steps: the weights of each add up to 1, so all of them to 4.
    const total = run.trained.filter(isAdapted).reduce((sum, { weight }) => sum + weight, 0);
    expect(total).toBeCloseTo(4, 9);
    expect(run.trained.every(({ weight }) => weight < 1)).toBe(true);
  });

  it('updates both at the rates of the schedule, the head’s its own', () => {
    // Of 4 steps 2 warm up: ½, 1, then ½ and 0 of the peaks 0.001 and 0.004.
    const factors = [0.5, 1, 0.5, 0];
    const adapted = run.updates.filter(isAdapted).map(({ rates }) => rates);
    expect(adapted).toHaveLength(4);
    factors.forEach((factor, i) => {
      expect(adapted[i].adapter).toBeCloseTo(0.001 * factor, 12);
      expect(adapted[i].head).toBeCloseTo(0.004 * factor, 12);
    });
    expect(run.updates.filter(isControl).map(({ rates }) => rates.head)).toEqual(adapted.map(({ head }) => head));
  });

  it('hides frames of the crops that it logs, each labelled with the unit of that very frame', async () => {
    const lines = readFileSync(join(run.folder, 'batches.jsonl'), 'utf8').trim().split('\n');
    const crops = lines.flatMap(
      (line): { hash: string; start: number; frames: number }[] => JSON.parse(line).seen ?? [],
    );
    const base = loadBase((await loadExperiment(file)).experiment.base.model);
    const { hidden } = base.config;
    const weights = WeightFile.prepare(base, cache);
    const store = openFeatures('float16', base, weights, cache);
    const { width } = store;
    const config = {
      base: base.config,
      adapter: { kind: 'none' as const },
      head: { projection: 1, units: 1, temperature: 1 },
      trainMask: false,
    };
    const states = await weights.open(featureGraph(config, weights, [], [LAYER]), { device: 'cpu' });
    const centroids = centroidsOf(run.folder);
    expect(centroids.length).toBe(20 * hidden);
    /** Squared distance of a state to each centroid. */
    const distances = (state: Float32Array) =>
      Array.from({ length: 20 }, (_, k) => state.reduce((sum, x, d) => sum + (x - centroids[k * hidden + d]) ** 2, 0));

    let at = 0;
    let starts = 0;
    let asked = 0;
    for (const { batch } of run.trained.filter(isAdapted)) {
      let label = 0;
      for (let b = 0; b < batch.clips; b++) {
        const { hash, start, frames } = crops[at++];
        starts += start > 0 ? 1 : 0;
        expect(frames).toBe(batch.frames);
        const whole = store.read(hash);
        const rows = (batch.speech.data as Float32Array).subarray(b * frames * width, (b + 1) * frames * width);
        expect(rows).toEqual(whole.slice(start * width, (start + frames) * width));
        const length = whole.length / width;
        const feeds = { features: { data: whole, shape: [length, width] } };
        const all = floats((await states.run(feeds, { B: 1, T: length }))[`hidden:${LAYER}`]);
        for (let t = 0; t < frames; t++) {
          if (!batch.mask[b * frames + t]) continue;
          expect(Number(batch.masked[label])).toBe(b * frames + t);
          const near = distances(all.subarray((start + t) * hidden, (start + t + 1) * hidden));
          // Where two centroids are as near to a hair, either is right.
          expect(near[batch.labels[label]] / Math.min(...near)).toBeLessThan(1 + 1e-3);
          label++;
          asked++;
        }
      }
      expect(label).toBe(batch.labels.length);
    }
    expect(at).toBe(crops.length);
    // Enough crops begin inside their clip, and enough frames were asked, that a shift could not hide.
    expect(starts).toBeGreaterThan(3);
    expect(asked).toBeGreaterThan(300);
    await states.release();
    store.close();
  });

  it('never trains on a frame that is held out', () => {
    const heldOut = new Set(run.evaluated.flatMap(({ batch }) => [...frameKeys(batch)]));
    expect(heldOut.size).toBeGreaterThan(200);
    for (const { batch } of run.trained) for (const key of frameKeys(batch)) expect(heldOut.has(key)).toBe(false);
  });

  it('measures both on the same held-out frames at every measurement, and another seed on the same again', async () => {
    const measured = (watched: Watched) => {
      const [adapted, control] = [watched.evaluated.filter(isAdapted), watched.evaluated.filter(isControl)];
      const what = ({ batch }: Call) => [[...batch.mask].join(''), [...frameKeys(batch)].join()];
      expect(control.map(what)).toEqual(adapted.map(what));
      // Before the first step, at the second, and at the last.
      const each = adapted.length / 3;
      const first = adapted.slice(0, each).map(what);
      for (const again of [1, 2]) expect(adapted.slice(again * each, (again + 1) * each).map(what)).toEqual(first);
      return first;
    };
    const first = measured(run);
    expect(first.some(([mask]) => /01+0/.test(mask))).toBe(true);
    expect(measured(await watched(['seed=99']))).toEqual(first);
  });

  it('goes on from a checkpoint bit for bit, moments and draws included', async () => {
    const stop = new AbortController();
    const { run: half, state } = await started([], {
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'metrics' && event.step === 2) stop.abort();
      },
    });
    expect(state).toBe('stopped');
    await started([], { resume: half.path });
    const adapter = (folder: string) => readFileSync(join(folder, 'adapter', 'adapter_model.safetensors'));
    expect(adapter(half.path).equals(adapter(run.folder))).toBe(true);
  });
});

/** The centroids that the run's labels were made with: the run's own copy, or the only ones in the cache. */
function centroidsOf(folder: string): Float32Array {
  const places = [folder, join(cache, 'units')].filter(existsSync);
  const files = places.flatMap((place) => readdirSync(place).map((name) => join(place, name)));
  for (const path of files.filter((name) => name.endsWith('.safetensors'))) {
    const tensors = openSafetensors(path);
    const data = tensors.has('centroids') ? tensors.float32('centroids') : undefined;
    tensors.close();
    if (data) return data;
  }
  throw new Error('no centroids');
}
