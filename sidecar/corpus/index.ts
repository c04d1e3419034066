/** @file The room's door: what others may use of it. */

export { keyedOrder, keyedRandom, normals, permutation } from '../random.ts';
export { type ClipOptions, type ClipSet, clipSamples, makeClips, utteranceSamples } from './clips.ts';
export { corpusNotes, withoutDuplicates } from './duplicates.ts';
export { detectLayout, languageLabels, readUtterances } from './layout.ts';
export * from './sampler.ts';
export { type LanguageSpec, type ScanProgress, scanLanguage, shortestSamples } from './scan.ts';
export * from './splits.ts';
export * from './types.ts';
