/**
 * @file Errors that a person can act on, made in one place: what was tried, why it failed, and what cures it.
 * Anything else that is thrown is our own fault and is reported as `internal:`.
 */

/** Where in a text file the fault lies; lines and columns count from 1. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

/** The one thing to write that cures a fault of a file: YAML at a key path, or nothing, to take the key or item out. */
export interface Fix {
  path: readonly (string | number)[];
  write?: string;
}

export interface Problem {
  /** Stable, machine-readable: `audio.truncated`, `config.unknown-key`. */
  code: string;
  /** What was being done: "read the weights of models/base/model.safetensors". */
  tried: string;
  /** Why it failed, with the numbers. */
  why: string;
  /** What the reader can do now. */
  cure: string;
  place?: Place;
  /** Where one thing cures it, so that an editor can offer that. */
  fix?: Fix;
}

/** A fault outside our code, told to the person who can cure it. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly problems: readonly Problem[];

  constructor(problems: Problem | readonly Problem[]) {
    const list = 'code' in problems ? [problems] : problems;
    super(list.map(describe).join('\n'));
    this.problems = list;
  }

  get code(): string {
    return this.problems[0]?.code ?? 'internal:empty';
  }
}

/** One problem as a person reads it: place, fault, cure. */
export function describe(problem: Problem): string {
  const { place } = problem;
  const where = place ? `${place.file}:${place.line}:${place.column}: ` : '';
  return `${where}Could not ${problem.tried}: ${problem.why} ${problem.cure}`;
}
