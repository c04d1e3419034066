/** @file The reference's downstream model (fixtures/ml_superb_downstream), opened on any device. */
import { readFileSync } from 'node:fs';
import type { SessionOptions } from '../../sidecar/engine/session.ts';
import { batchOf, type Spoken } from '../../sidecar/recognition/batch.ts';
import type { DownstreamConfig } from '../../sidecar/recognition/config.ts';
import { Recogniser, type Training } from '../../sidecar/recognition/recogniser.ts';
import { npy } from './npy.ts';
import { fixtures } from './reference.ts';

export interface Index {
  layers: number;
  width: number;
  pre: number;
  model: number;
  heads: number;
  feedForward: number;
  vocabulary: number;
  lengths: number[];
  outputLengths: number[];
  targets: number[][];
  blank: number;
  loss: number;
  perUtterance: number[];
  losses: number[];
  adam: { lr: number; betas: [number, number]; eps: number; weightDecay: number };
  greedy: number[][];
  parameters: [string, number[]][];
}

const at = (name: string) => fixtures('ml_superb_downstream', name);
export const index: Index = JSON.parse(readFileSync(at('index.json'), 'utf8'));
export const tensor = (kind: 'param' | 'grad' | 'after2', name: string) => npy(at(`${kind}.${name}.npy`));
export const logits = () => npy(at('logits.npy'));

const blocks = new Set(index.parameters.flatMap(([name]) => /^blocks\.(\d+)\./.exec(name)?.[1] ?? [])).size;
export const config: DownstreamConfig = { ...index, blocks, dropout: 0 };

/** The fixture's clips, cut from their padding. */
export function clips(): Spoken[] {
  const { shape, data } = npy(at('hidden_states.npy'));
  const [layers, count, frames, width] = shape;
  return index.lengths.map((own, b) => {
    const hidden = new Float32Array(layers * own * width);
    for (let layer = 0; layer < layers; layer++) {
      const start = (layer * count + b) * frames * width;
      hidden.set(data.subarray(start, start + own * width), layer * own * width);
    }
    return { id: `clip ${b}`, frames: own, hidden, target: index.targets[b] };
  });
}

export const batch = (of = clips()) => batchOf(of, config, index.blank);

/** With the reference's parameters in it. */
export async function opened(
  options: SessionOptions,
  training: Training = {},
  own: DownstreamConfig = config,
): Promise<Recogniser> {
  const recogniser = await Recogniser.open(own, training, 0, options);
  for (const [name] of index.parameters) recogniser.parameters.view(name).set(tensor('param', name).data);
  return recogniser;
}
