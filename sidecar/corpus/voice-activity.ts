/**
 * @file Where in a recording somebody speaks, by energy alone: for the stretches that nobody has annotated. Of each 20 ms the
 * mean square is kept while the recording goes by. Knows no file.
 */
import type { MonoPiece } from '../audio/index.ts';

const frameSeconds = 0.02;
/** The quiet and the loud of a recording: these shares of its frames lie below, digital silence left out. */
const quiet = 0.1;
const loud = 0.95;
/** Speech is what is this far from the quiet to the loud, in decibels, and at least so much above the quiet. */
const wayUp = 0.3;
const leastDecibels = 6;
/** Shorter pauses are within speech, shorter sounds are none; so much before and behind belongs to it. */
const shortestPauseSeconds = 0.3;
const shortestSpeechSeconds = 0.3;
const marginSeconds = 0.1;

export interface Span {
  startSeconds: number;
  endSeconds: number;
}

export class VoiceActivity {
  /** Mean squares, in decibels of full scale; −Infinity for digital silence. */
  readonly #frames: number[] = [];
  #energy = 0;
  #samples = 0;
  #seconds = 0;

  add({ samples, sampleRateHz }: Pick<MonoPiece, 'samples' | 'sampleRateHz'>): void {
    const frame = Math.round(frameSeconds * sampleRateHz);
    for (const sample of samples) {
      this.#energy += sample * sample;
      if (++this.#samples < frame) continue;
      this.#frames.push(10 * Math.log10(this.#energy / frame));
      this.#energy = 0;
      this.#samples = 0;
    }
    this.#seconds += samples.length / sampleRateHz;
  }

  /** Stretches of speech in order of time; nothing where the recording is equally loud throughout. */
  spans(): Span[] {
    const levels = Float64Array.from(this.#frames.filter(Number.isFinite)).sort();
    if (levels.length === 0) return [];
    const at = (share: number) => levels[Math.min(levels.length - 1, Math.floor(share * levels.length))];
    const [floor, top] = [at(quiet), at(loud)];
    if (top - floor < leastDecibels) return [];
    const threshold = floor + Math.max(leastDecibels, wayUp * (top - floor));
    const found: [from: number, to: number][] = [];
    for (const [i, level] of this.#frames.entries()) {
      if (level < threshold) continue;
      const last = found.at(-1);
      if (last && (i - last[1]) * frameSeconds < shortestPauseSeconds) last[1] = i + 1;
      else found.push([i, i + 1]);
    }
    return found
      .filter(([from, to]) => (to - from) * frameSeconds >= shortestSpeechSeconds)
      .map(([from, to]) => ({
        startSeconds: Math.max(0, from * frameSeconds - marginSeconds),
        endSeconds: Math.min(this.#seconds, to * frameSeconds + marginSeconds),
      }));
  }
}

/** What of `spans` lies outside `taken`, which may overlap; what is left too short is not given back. Seconds to the millisecond. */
export function outside(spans: readonly Span[], taken: readonly Span[]): Span[] {
  const sorted = [...taken].sort((a, b) => a.startSeconds - b.startSeconds);
  const left: Span[] = [];
  let first = 0;
  for (const { startSeconds, endSeconds } of spans) {
    let from = startSeconds;
    // Those that end before this span end before every later one, but a long one may come early: it is passed over last.
    while (first < sorted.length && sorted[first].endSeconds <= startSeconds) first++;
    for (let i = first; i < sorted.length && sorted[i].startSeconds < endSeconds; i++) {
      if (sorted[i].endSeconds <= from) continue;
      if (sorted[i].startSeconds > from) left.push({ startSeconds: from, endSeconds: sorted[i].startSeconds });
      from = Math.max(from, sorted[i].endSeconds);
    }
    if (from < endSeconds) left.push({ startSeconds: from, endSeconds });
  }
  const toMilliseconds = (seconds: number) => Math.round(1000 * seconds) / 1000;
  return left
    .map((one) => ({ startSeconds: toMilliseconds(one.startSeconds), endSeconds: toMilliseconds(one.endSeconds) }))
    .filter((one) => one.endSeconds - one.startSeconds >= shortestSpeechSeconds);
}
