/**
 * @file The matrix R[stage][language] of a measure and what it says of learning one language after the other (Lopez-Paz &
 * Ranzato 2017, section 2, in the signs of CL-MASR, Della Libera et al. 2024: negative is forgotten). Pure.
 */
import type { Better, Undefined } from './interval.ts';

export interface Known {
  kind: 'known';
  value: number;
}
export type Measured = Known | Undefined;

export interface StageMatrix {
  better: Better;
  /** The stage at which each language entered; 0 for those that the base knows. */
  entered: Readonly<Record<string, number>>;
  /** Row 0 is the base, row i is after stage i. A cell that was not measured says why. */
  rows: readonly Readonly<Record<string, number | { reason: string }>>[];
}

const known = (value: number): Known => ({ kind: 'known', value });
const undefinedFor = (reason: string): Undefined => ({ kind: 'undefined', reason });

function cell({ rows }: StageMatrix, stage: number, language: string): Measured {
  const found = rows[stage]?.[language];
  if (found === undefined) return undefinedFor(`${language} was not measured after stage ${stage}`);
  return typeof found === 'number' ? known(found) : undefinedFor(found.reason);
}

/** The mean of cells, or the first reason among them: a mean over what happens to be there would compare unlike things. */
function meanOf(cells: readonly Measured[], none: string): Measured {
  if (cells.length === 0) return undefinedFor(none);
  const missing = cells.find((one) => one.kind === 'undefined');
  if (missing) return missing;
  return known(cells.reduce((sum, one) => sum + (one as Known).value, 0) / cells.length);
}

/** How much better `to` is than `from`, in the measure's unit: positive is gained, negative is lost. */
function gain({ better }: StageMatrix, from: Measured, to: Measured): Measured {
  if (from.kind === 'undefined') return from;
  if (to.kind === 'undefined') return to;
  return known(better === 'lower' ? from.value - to.value : to.value - from.value);
}

const languagesOf = ({ entered }: StageMatrix, holds: (stage: number) => boolean) =>
  Object.keys(entered).filter((language) => holds(entered[language]));

/** Mean over the languages seen so far after stage i: AWER where the measure is an error rate. */
export const average = (matrix: StageMatrix, stage: number): Measured =>
  meanOf(
    languagesOf(matrix, (entered) => entered <= stage).map((language) => cell(matrix, stage, language)),
    `no language was seen up to stage ${stage}`,
  );

/** BWTᵢ: mean over the languages that entered before stage i of what they gained since they entered. */
export const backwardTransfer = (matrix: StageMatrix, stage: number): Measured =>
  meanOf(
    languagesOf(matrix, (entered) => entered < stage).map((language) =>
      gain(matrix, cell(matrix, matrix.entered[language], language), cell(matrix, stage, language)),
    ),
    stage === 0 ? 'nothing comes before the base' : `no language entered before stage ${stage}`,
  );

/**
 * FWTᵢ (CL-MASR): mean over the languages that entered at stage i of how much better they are than when trained alone, and
 * with joint training instead the negative of the intransigence IMᵢ. Undefined without such a run of each.
 */
export const forwardTransfer = (
  matrix: StageMatrix,
  stage: number,
  alone: Readonly<Record<string, number | { reason: string }>> | undefined,
): Measured =>
  meanOf(
    languagesOf(matrix, (entered) => entered === stage && stage > 0).map((language) => {
      const other = alone?.[language];
      if (other === undefined) return undefinedFor(`no run has trained ${language} alone to compare with`);
      if (typeof other !== 'number') return undefinedFor(other.reason);
      return gain(matrix, known(other), cell(matrix, stage, language));
    }),
    stage === 0 ? 'nothing was learned before stage 1' : `no language entered at stage ${stage}`,
  );

/**
 * The forward transfer of Lopez-Paz & Ranzato (2017, eq. 4), which needs no other run: mean over the languages that entered
 * at stage i of what the stages before it gained them over the base.
 */
export const transferAhead = (matrix: StageMatrix, stage: number): Measured =>
  meanOf(
    languagesOf(matrix, (entered) => entered === stage && stage > 0).map((language) =>
      stage === 1
        ? undefinedFor(`no run has trained ${language} alone to compare with, and no stage came before this one`)
        : gain(matrix, cell(matrix, 0, language), cell(matrix, stage - 1, language)),
    ),
    stage === 0 ? 'nothing was learned before stage 1' : `no language entered at stage ${stage}`,
  );

export type Found = { kind: 'found'; language: string; stage: number; value: number } | Undefined;

/** The language that is worst after stage i. */
export function worstLanguage(matrix: StageMatrix, stage: number): Found {
  let worst: Found = undefinedFor(`no language was measured after stage ${stage}`);
  for (const language of languagesOf(matrix, (entered) => entered <= stage)) {
    const one = cell(matrix, stage, language);
    if (one.kind === 'undefined') continue;
    const isWorse =
      worst.kind === 'undefined' || (matrix.better === 'lower' ? one.value > worst.value : one.value < worst.value);
    if (isWorse) worst = { kind: 'found', language, stage, value: one.value };
  }
  return worst;
}

/**
 * The most that a language which had entered before lost in one stage, however much it gained in others; as a positive
 * number. A stage in which none lost anything has none.
 */
export function largestLoss(matrix: StageMatrix): Found {
  let largest: Found = undefinedFor('no language lost anything in any stage');
  for (let stage = 1; stage < matrix.rows.length; stage++)
    for (const language of languagesOf(matrix, (entered) => entered < stage)) {
      const change = gain(matrix, cell(matrix, stage - 1, language), cell(matrix, stage, language));
      if (change.kind === 'undefined' || change.value >= 0) continue;
      if (largest.kind === 'undefined' || -change.value > largest.value)
        largest = { kind: 'found', language, stage, value: -change.value };
    }
  if (matrix.rows.length < 2) return undefinedFor('there is no stage yet');
  return largest;
}
