/**
 * @file The text of an experiment file to an experiment, or to everything that is wrong with it, at once.
 * No file system here: the editor calls it on every keystroke. Paths are checked in paths.ts.
 */
import { type Place, type Problem, UserError } from '../errors.ts';
import { check } from './check.ts';
import { datasetsFileName } from './datasets.ts';
import { bounded, readDocument } from './document.ts';
import { complete, type Experiment, nameFromFile } from './experiment.ts';
import { applyOverrides } from './overrides.ts';
import { Places } from './places.ts';

export type { Experiment, Place, Places, Problem };

export interface ParseResult {
  /** Present only where there is no problem. */
  experiment?: Experiment;
  /** Where there is one: what can still be looked for on the disk, with `UNKNOWN` for what is missing or wrong. */
  partial?: Experiment;
  /** In the order of the file. */
  problems: Problem[];
  /** Where each key stands, for what is found out later. */
  places: Places;
}

/** An experiment that was resolved and stored before, checked anew. @throws UserError naming every fault of `file`. */
export function checkResolved(raw: unknown, file: string): Experiment {
  const isObject = typeof raw === 'object' && raw !== null && !Array.isArray(raw);
  const { parsed, problems } = isObject
    ? check(raw as Record<string, unknown>, new Places(file))
    : {
        problems: [
          { code: 'config.not-resolved', why: 'it is missing or holds no JSON object.' },
        ] as Partial<Problem>[],
      };
  if (parsed) return complete(parsed, nameFromFile(file), true);
  const place = { file, line: 1, column: 1 };
  const cure = 'The run cannot be used without it: restore the file, or train the experiment anew.';
  throw new UserError(
    bounded(problems.map((problem) => ({ tried: 'read the resolved experiment', cure, ...problem, place }) as Problem)),
  );
}

/**
 * Reads an experiment. Never throws on any text.
 * @param file the name that messages show; its last part names an experiment without `name`
 * @param overrides `training.steps=300`, as `--set` takes them
 */
export function parseExperiment(text: string, file: string, overrides: readonly string[] = []): ParseResult {
  const source = readDocument(text, file);
  const { places } = source;
  const problems = [...source.problems];
  if (source.value && isSweepAlone(source.value)) {
    problems.push({
      code: 'sweep.file',
      tried: 'read the experiment',
      why: 'it is a sweep over another one, in a file of its own.',
      cure: 'Train its points with: milore sweep FILE, or name the experiment itself.',
      place: places.key(['sweep']),
    });
    return { problems, places };
  }
  if (source.value) {
    problems.push(...applyOverrides(source, overrides));
    const checked = check(source.value, places);
    problems.push(...checked.problems);
    const parsed = checked.parsed ?? checked.repaired;
    const experiment = parsed && complete(parsed, nameFromFile(file), places.has(['replay', 'fraction']));
    if (experiment && problems.length === 0) return { experiment, problems, places };
    return { partial: experiment, problems: inOrder(problems, file), places };
  }
  return { problems: inOrder(problems, file), places };
}

/** `sweep.experiment` stands where the experiment itself would. */
const isSweepAlone = ({ sweep, base, languages }: Record<string, unknown>): boolean =>
  typeof sweep === 'object' && sweep !== null && 'experiment' in sweep && base === undefined && languages === undefined;

/** In the order of the file, behind those of the list that it names and before those of overrides; not too many. */
export function inOrder(problems: readonly Problem[], file: string): Problem[] {
  const order = (place?: Place) => {
    if (!place || place.file.endsWith(datasetsFileName)) return -1;
    return (place.file === file ? 0 : 1e12) + place.line * 1e4 + place.column;
  };
  return bounded([...problems].sort((a, b) => order(a.place) - order(b.place)));
}
