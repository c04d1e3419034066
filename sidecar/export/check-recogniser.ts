/** @file Whether an exported recogniser hears what ours does: a clip alone, and a shorter one padded beside it. */
import { join } from 'node:path';
import { framesOf } from '../architecture/time.ts';
import { normalise } from '../audio/index.ts';
import { floats, Session } from '../engine/session.ts';
import { FrozenStates } from '../evaluation/frozen-states.ts';
import { normals } from '../random.ts';
import { batchOf } from '../recognition/batch.ts';
import { logitFrames } from '../recognition/config.ts';
import type { Kept } from '../recognition/kept.ts';
import { Recogniser } from '../recognition/recogniser.ts';
import { relativeDifference, sound } from './check.ts';
import type { CheckClip } from './check-clip.ts';
import type { RecogniserForm } from './recogniser-graph.ts';
import type { Source } from './source.ts';

export interface RecogniserChecked {
  /** The largest difference over the largest value. */
  difference: number;
  /** Share of frames with the same likeliest symbol when speech comes at unit variance; where the base takes it as it is. */
  asNormalised?: number;
}

/** @throws UserError where a graph computes something else than our own recogniser */
export async function checkRecogniser(
  folder: string,
  files: Readonly<Record<RecogniserForm, string>>,
  source: Source,
  kept: Kept,
  { samples }: CheckClip,
): Promise<RecogniserChecked> {
  const waves = [samples, samples.subarray(0, Math.floor(0.6 * samples.length))];
  const expected = await ourLogits(source, kept, waves);
  const { vocabulary } = kept.config;
  let difference = 0;
  const compare = (found: Float32Array, own: Float32Array) => {
    difference = Math.max(difference, relativeDifference(found.subarray(0, own.length), own));
  };

  const alone = await Session.open(join(folder, files.waveform), compiled(['x']), { device: 'cpu' });
  let asNormalised: number | undefined;
  try {
    const read = async (wave: Float32Array) =>
      floats((await alone.run({ x: { data: wave, shape: [1, wave.length] } }, {})).logits);
    for (const [i, wave] of waves.entries()) {
      const found = await read(wave);
      if (found.length !== expected[i].length) difference = Number.POSITIVE_INFINITY;
      compare(found, expected[i]);
    }
    if (!source.base.normalise) asNormalised = sameSymbols(await read(normalise(samples)), expected[0], vocabulary);
  } finally {
    await alone.release();
  }

  const [long, short] = waves.map(({ length }) => length);
  // What pads the shorter one is anything but silence: none of it may be heard.
  const values = normals(2 * long, 1, 'padding');
  values.set(waves[0]);
  values.set(waves[1], long);
  const mask = new BigInt64Array(2 * long).fill(1n, 0, long + short);
  const padded = await Session.open(join(folder, files.padded), compiled(['x', 'attention_mask']), { device: 'cpu' });
  try {
    const shape = [2, long];
    const { logits } = await padded.run({ x: { data: values, shape }, attention_mask: { data: mask, shape } }, {});
    const found = floats(logits);
    for (const [i, own] of expected.entries()) {
      const row = found.subarray((i * found.length) / 2, ((i + 1) * found.length) / 2);
      compare(row, own);
      if (row.subarray(own.length).some((x) => x !== 0)) difference = Number.POSITIVE_INFINITY;
    }
  } finally {
    await padded.release();
  }
  return { difference: sound(difference, files.waveform, source), asNormalised };
}

const compiled = (inputs: string[]) => ({ inputs, outputs: ['logits'], shapeFeeds: [], derived: [] });

/** What our own recogniser makes of each waveform by itself, its own frames alone [frames · vocabulary]. */
async function ourLogits(source: Source, kept: Kept, waves: readonly Float32Array[]): Promise<Float32Array[]> {
  const { adapted, base, file } = source;
  const states = await FrozenStates.open(adapted, file, { device: 'cpu' });
  const recogniser = await Recogniser.reader(kept.config, kept.parameters, { device: 'cpu' });
  try {
    const all: Float32Array[] = [];
    for (const wave of waves) {
      const frames = framesOf(base.config, wave.length);
      const hidden = await states.of(base.normalise ? normalise(wave) : wave);
      const { logits } = await recogniser.read(batchOf([{ id: '', frames, hidden }], kept.config));
      all.push(logits.slice(0, logitFrames(frames) * kept.config.vocabulary));
    }
    return all;
  } finally {
    await states.release();
    await recogniser.release();
  }
}

function sameSymbols(a: Float32Array, b: Float32Array, vocabulary: number): number {
  const likeliest = (logits: Float32Array, frame: number) => {
    const row = logits.subarray(frame * vocabulary, (frame + 1) * vocabulary);
    return row.indexOf(Math.max(...row));
  };
  const frames = b.length / vocabulary;
  let same = 0;
  for (let frame = 0; frame < frames; frame++) if (likeliest(a, frame) === likeliest(b, frame)) same++;
  return same / frames;
}
