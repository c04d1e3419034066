/**
 * @file What a recogniser hears in a recording, with times and how sure it is. A long recording is cut at pauses, where no word
 * is; nothing of it is kept in memory but the piece at hand.
 */
import type { BaseConfig } from '../architecture/config.ts';
import { samplesOf } from '../architecture/time.ts';
import { modelRateHz, normalise } from '../audio/index.ts';
import { nearestPause, readUnfolded, type WrittenTier } from '../corpus/index.ts';
import type { SessionOptions } from '../engine/session.ts';
import { align, type Said } from '../recognition/align.ts';
import { batchOf } from '../recognition/batch.ts';
import { isCalibrated } from '../recognition/confidence.ts';
import { logitFrames } from '../recognition/config.ts';
import { type Decoding, decodeBy } from '../recognition/decode.ts';
import type { Kept } from '../recognition/kept.ts';
import { Recogniser } from '../recognition/recogniser.ts';
import { type SaidWord, wordsOf } from '../recognition/words.ts';
import { firstTag } from './error-rate.ts';
import { FrozenStates } from './frozen-states.ts';
import type { FrozenModel } from './state-store.ts';

/** What trains is at most so long in ML-SUPERB. */
const LONGEST_SECONDS = 20;
/** Where a piece of a longer recording should end; the nearest pause decides. */
const WANTED_SECONDS = 15;
const LOOKED_AT_SECONDS = 30;

type Stretch = WrittenTier['stretches'][number] & { confidence: number };

export interface Transcript {
  seconds: number;
  /** A piece between pauses each. */
  phrases: Stretch[];
  /** Between spaces; phones where the recogniser writes those. */
  words: Stretch[];
  /** The tag that a phrase began with. */
  languages: Stretch[];
  notes: string[];
}

/** Pieces of at most 20 s, cut at pauses; samples at 16 kHz. `read` may give less at the end. */
export async function* piecesAtPauses(
  read: (from: number, to: number) => Promise<{ samples: Float32Array; all: number }>,
): AsyncGenerator<{ start: number; samples: Float32Array; all: number }> {
  for (let start = 0; ; ) {
    const { samples, all } = await read(start, start + LOOKED_AT_SECONDS * modelRateHz);
    if (start + LONGEST_SECONDS * modelRateHz >= all) {
      if (samples.length > 0) yield { start, samples, all };
      return;
    }
    const wanted = Math.min(WANTED_SECONDS * modelRateHz, Math.floor(samples.length / 2));
    const cut = Math.max(1, Math.round(nearestPause(samples, wanted)));
    yield { start, samples: samples.subarray(0, cut), all };
    start += cut;
  }
}

/**
 * Where a frame of logits begins, in seconds: it hears seven hidden states, and stands for as long as two of them take around
 * the middle of what it hears.
 */
export function startOfFrame(base: BaseConfig, frame: number): number {
  const [one, two] = [samplesOf(base, 1), samplesOf(base, 2)];
  const hop = two - one;
  const first = 2 * frame * hop;
  const last = (2 * frame + 6) * hop + one;
  return ((first + last) / 2 - hop) / modelRateHz;
}

export class Transcriber {
  private constructor(
    private readonly kept: Kept,
    private readonly model: FrozenModel,
    private readonly states: FrozenStates,
    private readonly recogniser: Recogniser,
  ) {}

  static async open(kept: Kept, model: FrozenModel, session: SessionOptions): Promise<Transcriber> {
    const states = await FrozenStates.open(model.adapted, model.file, session);
    return new Transcriber(kept, model, states, await Recogniser.reader(kept.config, kept.parameters, session));
  }

  /** @throws UserError `audio.*` where the recording cannot be read */
  async transcribe(path: string, how: Decoding): Promise<Transcript> {
    const found: Transcript = { seconds: 0, phrases: [], words: [], languages: [], notes: [] };
    let short = 0;
    for await (const { start, samples, all } of piecesAtPauses((from, to) => readUnfolded(path, undefined, from, to))) {
      found.seconds = all / modelRateHz;
      if (logitFrames(FrozenStates.framesOf(this.model.adapted, samples.length)) < 1) short++;
      else this.note(found, await this.heard(samples, how), start / modelRateHz);
    }
    if (short > 0) found.notes.push(`${short} ${short === 1 ? 'piece is' : 'pieces are'} too short to be heard.`);
    return found;
  }

  private async heard(samples: Float32Array, how: Decoding): Promise<Said[]> {
    const { config } = this.kept;
    const frames = FrozenStates.framesOf(this.model.adapted, samples.length);
    const wave = this.model.base.normalise ? normalise(samples) : samples;
    const batch = batchOf([{ id: '', frames, hidden: await this.states.of(wave) }], config);
    const { logits } = await this.recogniser.read(batch);
    const own = logits.subarray(0, logitFrames(frames) * config.vocabulary);
    const temperature = isCalibrated(this.kept.confidence) ? this.kept.confidence.temperature : 1;
    return align(own, config.vocabulary, decodeBy(how, own, config.vocabulary), { temperature }) ?? [];
  }

  private note(found: Transcript, said: readonly Said[], offset: number): void {
    const { words, tags } = wordsOf(said, this.kept.tokens);
    const stretch = ({ text, symbols, confidence }: SaidWord): Stretch => {
      const [startSeconds, endSeconds] = [symbols[0].from, symbols.at(-1)!.to].map(
        (frame) => offset + startOfFrame(this.model.base.config, frame),
      );
      return { startSeconds, endSeconds, text, confidence };
    };
    if (tags.length > 0) found.languages.push({ ...stretch(tags[0]), text: firstTag(tags[0].text)! });
    const stretches = words.map(stretch);
    found.words.push(...stretches);
    if (stretches.length > 0) found.phrases.push(phraseOf(stretches));
  }

  async release(): Promise<void> {
    await this.states.release();
    await this.recogniser.release();
  }
}

/** As sure as its words are on average. */
const phraseOf = (words: readonly Stretch[]): Stretch => ({
  startSeconds: words[0].startSeconds,
  endSeconds: words.at(-1)!.endSeconds,
  text: words.map(({ text }) => text).join(' '),
  confidence: words.reduce((sum, { confidence }) => sum + confidence, 0) / words.length,
});

/** What a confidence is called that nobody has held against what is right. */
export const UNCALIBRATED = 'confidence (uncalibrated)';

/** What is written of a transcript: words' confidence is a tier of its own, since the formats know none. */
export function tiersOf(
  { phrases, words, languages }: Transcript,
  { tokens: { kind }, confidence }: Kept,
): WrittenTier[] {
  const sure = words.map((word) => ({ ...word, text: word.confidence.toFixed(2) }));
  return [
    { name: 'phrases', stretches: phrases },
    { name: kind === 'phones' ? 'phones' : 'words', stretches: words },
    { name: isCalibrated(confidence) ? 'confidence' : UNCALIBRATED, stretches: sure },
    ...(languages.length > 0 ? [{ name: 'language', stretches: languages }] : []),
  ].filter(({ name, stretches }) => name === 'phrases' || stretches.length > 0);
}
