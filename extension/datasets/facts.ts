/**
 * @file What an inspection found, as far as the tree shows it: small enough to be remembered between sessions.
 * It must not know VS Code.
 */
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
  /** The first of each reason. */
  skipped: DatasetReport['skipped'];
  examples: DatasetReport['examples'];
}

export interface ModelFacts {
  parameters: number;
  layers: number;
  hasHead: boolean;
  /** Tensors that are missing, unexpected or misshapen. */
  faults: number;
  licence?: string;
  source?: string;
}

/** Remembered of the files that a reason left out. */
const shownOfAReason = 20;

export function datasetFacts(report: DatasetReport, stamp: string): DatasetFacts {
  const { layout, seconds, clips, speakers, splits, skippedReasons, examples } = report;
  const seen = new Map<string, number>();
  const skipped = report.skipped.filter(({ reasonCode }) => {
    const count = (seen.get(reasonCode) ?? 0) + 1;
    seen.set(reasonCode, count);
    return count <= shownOfAReason;
  });
  return { stamp, layout, seconds, clips, speakers, splits, skippedReasons, skipped, examples };
}

export function modelFacts({ parameters, layers, hasHead, licence, source, ...report }: ModelReport): ModelFacts {
  const faults = report.missing.length + report.unexpected.length + report.misshapen.length;
  return { parameters, layers, hasHead, faults, ...(licence ? { licence } : {}), ...(source ? { source } : {}) };
}

export const leftOut = (facts: Pick<DatasetFacts, 'skippedReasons'>): number =>
  facts.skippedReasons.reduce((sum, { clips }) => sum + clips, 0);
