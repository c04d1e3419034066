/** @file The rules of the rivals against forgetting: each needs something that can forget, and something to hold on to. */
import type { Problem } from '../errors.ts';
import type { Places } from './places.ts';
import { isKnown } from './repair.ts';
import type { ParsedExperiment } from './schema.ts';

type Path = readonly PropertyKey[];

export function rivalsIn(experiment: ParsedExperiment, places: Places, left: readonly Path[]): Problem[] {
  const { adapter, languages, replay, stages, training, units } = experiment;
  const problems: Problem[] = [];
  const fault = (path: Path, why: string, cure: string, reads: Path[]) => {
    if (![path, ...reads].every((read) => isKnown(read, left))) return;
    const tried = `read the key ${path.map(String).join('.')}`;
    problems.push({ code: 'config.rule', tried, why, cure, place: places.value(path) });
  };
  const [ewc, lwf, der] = [
    { path: ['training', 'ewc', 'strength'], on: training.ewc.strength > 0 },
    { path: ['training', 'lwf', 'weight'], on: training.lwf.weight > 0 },
    { path: ['training', 'der', 'weight'], on: training.der.weight > 0 },
  ];
  for (const { path, on } of [ewc, lwf, der])
    if (on && adapter.kind === 'none') {
      const why = 'adapter.kind is none: nothing moves that could forget.';
      fault(path, why, 'Write 0, or another adapter.kind.', [['adapter', 'kind']]);
    }
  const existing = Object.values(languages).some(({ role }) => role === 'existing');
  // From the second stage on there is what the first has learned.
  const old = (existing && replay.languages?.length !== 0) || (stages !== undefined && stages.length > 1);
  const reads: Path[] = [['languages'], ['replay'], ['stages']];
  if (ewc.on && !old) {
    const why = 'no language is old: there is no speech to tell what must stay.';
    fault(ewc.path, why, 'Give a language the role existing, or write 0.', reads);
  }
  const shares = stages?.map((stage) => stage.replay.fraction ?? replay.fraction) ?? [replay.fraction];
  if (der.on && (!old || shares.every((share) => share === 0))) {
    const why = 'nothing is replayed: there are no clips to keep logits of.';
    fault(der.path, why, 'Give a language the role existing and set replay.fraction, or write 0.', reads);
  }
  if (der.on && units.refit && stages !== undefined && stages.length > 1) {
    const why = 'units.refit gives every stage units of its own: logits that were kept are of others.';
    fault(der.path, why, 'Write 0, or units.refit: false.', [['units', 'refit'], ['stages']]);
  }
  return problems;
}
