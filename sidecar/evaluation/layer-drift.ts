/** @file How far each layer has moved from the base: linear CKA on the same frames of a language's held-out speech. */
import { drift } from './cka.ts';
import type { SpeechClip } from './hidden-states.ts';

/** Of a language's held-out speech that is heard, and frames of it that are compared: CKA takes time by their square. */
export const DRIFT_SECONDS = 20;
const DRIFT_FRAMES = 500;

/** Every so many frames of all clips together, so that each speaker is heard. */
function chosenFrames(clips: readonly SpeechClip[]): number[][] {
  const all = clips.reduce((sum, { frames }) => sum + frames, 0);
  const every = Math.max(1, Math.ceil(all / DRIFT_FRAMES));
  let before = 0;
  return clips.map(({ frames }) => {
    const chosen: number[] = [];
    for (let t = 0; t < frames; t++) if ((before + t) % every === 0) chosen.push(t);
    before += frames;
    return chosen;
  });
}

/** A language's chosen frames, a layer each. */
export class ChosenFrames {
  private readonly chosen: ReadonlyMap<string, number[]>;
  private readonly rows: number[][] = [];

  constructor(
    clips: readonly SpeechClip[],
    private readonly width: number,
  ) {
    const frames = chosenFrames(clips);
    this.chosen = new Map(clips.map(({ hash }, i) => [hash, frames[i]]));
  }

  add(hash: string, layers: readonly Float32Array[]): void {
    for (const [layer, states] of layers.entries()) {
      this.rows[layer] ??= [];
      for (const t of this.chosen.get(hash) ?? [])
        for (let d = 0; d < this.width; d++) this.rows[layer].push(states[t * this.width + d]);
    }
  }

  /** 1 − CKA a layer; null where a layer does not vary. Both must have been given the same clips in the same order. */
  driftFrom(base: ChosenFrames): (number | null)[] {
    const { width } = this;
    return this.rows.map((rows, layer) => {
      const own = { rows: Float32Array.from(rows), width };
      const moved = drift(own, { rows: Float32Array.from(base.rows[layer]), width: base.width });
      // Rounding may bring a CKA above 1.
      return moved === undefined ? null : Math.max(0, moved);
    });
  }
}
