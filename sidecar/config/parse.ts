/**
 * @file The text of an experiment file to an experiment, or to everything that is wrong with it, at once.
 * No file system here: the editor calls it on every keystroke. Paths are checked in resolve.ts.
 */
import type { Place, Problem } from '../errors.ts';
import { check } from './check.ts';
import { bounded, readDocument } from './document.ts';
import { complete, type Experiment, nameFromFile } from './experiment.ts';
import { applyOverrides } from './overrides.ts';
import type { Places } from './places.ts';

export type { Experiment, Place, Places, Problem };

export interface ParseResult {
  /** Present only where there is no problem. */
  experiment?: Experiment;
  /** In the order of the file. */
  problems: Problem[];
  /** Where each key stands, for what is found out later. */
  places: Places;
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
  if (source.value) {
    problems.push(...applyOverrides(source, overrides));
    const checked = check(source.value, places);
    problems.push(...checked.problems);
    if (checked.parsed && problems.length === 0) {
      const experiment = complete(checked.parsed, nameFromFile(file), places.has(['replay', 'fraction']));
      return { experiment, problems, places };
    }
  }
  const order = (place?: Place) => (place ? (place.file === file ? 0 : 1e12) + place.line * 1e4 + place.column : -1);
  problems.sort((a, b) => order(a.place) - order(b.place));
  return { problems: bounded(problems), places };
}
