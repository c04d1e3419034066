/** @file What MiLorE itself computes of a waveform: the base with an adapter, every hidden state. */
import { framesOf } from '../../sidecar/architecture/time.ts';
import { adaptedBase, FrozenStates } from '../../sidecar/evaluation/frozen-states.ts';
import { loadBase } from '../../sidecar/model/checkpoint/base.ts';
import { normals } from '../../sidecar/random.ts';
import { WeightFile } from '../../sidecar/weights/file.ts';
import { scratch } from './reference.ts';

/** [layers + 1, frames, hidden]; `wave` is normalised already where the base wants it. */
export async function hiddenStates(base: string, adapter: string | undefined, wave: Float32Array) {
  const model = loadBase(base);
  const file = WeightFile.prepare(model, scratch());
  const states = await FrozenStates.open(adaptedBase(model, adapter), file, { device: 'cpu' });
  const data = await states.of(wave);
  const frames = framesOf(model.config, wave.length);
  await states.release();
  return { data, frames, last: data.slice(-frames * model.config.hidden) };
}

/** Neither speech nor silence. */
export const noise = (samples: number, key = 'noise'): Float32Array => normals(samples, 5, key);
