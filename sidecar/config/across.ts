/** @file The rules that span several keys of an experiment. */
import type { Fix, Problem } from '../errors.ts';
import { byLanguage } from './experiment.ts';
import { languageName } from './iso639.ts';
import type { Places } from './places.ts';
import { isKnown, type Repaired } from './repair.ts';
import { rivalsIn } from './rivals.ts';
import { codeProblem, dotted, type Path } from './schema-faults.ts';
import { stagesIn } from './stages.ts';

/** The key or item goes. */
const takeOut: Omit<Fix, 'path'> = {};

/** Rules that no single key can state. A rule that reads a value which is not known is left unsaid. */
export function across({ parsed: experiment, left }: Repaired, places: Places): Problem[] {
  const problems: Problem[] = [];
  const known = (...paths: Path[]) => paths.every((path) => isKnown(path, left));
  const fault = (path: Path, why: string, cure: string, reads: Path[] = [], fix?: Omit<Fix, 'path'>) => {
    if (!known(path, ...reads)) return;
    problems.push({
      code: 'config.rule',
      tried: `read the key ${dotted(path)}`,
      why,
      cure,
      place: places.value(path),
      ...(fix ? { fix: { path: path as Fix['path'], ...fix } } : {}),
    });
  };
  const { languages, replay, adapter, audio, units } = experiment;
  const codes = Object.keys(languages);
  const existing = codes.filter((code) => languages[code].role === 'existing');

  if (codes.length === 0)
    fault(['languages'], 'no language is listed.', 'List at least one, under its ISO 639-3 code.');

  const listed = (list: readonly string[], path: Path, among: readonly string[], kind: string) => {
    for (const [index, code] of list.entries()) {
      const at = [...path, index];
      if (among.includes(code)) continue;
      if (!known(path)) continue;
      const wrong = codes.includes(code) ? [] : codeProblem(code, at, 'value', places);
      if (wrong.length) problems.push(...wrong);
      else {
        const is = codes.includes(code)
          ? `${code} is a new language here`
          : `${code} (${languageName(code)}) is not under languages`;
        const cure = among.length ? `Allowed: ${among.join(', ')}.` : `No language here is ${kind}.`;
        fault(at, `${is}.`, cure, [['languages']], takeOut);
      }
    }
  };
  if (replay.languages) listed(replay.languages, ['replay', 'languages'], existing, 'existing');
  if (Array.isArray(units.fitOn)) listed(units.fitOn, ['units', 'fitOn'], codes, 'listed');
  else if (units.fitOn !== 'all' && !codes.some((code) => languages[code].role === units.fitOn)) {
    const cure = 'Write all, or give a language that role.';
    fault(['units', 'fitOn'], `no language has the role ${units.fitOn}.`, cure, [['languages']], { write: 'all' });
  }

  const fraction = ['replay', 'fraction'];
  const nothing = existing.length === 0 || replay.languages?.length === 0;
  // With stages there is something to replay from the second on.
  if (replay.fraction > 0 && places.has(fraction) && nothing && !experiment.stages) {
    fault(
      fraction,
      `${replay.fraction} of the audio is to be replayed and no existing language is there to replay.`,
      'Give a language the role existing, or write 0.',
      [['languages'], ['replay', 'languages']],
      { write: '0' },
    );
  }

  problems.push(...stagesIn(experiment, places, left));

  const targets = ['adapter', 'targets'];
  if (adapter.kind !== 'none') {
    if (adapter.targets.length === 0) {
      const cure = 'Name at least one of q, k, v, o, fc1, fc2, or write adapter.kind: none.';
      fault(targets, 'the list is empty.', cure, [], { write: '[fc1, fc2]' });
    }
    for (const [index, target] of adapter.targets.entries()) {
      if (adapter.targets.indexOf(target) < index)
        fault([...targets, index], `${target} is listed twice.`, 'List it once.', [], takeOut);
    }
  }
  if (adapter.kind === 'lora-mixture' && adapter.router.kind === 'top-k') {
    const fewest = Math.min(...[adapter.experts].flat());
    if (adapter.router.k > fewest) {
      const path = ['adapter', 'router', 'k'];
      fault(
        path,
        `${adapter.router.k} experts are to be kept of ${fewest}.`,
        `Write ${fewest} or less, or more experts.`,
        [['adapter']],
        { write: String(fewest) },
      );
    }
  }

  const groups = byLanguage(experiment);
  if (groups) {
    const written = [adapter.experts].flat();
    const reads: Path[] = [['adapter'], ['languages']];
    if (places.has(['adapter', 'experts']) && written.some((count) => count !== groups.length)) {
      const whose = groups.map((codes) => codes.join('+')).join(', ');
      const why = `adapter.router.kind is language, which makes ${groups.length} experts: ${whose}.`;
      fault(['adapter', 'experts'], why, `Write ${groups.length}, or leave it out.`, reads);
    }
    for (const key of ['balance', 'zLoss'] as const)
      if (adapter.router[key] > 0) {
        const why = 'experts go by language: there is no router to punish.';
        fault(['adapter', 'router', key], why, 'Write 0, or another adapter.router.kind.', reads);
      }
  }

  for (const [code, { data, ...spec }] of Object.entries(languages)) {
    const sources = Array.isArray(data) ? data.length : 1;
    for (const key of ['layout', 'text', 'licence'] as const) {
      const listed = spec[key];
      if (!Array.isArray(listed) || listed.length === sources) continue;
      fault(
        ['languages', code, key],
        `it lists ${listed.length} and data lists ${sources}.`,
        `Write one ${key} for each of data, or a single one.`,
        [['languages', code, 'data']],
      );
    }
  }

  if (experiment.training.l2ToStart > 0 && adapter.kind !== 'full') {
    const why = `adapter.kind is ${adapter.kind}: the base itself does not move.`;
    fault(['training', 'l2ToStart'], why, 'Write 0, or adapter.kind: full.', [['adapter', 'kind']], { write: '0' });
  }
  problems.push(...rivalsIn(experiment, places, left));
  const { compute, device } = experiment;
  if (compute === 'int8' && device !== 'auto' && device !== 'cpu') {
    const why = `products in 8 bits are for the CPU, and device is ${device}.`;
    fault(['compute'], why, 'Write float32, or auto, or device: cpu.', [['device']], { write: 'float32' });
  }
  if (audio.minSeconds >= audio.maxSeconds) {
    fault(
      ['audio', 'minSeconds'],
      `${audio.minSeconds} s is not below maxSeconds, ${audio.maxSeconds} s.`,
      'Lower it.',
      [['audio', 'maxSeconds']],
      { write: String(Math.min(0.5, audio.maxSeconds / 2)) },
    );
  }
  if (audio.joinSeconds !== undefined && audio.joinSeconds > audio.maxSeconds) {
    const why = `${audio.joinSeconds} s is above maxSeconds, ${audio.maxSeconds} s.`;
    fault(['audio', 'joinSeconds'], why, 'Lower it.', [['audio', 'maxSeconds']], {
      write: String(audio.maxSeconds),
    });
  }
  return problems;
}
