/** @file The room's door: what others may use of it. */

export { keyedOrder, keyedPlaces, keyedRandom, normals, permutation } from '../random.ts';
export { type AnnotationFormat, annotationFile, annotationFormats, type WrittenTier } from './annotation-files.ts';
export { summariseTiers, type TierSummary } from './annotations.ts';
export { ClipReader } from './clip-reader.ts';
export { type ClipOptions, type ClipSet, clipSamples, makeClips, utteranceSamples } from './clips.ts';
export { onceEach } from './copies.ts';
export { helperTasks } from './helper-tasks.ts';
export { detectLayout, languageLabels, readListing, readUtterances } from './layout.ts';
export { nearestPause } from './pauses.ts';
export { replayPool } from './replay.ts';
export { chosen, joined, Places, type Rows, rowsBy } from './rows.ts';
export * from './sampler.ts';
export { type LanguageSpec, type ScanProgress, scanLanguage } from './scan.ts';
export * from './splits.ts';
export * from './superb-folder.ts';
export { TextIndex } from './text-index.ts';
export * from './types.ts';
export { readUnfolded } from './unfolded.ts';
