/** @file What is drawn of each language, for the log: so that nobody has to trust that replay was heard evenly. */
import type { RunEvent } from '../protocol/events.ts';
import type { Training } from './loop.ts';

type Drawing = Pick<Training, 'sampler' | 'clips' | 'framesPerSecond'>;

/** Of all steps so far; at step 0 what is going to be. */
export function samplingEvent(
  step: number,
  { sampler, clips, framesPerSecond }: Drawing,
): RunEvent & { type: 'sampling' } {
  const { steps, languages } = sampler.use();
  const total = Object.values(languages).reduce((sum, { frames }) => sum + frames, 0);
  const pool: Record<string, number> = {};
  for (const { language, frames } of clips) pool[language] = (pool[language] ?? 0) + frames;
  return {
    type: 'sampling',
    step,
    batchSeconds: steps > 0 ? total / steps / framesPerSecond : 0,
    languages: Object.fromEntries(
      Object.entries(languages).map(([code, { clips: count, used, frames, largestClipShare }]) => [
        code,
        {
          clips: count,
          used,
          poolSeconds: pool[code] / framesPerSecond,
          seconds: frames / framesPerSecond,
          share: total > 0 ? frames / total : 0,
          wantedShare: sampler.shares[code],
          largestClipShare,
        },
      ]),
    ),
  };
}
