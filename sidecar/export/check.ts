/** @file Whether what was written computes what the run's own model does: a clip alone, and a shorter one padded beside it. */
import { join } from 'node:path';
import { framesOf } from '../architecture/time.ts';
import { normalise } from '../audio/index.ts';
import type { Compiled } from '../engine/compile.ts';
import { floats, Session } from '../engine/session.ts';
import { UserError } from '../errors.ts';
import { adaptedBase, FrozenStates } from '../evaluation/frozen-states.ts';
import { loadBase } from '../model/checkpoint/base.ts';
import { normals } from '../random.ts';
import { WeightFile } from '../weights/file.ts';
import type { CheckClip } from './check-clip.ts';
import type { Source } from './source.ts';

/** Of the largest value: ten times what two runtimes differ by in float32. */
const LIMIT = 1e-4;

/** The largest difference over the largest value; what is no number differs infinitely. */
export function relativeDifference(found: Float32Array, expected: Float32Array): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(found[i] - expected[i]);
    if (!(difference <= most)) most = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  return most === 0 ? 0 : most / largest;
}

/** What the run's own model makes of a waveform: of each wanted state [frames, hidden]. */
async function ourStates(source: Source, waves: readonly Float32Array[], wanted: readonly number[]) {
  const states = await FrozenStates.open(source.adapted, source.file, { device: 'cpu' }, wanted);
  try {
    const all: Float32Array[][] = [];
    for (const wave of waves) {
      const data = await states.of(wave);
      const each = data.length / wanted.length;
      all.push(wanted.map((_, i) => data.subarray(i * each, (i + 1) * each)));
    }
    return all;
  } finally {
    await states.release();
  }
}

const prepared = (source: Source, samples: Float32Array) => (source.base.normalise ? normalise(samples) : samples);

/**
 * @param file the written model.onnx
 * @param outputs the model's hidden states by name, each with the layer that it must be
 * @returns the largest difference over the largest value. @throws UserError where that is too large
 */
export async function checkEncoder(
  file: string,
  source: Source,
  { samples }: CheckClip,
  outputs: Readonly<Record<string, number>>,
): Promise<number> {
  const { config } = source.base;
  const waves = [samples, samples.subarray(0, Math.floor(0.6 * samples.length))].map((part) => prepared(source, part));
  const [long, short] = waves.map(({ length }) => length);
  // What pads the shorter one is anything but silence: none of it may be heard.
  const values = normals(2 * long, 1, 'padding');
  values.set(waves[0]);
  values.set(waves[1], long);
  const mask = new BigInt64Array(2 * long).fill(1n, 0, long + short);
  const names = Object.keys(outputs);
  const compiled: Omit<Compiled, 'bytes'> = {
    inputs: ['input_values', 'attention_mask'],
    outputs: names,
    shapeFeeds: [],
    derived: [],
  };
  const session = await Session.open(file, compiled, { device: 'cpu' });
  let found: Record<string, Float32Array>;
  try {
    const shape = [2, long];
    const out = await session.run({ input_values: { data: values, shape }, attention_mask: { data: mask, shape } }, {});
    found = Object.fromEntries(names.map((name) => [name, floats(out[name])]));
  } finally {
    await session.release();
  }
  const expected = await ourStates(source, waves, Object.values(outputs));
  let most = 0;
  for (const [i, name] of names.entries())
    for (const [clip, wave] of waves.entries()) {
      const each = found[name].length / 2;
      const own = framesOf(config, wave.length) * config.hidden;
      const row = found[name].subarray(clip * each, clip * each + own);
      most = Math.max(most, relativeDifference(row, expected[clip][i]));
    }
  return sound(most, 'model.onnx', source);
}

/** The same of a folder that was merged: read anew, with no adapter. */
export async function checkMerged(folder: string, source: Source, { samples }: CheckClip): Promise<number> {
  const wave = prepared(source, samples);
  const wanted = Array.from({ length: source.base.config.layers + 1 }, (_, layer) => layer);
  const [expected] = await ourStates(source, [wave], wanted);
  const base = loadBase(folder);
  const file = WeightFile.prepare(base, join(folder, '.check'));
  const merged = { ...source, base, file, adapted: adaptedBase(base) };
  const [found] = await ourStates(merged, [wave], wanted);
  return sound(
    Math.max(...wanted.map((_, i) => relativeDifference(found[i], expected[i]))),
    'model.safetensors',
    source,
  );
}

export function sound(difference: number, name: string, { adapted }: Source): number {
  if (difference <= LIMIT) return difference;
  const { adapter } = adapted.config;
  // Where two gates tie but for rounding, a frame goes to one expert in one runtime and to the other in the next.
  const tie = adapter.kind === 'lora-mixture' && adapter.mixture.router.kind === 'top-k';
  throw new UserError({
    code: 'export.check',
    tried: `check ${name}`,
    why: `it computes something else than the run's model: ${difference.toExponential(1)} of the largest value, where ${LIMIT} is allowed. It was removed.`,
    cure: `${tie ? 'Of a top-k router it may be a frame whose gates tie; else this' : 'This'} is a fault of MiLorE, or of the runtime on this machine: please report it with the base model’s name.`,
  });
}
