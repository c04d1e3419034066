/** @file Speech to check an export with: the first usable recording of the run's own languages, or made where there is none. */
import { samplesOf } from '../architecture/time.ts';
import { modelRateHz } from '../audio/index.ts';
import type { Experiment } from '../config/experiment.ts';
import { layoutsOf } from '../config/experiment.ts';
import { readListing } from '../corpus/index.ts';
import { readUnfolded } from '../corpus/unfolded.ts';
import { UserError } from '../errors.ts';
import { normals } from '../random.ts';
import type { Source } from './source.ts';

export interface CheckClip {
  /** 16 kHz, not normalised. */
  samples: Float32Array;
  /** In words. */
  what: string;
}

const LONGEST_SECONDS = 10;
/** Recordings that are tried in each language. */
const TRIED = 3;

export async function checkClip({ experiment, base }: Pick<Source, 'experiment' | 'base'>): Promise<CheckClip> {
  const least = samplesOf(base.config, 8);
  for (const [code, spec] of Object.entries(experiment.languages)) {
    const samples = await ofLanguage(spec, experiment, least);
    if (samples) return { samples, what: `${seconds(samples)} s of ${code} speech` };
  }
  // A stretch of noise that swells and ebbs like syllables.
  const samples = normals(3 * modelRateHz, 1, 'export').map((x, i) => 0.1 * x * Math.sin((9 * i) / modelRateHz) ** 2);
  return { samples, what: `${seconds(samples)} s of made noise, since no recording of the run is where it was` };
}

const seconds = (samples: Float32Array) => (samples.length / modelRateHz).toFixed(1);

async function ofLanguage(
  spec: Experiment['languages'][string],
  { audio }: Experiment,
  least: number,
): Promise<Float32Array | undefined> {
  const layouts = layoutsOf(spec);
  for (const [i, root] of spec.data.entries())
    try {
      const layout = layouts[i] === 'auto' ? undefined : layouts[i];
      const allowOutside = spec.allowOutside ?? audio.allowOutside;
      const { utterances } = readListing(root, layout, { allowOutside });
      for (const { path, channel, startSeconds = 0, endSeconds = Number.POSITIVE_INFINITY } of [...utterances].slice(
        0,
        TRIED,
      )) {
        const from = Math.round(startSeconds * modelRateHz);
        const to = Math.min(from + LONGEST_SECONDS * modelRateHz, Math.round(endSeconds * modelRateHz));
        const { samples } = await readUnfolded(path, channel, from, to);
        if (samples.length >= least && samples.some((x) => x !== 0)) return samples.slice();
      }
    } catch (error) {
      // The data may be gone, or changed: another language's will do.
      if (!(error instanceof UserError)) throw error;
    }
  return undefined;
}
