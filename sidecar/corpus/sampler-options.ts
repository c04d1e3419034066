/** @file What a sampler can be asked for, checked before anything is drawn. */
import { UserError } from '../errors.ts';
import type { SamplerOptions } from './sampler.ts';

/** @throws UserError `sampler.options` */
export function checkSamplerOptions(options: SamplerOptions): void {
  const { clips, languages, replayFraction, samplingExponent, batchFrames } = options;
  const refuse = (why: string, cure: string): never => {
    throw new UserError({ code: 'sampler.options', tried: 'plan the training batches', why, cure });
  };
  if (!clips.length) refuse('there is no clip to train on.', 'Add audio, or lower minSeconds.');
  if (!(replayFraction >= 0 && replayFraction <= 1))
    refuse(`the replay fraction is ${replayFraction}.`, 'Choose 0 to 1.');
  if (!Number.isFinite(samplingExponent)) refuse(`the sampling exponent is ${samplingExponent}.`, 'Choose 0 to 1.');
  if (!(Number.isInteger(batchFrames) && batchFrames > 0))
    refuse(`a batch has ${batchFrames} frames.`, 'Choose more than 0.');
  const codes = new Set(languages.map(({ code }) => code));
  for (const { language, frames } of clips) {
    if (!codes.has(language))
      refuse(`a clip is in "${language}", which is not among the languages.`, 'Add the language.');
    if (!Number.isInteger(frames) || frames < 1) refuse(`a clip has ${frames} frames.`, 'Leave it out.');
  }
  for (const { code, weight = 1 } of languages) {
    if (!(weight >= 0 && Number.isFinite(weight))) refuse(`the weight of "${code}" is ${weight}.`, 'Choose 0 or more.');
  }
  if (languages.every(({ code, weight = 1 }) => weight === 0 || !clips.some(({ language }) => language === code))) {
    refuse('every language that has clips has the weight 0.', 'Give one of them a weight.');
  }
}
