/** @file The replay pool: how much of the existing languages is kept to be heard again. Knows no audio. */
import { keyedOrder } from '../random.ts';

export interface PoolClip {
  hash: string;
  language: string;
  frames: number;
}

/**
 * At most `frames` frames of the languages of `weights`, shared out in proportion to these; what a language lacks the
 * others get. Which clips are kept depends on their content alone, not on a run or its seed.
 */
export function replayPool<C extends PoolClip>(
  clips: readonly C[],
  frames: number,
  weights: Readonly<Record<string, number>>,
): C[] {
  const goals = shareOut(clips, frames, weights);
  const kept = new Set<C>();
  for (const [code, goal] of Object.entries(goals)) {
    const own = clips.filter(({ language }) => language === code);
    let room = goal;
    for (const clip of keyedOrder(own, ({ hash }) => hash, 'replay pool')) {
      if (clip.frames > room) continue;
      kept.add(clip);
      room -= clip.frames;
    }
  }
  return clips.filter((clip) => kept.has(clip));
}

function shareOut(clips: readonly PoolClip[], frames: number, weights: Readonly<Record<string, number>>) {
  const has: Record<string, number> = {};
  for (const { language, frames: own } of clips) has[language] = (has[language] ?? 0) + own;
  const goals: Record<string, number> = {};
  let open = Object.keys(weights).filter((code) => has[code] > 0 && weights[code] > 0);
  let left = frames;
  while (open.length > 0) {
    const total = open.reduce((sum, code) => sum + weights[code], 0);
    const exhausted = open.filter((code) => has[code] <= (left * weights[code]) / total);
    // Those that lack something get all they have; the rest is shared out anew.
    for (const code of exhausted.length > 0 ? exhausted : open)
      goals[code] = exhausted.length > 0 ? has[code] : (left * weights[code]) / total;
    if (exhausted.length === 0) break;
    left -= exhausted.reduce((sum, code) => sum + has[code], 0);
    open = open.filter((code) => !exhausted.includes(code));
  }
  return goals;
}
