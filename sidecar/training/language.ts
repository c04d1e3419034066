/** @file One language of an experiment: its data sets scanned, split and cut into clips, and what was left out. */
import { type Experiment, layoutsOf } from '../config/experiment.ts';
import {
  applySplits,
  assignSplits,
  type Clip,
  corpusNotes,
  makeClips,
  type SplitUtterance,
  scanLanguage,
  splitReport,
  withoutDuplicates,
} from '../corpus/index.ts';
import type { CorpusSummary } from '../protocol/events.ts';

const RATE_HZ = 16_000;
/** The held-out side must not depend on a run's seed: runs are compared on it. */
const SPLIT_SEED = 1;

export async function makeLanguage(
  code: string,
  spec: Experiment['languages'][string],
  experiment: Experiment,
  cacheDir: string,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<{ clips: Clip[]; summary: CorpusSummary }> {
  const { joinSeconds, maxSeconds, minSeconds, allowOutside } = experiment.audio;
  const summary: CorpusSummary = {
    language: code,
    role: spec.role,
    trainSeconds: 0,
    heldOutSeconds: 0,
    utterances: 0,
    speakers: 0,
    skipped: [],
    notes: [],
  };
  const utterances: SplitUtterance[] = [];
  const layouts = layoutsOf(spec);
  for (const [index, root] of spec.data.entries()) {
    const layout = layouts[index];
    const corpus = await scanLanguage(
      {
        code,
        root,
        layout: layout === 'auto' ? undefined : layout,
        allowOutside,
        limitHours: spec.hours === undefined ? undefined : spec.hours / spec.data.length,
        cacheDir,
        signal,
      },
      ({ done, total }) => onProgress(done, total),
    );
    const assignment = assignSplits(corpus.utterances, { heldOut: spec.heldOut, seed: SPLIT_SEED });
    const report = splitReport(corpus.utterances, assignment);
    summary.skipped.push(...corpus.skipped);
    summary.notes.push(...corpusNotes(corpus));
    if (report.straddles) summary.notes.push(report.reason);
    summary.speakers += new Set(corpus.utterances.map(({ speaker }) => speaker)).size;
    // Two data sets may use the same ids.
    const used = applySplits(corpus.utterances, assignment);
    utterances.push(...(spec.data.length > 1 ? used.map((u) => ({ ...u, id: `${root}/${u.id}` })) : used));
  }
  // Two data sets may hold the same audio, too.
  const { utterances: unique, duplicates } = withoutDuplicates(utterances);
  summary.notes.push(...corpusNotes({ notes: [], duplicates }));
  const cut = (side: 'train' | 'dev') =>
    makeClips(
      unique.filter(({ split }) => split === side),
      { joinSeconds, maxSeconds, minSeconds },
    );
  const [train, dev] = [cut('train'), cut('dev')];
  const seconds = (clips: readonly Clip[]) => clips.reduce((sum, { samples }) => sum + samples / RATE_HZ, 0);
  const dropped = train.dropped.count + dev.dropped.count;
  if (dropped > 0) {
    const lost = train.dropped.seconds + dev.dropped.seconds;
    summary.notes.push(
      `left out as shorter than audio.minSeconds (${minSeconds} s): ${dropped} ${dropped === 1 ? 'piece' : 'pieces'}, ${lost.toFixed(1)} s in all.`,
    );
  }
  summary.utterances = unique.length;
  summary.trainSeconds = seconds(train.clips);
  summary.heldOutSeconds = seconds(dev.clips);
  return { clips: [...train.clips, ...dev.clips], summary };
}
