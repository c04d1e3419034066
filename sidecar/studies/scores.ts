/** @file What the runs of a sweep measured last, utterance by utterance, by point, measure, language and seed. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Assessed, Score } from '../evaluation/assessed.ts';
import { scoresIn } from '../evaluation/findings.ts';
import type { Counted } from '../evaluation/interval.ts';
import { isRecord, readJson } from '../runs/files.ts';
import { type RunDir, runFiles } from '../runs/run.ts';
import type { StudyProgress } from './progress.ts';
import type { Study } from './study.ts';

/** Of one measure in one language: by seed, and what else must agree for two points to compare. */
export interface Scored extends Pick<Score, 'measure' | 'unit' | 'better' | 'language' | 'withoutInterval'> {
  bySeed: Map<number, Counted[]>;
}

export interface PointScores {
  name: string;
  scores: Scored[];
  /** Units that the head was asked for, of its runs; a loss of others compares with nothing. */
  units: Set<string>;
  /** Seeds that are done, of all. */
  done: number;
}

/** A row has a line of some hundred bytes for each held-out clip and measure. */
const MOST_BYTES = 256e6;
const MOST_ROWS = 100;

/** Every row of the table in its order; a point without a finished run has no scores. */
export function scoresOf({ rows }: Study, { points }: StudyProgress): PointScores[] {
  const done = points.filter(({ state }) => state === 'done');
  return rows.map(({ name, measured }) => {
    const own = measured ? oneOfEachSeed(done) : done.filter(({ point }) => point.point === name);
    const scores: Scored[] = [];
    const units = new Set<string>();
    for (const { run, point } of own) {
      const row = rowOf(run!, measured ? 'first' : 'last');
      if (!row) continue;
      units.add(unitsOf(run!));
      collect(row, point.seed, scores);
    }
    return { name, scores, units, done: own.length };
  });
}

/** The base is what any run measured before its first step. */
const oneOfEachSeed = (done: StudyProgress['points']) =>
  done.filter(({ point }, i) => done.findIndex((other) => other.point.seed === point.seed) === i);

function collect(row: Assessed, seed: number, scores: Scored[]): void {
  const speakers = new Map([...row.clips, ...(row.utterances ?? [])].map(({ hash, speaker }) => [hash, speaker]));
  for (const { measure, unit, better, arm, language, counts, withoutInterval } of scoresIn(row)) {
    if (arm !== 'adapted') continue;
    let own = scores.find((one) => one.measure === measure && one.language === language);
    if (!own) {
      own = { measure, unit, better, language, withoutInterval, bySeed: new Map() };
      scores.push(own);
    }
    own.bySeed.set(
      seed,
      counts.map(({ hash, count, of }) => ({ id: hash, speaker: speakers.get(hash), count, of })),
    );
  }
}

/** What one run measured at its end; undefined where it has not come to that. */
export function scoresOfRun(
  run: RunDir,
): { units: string; scores: (Omit<Scored, 'bySeed'> & { counts: Counted[] })[] } | undefined {
  const row = rowOf(run, 'last');
  if (!row) return undefined;
  const scores: Scored[] = [];
  collect(row, 0, scores);
  return { units: unitsOf(run), scores: scores.map(({ bySeed, ...one }) => ({ ...one, counts: bySeed.get(0)! })) };
}

function rowOf(run: RunDir, which: 'first' | 'last'): Assessed | undefined {
  const file = (row: number) => join(run.path, runFiles.evaluation, `row-${row}.json`);
  let row = 0;
  if (which === 'last') for (row = MOST_ROWS; row > 0 && !existsSync(file(row)); ) row--;
  if (which === 'last' && row === 0) return undefined;
  const found = readJson(file(row), MOST_BYTES) as Assessed | undefined;
  return found?.version === 1 && found.row === row ? found : undefined;
}

function unitsOf(run: RunDir): string {
  const config = readJson(join(run.path, 'adapter', 'adapter_config.json'));
  return isRecord(config) && typeof config.units === 'string' ? config.units : 'unknown';
}
