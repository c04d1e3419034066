/** @file One language of an experiment: its data sets scanned, split and cut into clips, and what was left out. */
import { type Experiment, eachOf, layoutsOf } from '../../config/experiment.ts';
import {
  applySplits,
  assignSplits,
  type Clip,
  joined,
  makeClips,
  nearestPause,
  onceEach,
  type Rows,
  rowsBy,
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
): Promise<{ clips: Record<'train' | 'dev', Rows<Clip>>; utterances: Rows<SplitUtterance>; summary: CorpusSummary }> {
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
  const utterances: Rows<SplitUtterance>[] = [];
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
        unannotated: spec.unannotated,
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
    for (const one of corpus.skipped) summary.skipped.push(one);
    summary.notes.push(...corpus.notes);
    if (report.straddles) summary.notes.push(report.reason);
    const speakers = new Set<string | undefined>();
    for (const { speaker } of corpus.utterances) speakers.add(speaker);
    summary.speakers += speakers.size;
    const used = applySplits(corpus.utterances, await atPauses(assignment, corpus.utterances));
    aside.beyondHours += corpus.leftOut;
    aside.unused += report.unusedUtterances;
    // Two data sets may use the same ids.
    const named = (utterance: SplitUtterance) => ({ ...utterance, id: `${root}/${utterance.id}` });
    utterances.push(spec.data.length > 1 ? rowsBy(used.length, (i) => named(used.at(i)!)) : used);
  }
  // Two data sets may share recordings: what one holds out the other must not train on.
  const once = onceEach(joined(utterances), summary.notes);
  const cut = (side: 'train' | 'dev') =>
    makeClips(
      once.filter(({ split }) => split === side),
      { joinSeconds, maxSeconds, minSeconds },
    );
  const [train, dev] = [cut('train'), cut('dev')];
  const seconds = (clips: Rows<Clip>) => {
    let sum = 0;
    for (const { samples } of clips) sum += samples / RATE_HZ;
    return sum;
  };
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
  return { clips: { train: train.clips, dev: dev.clips }, utterances: once, summary };
}

/** The cuts of a split moved to the nearest pause. */
async function atPauses(
  { sides, cuts }: SplitAssignment,
  utterances: Rows<ScannedUtterance>,
): Promise<Pick<SplitAssignment, 'sides' | 'cuts'>> {
  const moved = new Map<number, number>();
  for (const [place, wanted] of cuts)
    moved.set(place, nearestPause(await utteranceSamples(utterances.at(place)!), wanted));
  return { sides, cuts: moved };
}

/** More than a twentieth of the recordings lost for being short. */
const isLoss = ({ dropped }: Pick<CorpusSummary, 'dropped'>, utterances: number) =>
  dropped.pieces > LOSS_SHARE * utterances;

const unmeasured = (heldOut: number, minSeconds: number) =>
  heldOut === 0
    ? 'nothing is held out (heldOut: 0), so this language is not measured.'
    : `too little is left to hold out of clips of at least ${minSeconds} s, so this language is not measured: add audio, raise heldOut, lower audio.minSeconds or set audio.joinSeconds.`;
