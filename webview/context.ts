/** @file What a view is given to show: the state, the samples, the colours. Derived anew at each drawing, cheap. */
import type { Findings } from '../sidecar/protocol/findings.ts';
import type { RunHistory } from './history.ts';
import { type Head, type State, shownRuns, type Told } from './state.ts';
import { type Shape, shapeOf, type Theme } from './theme.ts';

/** A run on the screen: its letter and hue stay while the selection does. */
export interface Shown {
  head: Head;
  history: RunHistory;
  /** Undefined where it has none. */
  told: Told | undefined;
  index: number;
  letter: string;
  /** Steps that came before its first, in the run whose parameters it began with, and before that one's. */
  offset: number;
}

export interface Language {
  code: string;
  name: string;
  role: 'existing' | 'new';
  hue: number;
  shape: Shape;
  hidden: boolean;
}

export interface Context {
  state: State;
  theme: Theme;
  runs: Shown[];
  languages: Language[];
}

export const letterOf = (index: number): string => String.fromCharCode(65 + (index % 26));

export function context(state: State, histories: ReadonlyMap<string, RunHistory>, theme: Theme): Context {
  const runs = shownRuns(state).flatMap((head, index) => {
    const history = histories.get(head.id);
    return history
      ? [
          {
            head,
            history,
            told: state.findings.get(head.id),
            index,
            letter: letterOf(index),
            offset: offsetOf(state, head),
          },
        ]
      : [];
  });
  return { state, theme, runs, languages: languagesOf(state, runs) };
}

/** Of a fork of a fork the sum; a circle, which no trainer writes, ends. */
export function offsetOf(state: Pick<State, 'runs'>, head: Head): number {
  let sum = 0;
  const seen = new Set<string>();
  for (let at: Head | undefined = head; at?.parent && !seen.has(at.id); ) {
    seen.add(at.id);
    sum += at.parent.step;
    const parent: string = at.parent.run;
    at = state.runs?.find(({ id }) => id === parent);
  }
  return sum;
}

/** Those of the shown runs, new ones first, otherwise in the experiment's order. */
function languagesOf(state: State, runs: readonly Shown[]): Language[] {
  const found = new Map<string, Pick<Language, 'name' | 'role'>>();
  for (const { head, history, told } of runs) {
    for (const { code, name, role } of head.languages)
      if (!found.has(code)) found.set(code, { name: name || code, role });
    for (const [code, language] of history.languages) {
      if (!found.has(code)) found.set(code, { name: code, role: language.role ?? 'existing' });
    }
    for (const { code, role } of findingsOf(told)?.languages ?? [])
      if (!found.has(code)) found.set(code, { name: code, role });
  }
  const all = [...found].map(([code, { name, role }]) => {
    const hue = Math.max(0, state.view.colours.indexOf(code));
    return { code, name, role, hue, shape: shapeOf(hue), hidden: state.view.hidden.includes(code) };
  });
  return [...all.filter(({ role }) => role === 'new'), ...all.filter(({ role }) => role === 'existing')];
}

export const findingsOf = (told: Told | undefined): Findings | undefined =>
  told && 'findings' in told ? told.findings : undefined;

/** Of several runs the one that is looked at closely: its experts, its corpus, its log. */
export const detailed = ({ runs, state }: Context): Shown | undefined =>
  runs.find(({ head }) => head.id === state.view.detailRun) ?? runs[0];
