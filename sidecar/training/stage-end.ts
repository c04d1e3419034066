/**
 * @file What a stage leaves in the run: its adapter with the head, and a line in the ledger of what entered when.
 * Written again, byte for byte, by a run that was killed in the middle of it.
 */

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Rows } from '../corpus/index.ts';
import { writeFileAtomic } from '../disk.ts';
import { type AdapterInfo, saveAdapter } from '../model/adapters/file.ts';
import { ADAPTER_WEIGHTS } from '../model/checkpoint/adapter.ts';
import type { CorpusSummary } from '../protocol/events.ts';
import type { Arm } from './arms.ts';
import type { TrainingClip } from './draw.ts';
import type { UnitsPlan } from './prepare/units.ts';
import type { Stage } from './stages.ts';

export const LEDGER = 'ledger.json';

/** The folder of a stage's adapter within a run. */
export const stageAdapter = (run: { path: string }, number: number): string =>
  join(run.path, 'stages', String(number), 'adapter');

/** Their numbers, ascending. */
export function endedStages(run: { path: string }): number[] {
  const folder = join(run.path, 'stages');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map(Number)
    .filter((number) => existsSync(join(stageAdapter(run, number), ADAPTER_WEIGHTS)))
    .sort((a, b) => a - b);
}

export interface StageData {
  stage: Stage;
  /** What trained in it, and the units that it was labelled with. */
  clips: Rows<TrainingClip>;
  units: UnitsPlan;
}

export interface LedgerSource {
  framesPerSecond: number;
  summaries: readonly CorpusSummary[];
  info: AdapterInfo;
}

/** The adapter of the stage that has ended, and the ledger up to it. @param ended every stage until now, the newest last */
export function leaveStage(
  run: { path: string },
  { config, learner }: Arm,
  ended: readonly StageData[],
  source: LedgerSource,
): void {
  const { stage, units } = ended[ended.length - 1];
  const { baseHash, version } = source.info;
  saveAdapter(stageAdapter(run, stage.number), config, learner.parameters, { ...source.info, units: units.key });
  const ledger = {
    version: 1,
    milore: version,
    base: baseHash,
    // What held-out speech is measured by, whatever a stage is trained on.
    units: ended[0].units.key,
    stages: ended.map((data) => entry(run, data, source)),
  };
  writeFileAtomic(join(run.path, LEDGER), `${JSON.stringify(ledger, null, 2)}\n`);
}

function entry(
  run: { path: string },
  { stage, clips, units }: StageData,
  { framesPerSecond, summaries }: LedgerSource,
) {
  const { number, add, start, end, experiment } = stage;
  const weights = readFileSync(join(stageAdapter(run, number), ADAPTER_WEIGHTS));
  const languages = Object.entries(experiment.languages).flatMap(([code, { role }]) => {
    const own = clips.filter(({ language }) => language === code);
    if (own.length === 0) return [];
    let frames = 0;
    for (const one of own) frames += one.frames;
    const seconds = frames / framesPerSecond;
    const { speakers = 0, licences = [] } = summaries.find(({ language }) => language === code) ?? {};
    const heard = { role, clips: own.length, hours: seconds / 3600, speakers, licences, sha256: hashOf(own) };
    return [[code, heard] as const];
  });
  return {
    stage: number,
    add,
    steps: { first: start + 1, last: end },
    replay: experiment.replay,
    units: unitsIn(units),
    languages: Object.fromEntries(languages),
    adapter: { sha256: createHash('sha256').update(weights).digest('hex') },
  };
}

/** Which units a stage was trained on, and whose speech they were fitted on. */
const unitsIn = ({ key, config: { layer, clusters }, fitOn }: UnitsPlan) => ({
  key,
  layer,
  clusters,
  fitOn: [...new Set(fitOn.map(({ language }) => language))],
  sha256: hashOf(fitOn),
});

/** Of the clips' own hashes, whatever their order. */
function hashOf(clips: Rows<TrainingClip>): string {
  const hash = createHash('sha256');
  for (const one of clips.map((clip) => clip.hash).sort()) hash.update(`${one}\n`);
  return hash.digest('hex');
}
