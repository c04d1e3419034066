/**
 * @file What a run that learned one language alone scored, beside this run's own score of it: only where both counted the
 * same things on the same speech. Pure.
 */
import type { Score } from './assessed.ts';

export interface AloneRun {
  /** Of its last row. */
  scores: readonly Score[];
  /** Why one of its measures is another than ours; undefined where it is the same. */
  unlike(measure: string): string | undefined;
}

/** By language: such a run, or why there is none to compare with. */
export type Alone = Readonly<Record<string, AloneRun | { reason: string }>>;

/** @param own this run's newest scores of the measure @returns by language a ratio of sums, or why it is none */
export function aloneValues(
  measure: string,
  own: readonly Score[],
  alone: Alone,
): Record<string, number | { reason: string }> {
  return Object.fromEntries(
    Object.entries(alone).map(([language, run]) => {
      if ('reason' in run) return [language, { reason: run.reason }];
      const is = (one: Score) => one.measure === measure && one.language === language && one.arm === 'adapted';
      const [ours, theirs] = [own.find(is), run.scores.find(is)];
      const none = (why: string) => [language, { reason: `the run that learned ${language} alone ${why}` }] as const;
      if (!theirs) return none('did not measure this');
      const unlike = run.unlike(measure);
      if (unlike) return none(unlike);
      if (!ours || !sameClips(ours, theirs)) return none('was measured on other speech');
      const sum = (part: 'count' | 'of') => theirs.counts.reduce((all, one) => all + one[part], 0);
      return [language, sum('count') / sum('of')];
    }),
  );
}

export function sameClips(a: Pick<Score, 'counts'>, b: Pick<Score, 'counts'>): boolean {
  const own = new Set(a.counts.map(({ hash }) => hash));
  return own.size === b.counts.length && b.counts.every(({ hash }) => own.has(hash));
}
