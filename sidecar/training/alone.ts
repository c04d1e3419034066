/**
 * @file The runs that `evaluation.alone` names, each of which learned one language by itself: what they scored at their end,
 * and which of it may be compared. A run that cannot be used is a reason, never a fault of this one.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Experiment, languagesOf } from '../config/experiment.ts';
import { checkResolved } from '../config/parse.ts';
import { UserError } from '../errors.ts';
import type { Alone, AloneRun } from '../evaluation/alone.ts';
import type { Assessed } from '../evaluation/assessed.ts';
import { scoresIn } from '../evaluation/findings.ts';
import { ADAPTER_WEIGHTS } from '../model/checkpoint/adapter.ts';
import { isRecord, readJson } from '../runs/files.ts';
import { openRun, readResolved, runFiles } from '../runs/run.ts';
import type { CheckpointMeaning } from './state.ts';

/** Of a row, which has a line of some hundred bytes for each held-out clip and measure. */
const MOST_BYTES = 256e6;
const MOST_ROWS = 100;

/** Undefined where none is named. */
export function aloneRuns(
  experiment: Experiment,
  { base, units }: Pick<CheckpointMeaning, 'base' | 'units'>,
): Alone | undefined {
  const named = Object.entries(experiment.evaluation.alone ?? {});
  if (named.length === 0) return undefined;
  return Object.fromEntries(named.map(([code, path]) => [code, aloneRun(code, path, experiment, base, units)]));
}

function aloneRun(
  code: string,
  path: string,
  experiment: Experiment,
  base: string,
  units: string,
): AloneRun | { reason: string } {
  const none = (why: string) => ({ reason: `the run that learned ${code} alone ${why}` });
  let theirs: Experiment;
  let folder: string;
  try {
    const run = openRun(path);
    folder = run.path;
    theirs = checkResolved(readResolved(run), join(run.path, runFiles.resolved));
  } catch (error) {
    if (error instanceof UserError) return none('cannot be read');
    throw error;
  }
  const fresh = languagesOf(theirs, 'new');
  if (fresh.join() !== code) return none(`learned ${fresh.join(', ') || 'nothing'}`);
  if (!existsSync(join(folder, 'adapter', ADAPTER_WEIGHTS))) return none('is not finished');
  const about = readJson(join(folder, 'adapter', 'adapter_config.json'));
  if (!isRecord(about) || about.base_hash !== base) return none('has another base');
  const row = lastRow(folder);
  if (!row) return none('has measured nothing');
  const [ours, other] = [experiment.evaluation, theirs.evaluation];
  const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
  const recogniser = ({ superb }: Experiment['evaluation']) => superb && { ...superb, languages: undefined };
  return {
    scores: scoresIn(row),
    unlike(measure) {
      const masked = ['loss', 'accuracy', 'ownHeadLoss', 'ownHeadAccuracy'].includes(measure);
      if (masked && !same(ours.mask, other.mask)) return 'masked held-out speech otherwise';
      if ((measure === 'loss' || measure === 'accuracy') && about.units !== units) return 'has other units';
      if (measure === 'cer' && !same(recogniser(ours), recogniser(other))) return 'trained its recogniser otherwise';
      const told = (languages: Experiment['languages']) => Object.keys(languages).sort();
      if (measure === 'languageIdentification' && !same(told(experiment.languages), told(theirs.languages)))
        return 'was asked about other languages';
      return undefined;
    },
  };
}

function lastRow(folder: string): Assessed | undefined {
  for (let row = MOST_ROWS; row > 0; row--) {
    const file = join(folder, runFiles.evaluation, `row-${row}.json`);
    if (!existsSync(file)) continue;
    const found = readJson(file, MOST_BYTES) as Assessed | undefined;
    return found?.version === 1 && found.row === row ? found : undefined;
  }
  return undefined;
}
