/** @file How a data set can lie on disk, by name: what an experiment may say and what the corpus can read are one list. */
export const layouts = [
  'plain',
  'tsv',
  'common-voice',
  'spontaneous-speech',
  'kaldi',
  'fairseq',
  'fleurs',
  'metadata',
  'nemo',
  'voxpopuli',
  'ml-superb',
] as const;
export type Layout = (typeof layouts)[number];
