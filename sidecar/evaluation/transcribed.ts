/** @file A language's utterances that have a transcript, and which of them train, choose, and are scored. Knows no model. */
import { assignSplits, keyedOrder, type LanguageCorpus, type ScannedUtterance } from '../corpus/index.ts';
import { UserError } from '../errors.ts';

export interface Transcribed extends ScannedUtterance {
  text: string;
}

export interface TranscribedSides {
  train: Transcribed[];
  /** By their loss the parameters are chosen. */
  validation: Transcribed[];
  /** On these alone anything is measured. */
  scored: Transcribed[];
  /** What a person should know. */
  notes: string[];
}

/** The scored side must not depend on a seed: models are compared on it. */
const SPLIT_SEED = 1;
/** Of what trains, where the data set names no validation side of its own. */
const VALIDATION_SHARE = 0.1;
/** The same for what is scored. */
const HELD_OUT_SHARE = 0.15;

/**
 * The data set's own sides where it has them: `test` is scored, `dev` chooses. What it lacks is taken from what trains, by
 * speakers where they are known. `normalised` is the text as it is scored; an utterance without any is left out, and said.
 * Throws a `UserError` where a side would be empty.
 */
export function transcribedSides(
  { code, root, utterances, skipped }: Pick<LanguageCorpus, 'code' | 'root' | 'utterances' | 'skipped'>,
  normalised: (text: string) => string,
): TranscribedSides {
  const notes = skipped.length > 0 ? [`${skipped.length} recordings or rows cannot be used.`] : [];
  const spoken = utterances.flatMap((one) => {
    const text = normalised(one.text ?? '');
    return text === '' ? [] : [{ ...one, text }];
  });
  const without = utterances.length - spoken.length;
  if (without > 0) notes.push(`${without} of ${utterances.length} utterances have no transcript and are left out.`);
  const of = (split: ScannedUtterance['split']) => spoken.filter((one) => one.split === split);
  const [dev, test] = [of('dev'), of('test')];
  const ownScored = test.length > 0 ? test : dev;
  const out = new Set([...ownScored, ...(test.length > 0 ? dev : [])]);
  let rest = spoken.filter((one) => !out.has(one));
  let scored = ownScored;
  if (scored.length === 0) {
    const drawn = heldOut(rest);
    [rest, scored] = [drawn.rest, drawn.out];
    notes.push(drawn.reason);
  }
  let validation = test.length > 0 ? dev : [];
  if (validation.length === 0) {
    const drawn = heldOut(rest, VALIDATION_SHARE);
    [rest, validation] = [drawn.rest, drawn.out];
  }
  const sides = { train: rest, validation, scored };
  const empty = Object.entries(sides).find(([, side]) => side.length === 0);
  if (empty)
    throw new UserError({
      code: 'superb.too-little',
      tried: `train a recogniser of ${code} on ${root}`,
      why: `of ${utterances.length} utterances ${spoken.length} have a transcript, and none is left for "${empty[0]}".`,
      cure: 'Give a data set with transcripts (a column "text" or "sentence", or Kaldi’s text), of some minutes and, best, several speakers.',
    });
  return { ...sides, notes };
}

/** Held out whole: a transcript cannot be cut in time, so that where a split would, utterances are drawn one by one. */
function heldOut(utterances: readonly Transcribed[], share = HELD_OUT_SHARE) {
  const { sides, cuts, reason } = assignSplits(
    utterances.map(({ split: _, ...one }) => one),
    { heldOut: share, seed: SPLIT_SEED },
  );
  if (cuts.size === 0) {
    const isOut = (place: number) => sides.of(place) === 'dev';
    return {
      rest: utterances.filter((_, place) => !isOut(place)),
      out: utterances.filter((_, place) => isOut(place)),
      reason,
    };
  }
  const order = keyedOrder(utterances, ({ id }) => id, 'split', SPLIT_SEED);
  const out = new Set(order.slice(0, Math.min(utterances.length - 1, Math.ceil(share * utterances.length))));
  return {
    rest: utterances.filter((one) => !out.has(one)),
    out: utterances.filter((one) => out.has(one)),
    reason: 'utterances are held out one by one: a speaker may be on both sides.',
  };
}
