/** @file The frozen base of a run: read, written out once as the runtime maps it, and what its config says of time. */
import { framesPerSecond } from '../../architecture/time.ts';
import type { Experiment } from '../../config/experiment.ts';
import { type BaseModel, loadBase } from '../../model/checkpoint/base.ts';
import type { RunEvent } from '../../protocol/events.ts';
import { rememberBase } from '../../runs/cache.ts';
import { WeightFile } from '../../weights/file.ts';

export interface FrozenBaseModel {
  base: BaseModel;
  file: WeightFile;
  /** Whether the mask embedding trains: where it is asked for, or the base brought none. */
  trainMask: boolean;
  framesPerSecond: number;
}

export function loadFrozenBase(
  { base: { model, head }, adapter }: Pick<Experiment, 'base' | 'adapter'>,
  cache: string,
  emit: (event: RunEvent) => void,
  onDamage?: (path: string) => void,
): FrozenBaseModel {
  const base = loadBase(model, { head });
  for (const text of base.notes) emit({ type: 'note', level: 'info', text });
  const brought = base.weights.has('masked_spec_embed');
  const trainMask = adapter.trainMask ?? !brought;
  if (!brought) {
    const { hidden } = base.config;
    base.weights.set('masked_spec_embed', { shape: [hidden], data: new Float32Array(hidden) });
    const what = trainMask
      ? 'it starts at zero and is trained in every arm'
      : 'masked frames are zeros, since adapter.trainMask is false';
    emit({ type: 'note', level: 'warning', text: `The base brings no mask embedding (masked_spec_embed): ${what}.` });
  }
  const file = WeightFile.prepare(base, cache, onDamage);
  rememberBase(cache, base.hash, model);
  base.weights = file.weights; // from here on they lie in the file alone
  return { base, file, trainMask, framesPerSecond: framesPerSecond(base.config) };
}
