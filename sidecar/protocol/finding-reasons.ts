/**
 * @file Why a finding is none, or weaker than it looks, in the reader's language. Findings stand on disk in English sentences,
 * which report and terminal show as they are; here each is known again by its pattern. A sentence that no pattern knows,
 * such as an older version's, stays as it is.
 */
import type { Translate } from './reason.ts';

/** Marks a sentence for translation. */
const t = (text: string): string => text;

/** `{0}`, `{1}` … stand for names and numbers. The longer ones come first where one begins as another. */
const sentences: readonly string[] = [
  t('all that can be drawn is alike'),
  t('no utterance has anything to be counted'),
  t('one utterance alone says nothing of the spread'),
  t('{0} was not measured after stage {1}'),
  t('no language was seen up to stage {0}'),
  t('nothing comes before the base'),
  t('no language entered before stage {0}'),
  t('no language entered at stage {0}'),
  t('no language was measured after stage {0}'),
  t('nothing was learned before stage 1'),
  t('no language lost anything in any stage'),
  t('there is no stage yet'),
  t('no run has trained {0} alone to compare with'),
  t('no run has trained {0} alone to compare with, and no stage came before this one'),
  t('the run that learned {0} alone did not measure this'),
  t('the run that learned {0} alone was measured on other speech'),
  t('the run that learned {0} alone cannot be read'),
  t('the run that learned {0} alone learned {1}'),
  t('the run that learned {0} alone is not finished'),
  t('the run that learned {0} alone has another base'),
  t('the run that learned {0} alone has measured nothing'),
  t('the run that learned {0} alone masked held-out speech otherwise'),
  t('the run that learned {0} alone has other units'),
  t('the run that learned {0} alone trained its recogniser otherwise'),
  t('the run that learned {0} alone was asked about other languages'),
  t('{0} has no held-out speech'),
  t('Fewer than {0} speakers are held out of {1}: they say little of other speakers.'),
  t('Of {0} intervals are over utterances, since one speaker or none is known: too narrow where few spoke them.'),
  t(
    'A spectrogram alone tells these languages apart as well as the base: they were recorded in different ways (rate, codec, room), so this measure says little of language here.',
  ),
  t('{0} has no speech on both sides, to fit on and to ask about.'),
  t('one language alone ({0}) leaves nothing to tell apart.'),
  t('{0} has {1} transcribed utterances to train on and {2} held out.'),
  t('what ABX compares is not drawn anew, so it has no interval'),
  t('{0}: {1} has none of the recordings that {2} names.'),
  t('{0}: its states take more than {1} GB; name fewer recordings.'),
  t('{0}: {1} of {2} items have no frame, or no recording in {3}.'),
  t('evaluation.probes is false.'),
].sort((a, b) => b.length - a.length);

const patterns = sentences.map((sentence) => {
  const order: number[] = [];
  const source = sentence
    .split(/(\{\d\})/)
    .map((part) => {
      if (!/^\{\d\}$/.test(part)) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      order.push(Number(part[1]));
      return '(.+?)';
    })
    .join('');
  return { sentence, order, pattern: new RegExp(`^${source}$`, 'su') };
});

/** Whether a sentence can be told in every language that the editor speaks. */
export const isKnownReason = (reason: string): boolean => patterns.some(({ pattern }) => pattern.test(reason));

export function sayFindingReason(reason: string, translate: Translate): string {
  for (const { sentence, order, pattern } of patterns) {
    const found = pattern.exec(reason);
    if (!found) continue;
    const args: string[] = [];
    for (const [i, place] of order.entries()) args[place] = found[i + 1];
    return translate(sentence, ...args);
  }
  return reason;
}
