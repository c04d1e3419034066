/**
 * @file What an inspection found, as far as the tree shows it: small enough to be remembered between sessions.
 * It must not know VS Code.
 */
import { LOSS_SHARE, lostAsShort } from '../../sidecar/protocol/alarm-rules.ts';
import type { DatasetReport, ModelReport } from '../../sidecar/protocol/messages.ts';

export interface DatasetFacts {
  /** Of the folder when it was read: another one now means that files came or went. */
  stamp: string;
  layout: string;
  seconds: number;
  clips: number;
  speakers: number;
  splits: DatasetReport['splits'];
  skippedReasons: DatasetReport['skippedReasons'];
  /** Absent where an older version inspected it. */
  short?: DatasetReport['short'];
  /** The first of each reason. */
  skipped: DatasetReport['skipped'];
  examples: DatasetReport['examples'];
}

export interface ModelFacts {
  parameters: number;
  layers: number;
  hasHead: boolean;
  /** Files that could be its head; absent where an older version inspected it. */
  heads?: string[];
  /** Tensors that are missing, unexpected or misshapen. */
  faults: number;
  licence?: string;
  source?: string;
}

/** Remembered of the files that a reason left out. */
const shownOfAReason = 20;

export function datasetFacts(report: DatasetReport, stamp: string): DatasetFacts {
  const { layout, seconds, clips, speakers, splits, skippedReasons, short, examples } = report;
  const seen = new Map<string, number>();
  const skipped = report.skipped.filter(({ reasonCode }) => {
    const count = (seen.get(reasonCode) ?? 0) + 1;
    seen.set(reasonCode, count);
    return count <= shownOfAReason;
  });
  return { stamp, layout, seconds, clips, speakers, splits, skippedReasons, short, skipped, examples };
}

export function modelFacts({
  parameters,
  layers,
  hasHead,
  heads,
  licence,
  source,
  ...report
}: ModelReport): ModelFacts {
  const faults = report.missing.length + report.unexpected.length + report.misshapen.length;
  return {
    parameters,
    layers,
    hasHead,
    ...(heads ? { heads } : {}),
    faults,
    ...(licence ? { licence } : {}),
    ...(source ? { source } : {}),
  };
}

/** Stands for the clips that are below the usual `audio.minSeconds`. */
export const belowMinimum = 'below-minimum';

type LeftOut = Pick<DatasetReport, 'skippedReasons'> & Partial<Pick<DatasetReport, 'short'>>;

/** Every reason, with the clips that an experiment loses that does not join short ones; most frequent first. */
export function leftOutReasons({ skippedReasons, short = [] }: LeftOut): DatasetReport['skippedReasons'] {
  const lost = lostAsShort(short);
  const all = lost ? [...skippedReasons, { reasonCode: belowMinimum, clips: lost.clips }] : [...skippedReasons];
  return all.sort((a, b) => b.clips - a.clips);
}

export const leftOut = (facts: LeftOut): number => leftOutReasons(facts).reduce((sum, { clips }) => sum + clips, 0);

/** Whether so many of its clips are lost for being short that a person must be told. */
export const isLoss = ({ clips, short = [] }: Pick<DatasetReport, 'clips'> & Partial<Pick<DatasetReport, 'short'>>) =>
  (lostAsShort(short)?.clips ?? 0) > LOSS_SHARE * clips;
