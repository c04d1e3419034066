/**
 * @file SUPERB_s of ML-SUPERB (Shi et al. 2023, arXiv 2305.10615, section 3.4): how far a model lies between log-mel
 * features and the best model of the paper, over four tasks. Pure.
 */

/** Scores in per cent, by task and metric; error rates where not said otherwise. */
export interface SuperbScores {
  mono: [rate: number];
  /** Trained languages, few-shot languages. */
  multi: [trained: number, fewShot: number];
  lid: [accuracy: number];
  joint: [accuracy: number, trained: number, fewShot: number];
}
export type SuperbTask = keyof SuperbScores;
export const SUPERB_TASKS: readonly SuperbTask[] = ['mono', 'multi', 'lid', 'joint'];

export interface SuperbConstants {
  /** Printed beside every score: later papers move the best. */
  name: string;
  fbank: SuperbScores;
  best: SuperbScores;
}

/** The paper's own, tables 3 and 4; its score 947.5 and 996.0 of XLSR-128 follow from them. */
export const PAPER_CONSTANTS = {
  '10min': {
    name: 'ML-SUPERB 2023, 10 min',
    fbank: { mono: [72.1], multi: [62.4, 58.3], lid: [11.1], joint: [35.9, 62.0, 58.9] },
    best: { mono: [38.2], multi: [29.2, 40.9], lid: [66.9], joint: [75.1, 28.4, 42.1] },
  },
  '1h': {
    name: 'ML-SUPERB 2023, 1 h',
    fbank: { mono: [63.7], multi: [59.3, 57.4], lid: [9.3], joint: [43.5, 58.6, 58.1] },
    best: { mono: [30.6], multi: [22.0, 39.3], lid: [87.9], joint: [86.1, 22.9, 41.8] },
  },
} as const satisfies Record<string, SuperbConstants>;

export type SuperbResult =
  | { kind: 'score'; score: number; constants: string; parts: Record<SuperbTask, number> }
  /** A score over a part of the tasks is no SUPERB_s: the parts stand alone. */
  | { kind: 'parts'; missing: SuperbTask[]; constants: string; parts: Partial<Record<SuperbTask, number>> };

/**
 * 250 · Σ over the four tasks of the mean over the task's metrics of (s − FBANK) / (best − FBANK): 0 for log-mel features,
 * 1000 for the best model in each metric.
 */
export function superbScore(scores: Partial<SuperbScores>, { name, fbank, best }: SuperbConstants): SuperbResult {
  const parts: Partial<Record<SuperbTask, number>> = {};
  for (const task of SUPERB_TASKS) {
    const own = scores[task];
    if (!own || own.some((score) => !Number.isFinite(score))) continue;
    const shares = own.map((score, i) => (score - fbank[task][i]!) / (best[task][i]! - fbank[task][i]!));
    parts[task] = shares.reduce((a, b) => a + b, 0) / shares.length;
  }
  const missing = SUPERB_TASKS.filter((task) => parts[task] === undefined);
  if (missing.length > 0) return { kind: 'parts', missing, constants: name, parts };
  const all = parts as Record<SuperbTask, number>;
  return {
    kind: 'score',
    score: 250 * SUPERB_TASKS.reduce((sum, task) => sum + all[task], 0),
    constants: name,
    parts: all,
  };
}

/** The monolingual track's one number: the mean within a language (three of English), then over languages. */
export function monolingualMean(sets: readonly { language: string; rate: number }[]): number {
  const byLanguage = new Map<string, number[]>();
  for (const { language, rate } of sets) byLanguage.set(language, [...(byLanguage.get(language) ?? []), rate]);
  const mean = (rates: readonly number[]) => rates.reduce((a, b) => a + b, 0) / rates.length;
  return mean([...byLanguage.values()].map(mean));
}

/** What version 2.0 tells beside the mean (Shi et al. 2024, arXiv 2406.08641): the spread over languages, and the worst. */
export function acrossLanguages(
  rates: Readonly<Record<string, number>>,
  worst = 15,
): { mean: number; deviation: number | undefined; worst: { language: string; rate: number }[] } {
  const all = Object.entries(rates).map(([language, rate]) => ({ language, rate }));
  const mean = all.reduce((sum, { rate }) => sum + rate, 0) / all.length;
  const squares = all.reduce((sum, { rate }) => sum + (rate - mean) ** 2, 0);
  const ordered = all.sort((a, b) => b.rate - a.rate || (a.language < b.language ? -1 : 1));
  return {
    mean,
    deviation: all.length > 1 ? Math.sqrt(squares / (all.length - 1)) : undefined,
    worst: ordered.slice(0, worst),
  };
}
