import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../../sidecar/protocol/events.ts';
import { loadStudy, type Study } from '../../sidecar/studies/study.ts';
import { type PointRequest, trainPoint } from '../../sidecar/studies/train-point.ts';
import { VERSION } from '../../sidecar/version.ts';
import { tinyWorkspace } from './tiny.ts';

export interface TinySweep {
  root: string;
  file: string;
  load(): Promise<Study>;
  /** Replaces a part of the file. */
  change(from: string, to: string): void;
}

/** A sweep in a file of its own whose points train in seconds. @param sweep lines below `sweep:`, indented by two */
export function tinySweep(sweep: string, settings = ''): TinySweep {
  const { root } = tinyWorkspace(settings);
  const file = join(root, 'tiny.sweep.milore.yaml');
  writeFileSync(file, `sweep:\n  experiment: tiny.milore.yaml\n${sweep}`);
  return {
    root,
    file,
    load: () => loadStudy(file),
    change: (from, to) => writeFileSync(file, readFileSync(file, 'utf8').replace(from, to)),
  };
}

/** Few steps, held-out speech at both ends. */
export const few = `  keys: { training.steps: [4], evaluation.every: [4], checkpoint.every: [2], head.warmupSteps: [2] }\n`;

/** Trains a point; `seen` is told of every event. */
export const trainOne = (study: Study, index: number, more: Partial<PointRequest> = {}, seen: RunEvent[] = []) =>
  trainPoint(study, study.points[index], {
    version: VERSION,
    signal: new AbortController().signal,
    onEvent: (event) => void seen.push(event),
    ...more,
  });
