/** @file The rules of the rivals against forgetting: each needs something that can forget, and something to hold on to. */
import type { Problem } from '../errors.ts';
import type { Places } from './places.ts';
import { isKnown } from './repair.ts';
import type { ParsedExperiment } from './schema.ts';

type Path = readonly PropertyKey[];

/** The key that turns a rival on. */
export const RIVAL_KEYS = { ewc: ['training', 'ewc', 'strength'] } as const;

export function rivalsIn(experiment: ParsedExperiment, places: Places, left: readonly Path[]): Problem[] {
  const { adapter, languages, replay, stages, training } = experiment;
  const problems: Problem[] = [];
  const fault = (path: Path, why: string, cure: string, reads: Path[]) => {
    if (![path, ...reads].every((read) => isKnown(read, left))) return;
    const tried = `read the key ${path.map(String).join('.')}`;
    problems.push({ code: 'config.rule', tried, why, cure, place: places.value(path) });
  };
  const on = [training.ewc.strength > 0 ? RIVAL_KEYS.ewc : undefined].filter((path) => path !== undefined);
  if (adapter.kind === 'none')
    for (const path of on)
      fault(path, 'adapter.kind is none: nothing moves that could forget.', 'Write 0, or another adapter.kind.', [
        ['adapter', 'kind'],
      ]);
  const existing = Object.values(languages).some(({ role }) => role === 'existing');
  // From the second stage on there is what the first has learned.
  const old = (existing && replay.languages?.length !== 0) || (stages && stages.length > 1);
  if (training.ewc.strength > 0 && !old)
    fault(
      RIVAL_KEYS.ewc,
      'no language is old: there is no speech to tell what must stay.',
      'Give a language the role existing, or write 0.',
      [['languages'], ['replay', 'languages'], ['stages']],
    );
  return problems;
}
