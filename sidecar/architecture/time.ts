/** @file Between samples and frames: lengths after each convolution, from kernels and strides alone. */
import type { EncoderConfig } from './config.ts';

/** All models here are trained on 16 kHz. */
export const SAMPLE_RATE_HZ = 16_000;

type Convolutions = Pick<EncoderConfig, 'convKernel' | 'convStride'>;

/** Samples from one frame to the next: the product of the strides. */
export const hopSamples = ({ convStride }: Pick<EncoderConfig, 'convStride'>): number =>
  convStride.reduce((product, stride) => product * stride, 1);

/** 50 with wav2vec 2.0's strides (5·2·2·2·2·2·2 = 320 samples). */
export const framesPerSecond = (config: Pick<EncoderConfig, 'convStride'>): number =>
  SAMPLE_RATE_HZ / hopSamples(config);

/** Samples that give exactly `frames` frames; no sample is left over. */
export function samplesOf({ convKernel, convStride }: Convolutions, frames: number): number {
  let length = frames;
  for (let i = convKernel.length - 1; i >= 0; i--) length = (length - 1) * convStride[i] + convKernel[i];
  return length;
}

/** Lengths of the time axis after each convolution, as symbols `S`, `S0` … and `T` (the frames). */
export function timeBindings({ convKernel, convStride }: Convolutions, samples: number) {
  const bindings: Record<string, number> = { S: samples };
  let length = samples;
  convKernel.forEach((kernel, i) => {
    length = Math.max(0, Math.floor((length - kernel) / convStride[i]) + 1);
    bindings[i === convKernel.length - 1 ? 'T' : `S${i}`] = length;
  });
  return bindings as Readonly<Record<string, number>> & { T: number };
}

/** Frames of a clip of so many samples. */
export const framesOf = (config: Convolutions, samples: number): number => timeBindings(config, samples).T;
