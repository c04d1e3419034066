/**
 * @file What a model's hidden states say without any transcript: which language it is (beside a spectrogram), and how far
 * each layer has moved from the base.
 */

import { logMel } from '../audio/log-mel.ts';
import { joined, type Rows } from '../corpus/index.ts';
import type { SessionOptions } from '../engine/session.ts';
import type { Sources } from '../learning/batch.ts';
import type { WeightFile } from '../weights/file.ts';
import type { Assessed, ProbeResult } from './assessed.ts';
import type { Adapted } from './frozen-states.ts';
import { limitHeldOut } from './heldout.ts';
import { HiddenStates, type SpeechClip } from './hidden-states.ts';
import {
  PROBE_SECONDS,
  pooledStates,
  probeLanguages,
  WINDOW,
  type WindowedClip,
  windowMeans,
} from './language-probe.ts';
import { ChosenFrames, DRIFT_SECONDS } from './layer-drift.ts';

export interface SpeechSides {
  train: Rows<SpeechClip>;
  heldOut: readonly SpeechClip[];
  framesPerSecond: number;
  /** Of each language that the probe is fitted on; a minute at most. */
  probeSeconds: number;
  features: Sources['features'];
  /** At 16 kHz. */
  samples(clip: { hash: string }): Promise<Float32Array>;
}

export interface Representation {
  adapted: Adapted;
  /** Where it is another model: drift is measured from it. */
  base?: Adapted;
  file: WeightFile;
  session: SessionOptions;
}

/** As many mel bands as ML-SUPERB's FBANK baseline has. */
const BANDS = 80;

export async function representations(
  { adapted, base, file, session }: Representation,
  sides: SpeechSides,
  signal?: AbortSignal,
): Promise<Pick<Assessed, 'probes' | 'drift' | 'skipped'>> {
  const skipped: Assessed['skipped'] = [];
  const languages = probed(sides, skipped);
  const fitted = limitHeldOut(
    sides.train.filter(({ language }) => languages.includes(language)),
    Math.min(PROBE_SECONDS, sides.probeSeconds) * sides.framesPerSecond,
  );
  const compared = limitHeldOut(sides.heldOut, DRIFT_SECONDS * sides.framesPerSecond);
  const own = await walk(adapted, { file, session, sides, fitted, asked: sides.heldOut, compared, signal });
  const probes: ProbeResult[] = [];
  if (languages.length > 1) {
    probes.push(probeLanguages('states', languages, own.train, own.heldOut, own.width));
    if (!base) probes.push(await spectrogramProbe(languages, fitted, sides, signal));
  }
  if (!base) return { probes, drift: [], skipped };
  const before = await walk(base, { file, session, sides, fitted: [], asked: compared, compared, signal });
  const drift = [...own.chosen].map(([language, frames]) => {
    return { language, layers: frames.driftFrom(before.chosen.get(language)!) };
  });
  return { probes, drift, skipped };
}

/** Languages that a probe can be fitted on and asked about. */
function probed({ train, heldOut }: SpeechSides, skipped: Assessed['skipped']): string[] {
  const has = (clips: Rows<SpeechClip>, language: string) =>
    clips.some((clip) => clip.language === language && clip.frames >= WINDOW);
  const met = new Set<string>();
  for (const { language } of joined<SpeechClip>([train, heldOut])) met.add(language);
  const all = [...met];
  const languages = all.filter((language) => has(train, language) && has(heldOut, language));
  const measure = 'languageIdentification';
  for (const language of all.filter((one) => !languages.includes(one)))
    skipped.push({ measure, reason: `${language} has no speech on both sides, to fit on and to ask about.` });
  if (languages.length < 2)
    skipped.push({ measure, reason: `one language alone (${languages[0] ?? 'none'}) leaves nothing to tell apart.` });
  return languages;
}

interface Walk extends Pick<Representation, 'file' | 'session'> {
  sides: SpeechSides;
  /** What a probe is fitted on, and asked about. */
  fitted: readonly SpeechClip[];
  asked: readonly SpeechClip[];
  /** Of those asked about, in which layers are compared. */
  compared: readonly SpeechClip[];
  signal?: AbortSignal;
}

/** Everything that is looked at in a model's states, in one pass over the clips. */
async function walk(model: Adapted, { file, session, sides, fitted, asked, compared, signal }: Walk) {
  const states = await HiddenStates.open(model, file, sides.features, session);
  try {
    const languages = [...new Set(compared.map(({ language }) => language))];
    const chosen = new Map(
      languages.map((code) => {
        const own = compared.filter(({ language }) => language === code);
        return [code, new ChosenFrames(own, states.width)] as const;
      }),
    );
    const windows: Record<'train' | 'heldOut', WindowedClip[]> = { train: [], heldOut: [] };
    const take = async (clip: SpeechClip, side: 'train' | 'heldOut') => {
      signal?.throwIfAborted();
      const layers = await states.of(clip);
      const { hash, language } = clip;
      windows[side].push({ hash, language, rows: pooledStates(layers, states.width) });
      if (side === 'heldOut') chosen.get(clip.language)?.add(clip.hash, layers);
    };
    for (const clip of fitted) await take(clip, 'train');
    for (const clip of asked) await take(clip, 'heldOut');
    return { ...windows, chosen, width: states.width };
  } finally {
    await states.release();
  }
}

async function spectrogramProbe(
  languages: readonly string[],
  fitted: readonly SpeechClip[],
  { heldOut, samples }: SpeechSides,
  signal?: AbortSignal,
): Promise<ProbeResult> {
  const windowed = async (clips: readonly SpeechClip[]): Promise<WindowedClip[]> => {
    const all: WindowedClip[] = [];
    for (const clip of clips) {
      signal?.throwIfAborted();
      const energies = Float32Array.from(logMel(await samples(clip), BANDS).flatMap((row) => [...row]));
      const { hash, language } = clip;
      all.push({ hash, language, rows: windowMeans(energies, BANDS) });
    }
    return all;
  };
  return probeLanguages('log-mel', languages, await windowed(fitted), await windowed(heldOut), BANDS);
}
