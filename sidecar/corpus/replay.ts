/** @file The replay pool: how much of the existing languages is kept to be heard again. Knows no audio. */
import { keyedPlaces } from '../random.ts';
import { Places, type Rows } from './rows.ts';

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
  clips: Rows<C>,
  frames: number,
  weights: Readonly<Record<string, number>>,
): Rows<C> {
  const goals = shareOut(clips, frames, weights);
  const kept = new Uint8Array(clips.length);
  for (const [code, goal] of Object.entries(goals)) {
    const own = new Places();
    for (let place = 0; place < clips.length; place++) if (clips.at(place)!.language === code) own.push(place);
    let room = goal;
    for (const i of keyedPlaces(own.length, (i) => clips.at(own.at(i))!.hash, 'replay pool')) {
      const { frames } = clips.at(own.at(i))!;
      if (frames > room) continue;
      kept[own.at(i)] = 1;
      room -= frames;
    }
  }
  return clips.filter((_, place) => kept[place]);
}

function shareOut(clips: Rows<PoolClip>, frames: number, weights: Readonly<Record<string, number>>) {
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
