/** @file One language of an experiment: its data sets scanned, split and cut into clips, and what was left out. */
import { type Experiment, eachOf, layoutsOf } from '../../config/experiment.ts';
import {
  applySplits,
  assignSplits,
  type Clip,
  makeClips,
  nearestPause,
  onceEach,
  type ScannedUtterance,
  type SplitAssignment,
  type SplitUtterance,
  scanLanguage,
  splitReport,
  utteranceSamples,
} from '../../corpus/index.ts';
import { JOIN_SECONDS, LOSS_SHARE } from '../../protocol/alarm-rules.ts';
import type { CorpusSummary } from '../../protocol/events.ts';
import { licenceOf } from './licence.ts';

const RATE_HZ = 16_000;
/** The held-out side must not depend on a run's seed: runs are compared on it. */
const SPLIT_SEED = 1;

interface Scanning {
  cacheDir: string;
  onDamage?(path: string): void;
  signal: AbortSignal;
  onProgress(done: number, total: number): void;
}

export async function makeLanguage(
  code: string,
  spec: Experiment['languages'][string],
  experiment: Pick<Experiment, 'audio'>,
  { cacheDir, onDamage, signal, onProgress }: Scanning,
): Promise<{ clips: Clip[]; utterances: SplitUtterance[]; summary: CorpusSummary }> {
  const { joinSeconds, maxSeconds, minSeconds, allowOutside, channels } = experiment.audio;
  const aside = { beyondHours: 0, unused: 0 };
  const summary: CorpusSummary = {
    language: code,
    role: spec.role,
    trainSeconds: 0,
    heldOutSeconds: 0,
    utterances: 0,
    speakers: 0,
    skipped: [],
    dropped: { pieces: 0, seconds: 0 },
    aside,
    notes: [],
  };
  const utterances: SplitUtterance[] = [];
  const layouts = layoutsOf(spec);
  const columns = eachOf(spec, 'text');
  summary.licences = spec.data.map((root, index) => licenceOf(root, eachOf(spec, 'licence')[index]));
  for (const [index, root] of spec.data.entries()) {
    const layout = layouts[index];
    const corpus = await scanLanguage(
      {
        code,
        root,
        layout: layout === 'auto' ? undefined : layout,
        allowOutside: spec.allowOutside ?? allowOutside,
        tables: spec.commonVoice,
        tiers: spec.tiers,
        textColumn: columns[index],
        channels: typeof channels === 'number' ? channels - 1 : channels,
        limitHours: spec.hours === undefined ? undefined : spec.hours / spec.data.length,
        cacheDir,
        onDamage,
        signal,
      },
      ({ done, total }) => onProgress(done, total),
    );
    const assignment = assignSplits(corpus.utterances, { heldOut: spec.heldOut, seed: SPLIT_SEED });
    const report = splitReport(corpus.utterances, assignment);
    summary.skipped.push(...corpus.skipped);
    summary.notes.push(...corpus.notes);
    if (report.straddles) summary.notes.push(report.reason);
    summary.speakers += new Set(corpus.utterances.map(({ speaker }) => speaker)).size;
    const used = applySplits(corpus.utterances, await atPauses(assignment, corpus.utterances));
    aside.beyondHours += corpus.leftOut;
    aside.unused += corpus.utterances.filter(({ id }) => !assignment.sides.has(id)).length;
    // Two data sets may use the same ids.
    utterances.push(...(spec.data.length > 1 ? used.map((u) => ({ ...u, id: `${root}/${u.id}` })) : used));
  }
  // Two data sets may share recordings: what one holds out the other must not train on.
  const once = onceEach(utterances, summary.notes);
  const cut = (side: 'train' | 'dev') =>
    makeClips(
      once.filter(({ split }) => split === side),
      { joinSeconds, maxSeconds, minSeconds },
    );
  const [train, dev] = [cut('train'), cut('dev')];
  const seconds = (clips: readonly Clip[]) => clips.reduce((sum, { samples }) => sum + samples / RATE_HZ, 0);
  const pieces = train.dropped.count + dev.dropped.count;
  summary.dropped = { pieces, seconds: train.dropped.seconds + dev.dropped.seconds };
  if (pieces > 0)
    summary.notes.push(
      `left out as shorter than audio.minSeconds (${minSeconds} s): ${pieces} ${pieces === 1 ? 'piece' : 'pieces'}, ${summary.dropped.seconds.toFixed(1)} s in all.${isLoss(summary, once.length) && joinSeconds === undefined ? ` Set audio.joinSeconds (${JOIN_SECONDS} is usual) to join a speaker’s short recordings.` : ''}`,
    );
  if (aside.beyondHours > 0)
    summary.notes.push(`left aside beyond hours (${spec.hours}): ${aside.beyondHours} recordings.`);
  if (aside.unused > 0)
    summary.notes.push(`left aside in a split that is neither trained on nor measured: ${aside.unused}.`);
  summary.utterances = once.length;
  summary.trainSeconds = seconds(train.clips);
  summary.heldOutSeconds = seconds(dev.clips);
  if (dev.clips.length === 0) summary.notes.push(unmeasured(spec.heldOut, minSeconds));
  return { clips: [...train.clips, ...dev.clips], utterances: once, summary };
}

/** The cuts of a split moved to the nearest pause. */
async function atPauses(
  { sides, cuts }: SplitAssignment,
  utterances: readonly ScannedUtterance[],
): Promise<Pick<SplitAssignment, 'sides' | 'cuts'>> {
  const moved = new Map<string, number>();
  for (const utterance of utterances) {
    const wanted = cuts.get(utterance.id);
    if (wanted !== undefined) moved.set(utterance.id, nearestPause(await utteranceSamples(utterance), wanted));
  }
  return { sides, cuts: moved };
}

/** More than a twentieth of the recordings lost for being short. */
const isLoss = ({ dropped }: Pick<CorpusSummary, 'dropped'>, utterances: number) =>
  dropped.pieces > LOSS_SHARE * utterances;

const unmeasured = (heldOut: number, minSeconds: number) =>
  heldOut === 0
    ? 'nothing is held out (heldOut: 0), so this language is not measured.'
    : `too little is left to hold out of clips of at least ${minSeconds} s, so this language is not measured: add audio, raise heldOut, lower audio.minSeconds or set audio.joinSeconds.`;
