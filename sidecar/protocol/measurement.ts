/**
 * @file What is measured: a number with its arm, language, name, unit and spread. A new objective or evaluator adds names,
 * and neither the log nor the dashboard changes.
 */

export interface Measurement {
  /** Which model: `adapted`, `control`, `base`; `run` for what belongs to none. */
  arm: string;
  /** ISO 639-3; absent for what belongs to no language. */
  language?: string;
  measure: string;
  /** `nats`, `share` (0 to 1), `bytes`, … */
  unit: string;
  value: number;
  /** Standard error of the value over clips, in its unit; absent where it is no mean over clips. */
  spread?: number;
}

/** The units of the measures that this version takes. */
export const units: Readonly<Record<string, string>> = {
  /** Mean cross-entropy of a masked frame. */
  loss: 'nats',
  /** Share of masked frames whose unit is predicted. */
  accuracy: 'share',
  /** The same two by the base's own frozen head, against that head's choices on unmasked speech. */
  ownHeadLoss: 'nats',
  ownHeadAccuracy: 'share',
  /** Peak rate times the schedule. */
  learningRate: '1',
  /** L2 norm before clipping, mean over the interval. */
  gradientNorm: '1',
  /** L2 norm over all adapter parameters, and over all lora_B. */
  adapterNorm: '1',
  loraBNorm: '1',
  /** What keeps parameters near to where they were adds to the loss. */
  ewcPenalty: 'nats',
  /** What a frozen teacher predicts against what the model does (LwF): KL divergence, softened by the temperature. */
  distillation: 'nats',
  /** Mean squared distance of replayed clips' logits from those that were kept (DER). */
  logitDistance: '1',
  audioSecondsPerSecond: 's/s',
  residentBytes: 'bytes',
  /** Updates that no arm made, since the run began. */
  skippedSteps: 'steps',
};

/** A number of this version's measures; NaN where it is not among them. */
export function measuredValue(
  values: readonly Measurement[],
  measure: string,
  { arm = 'adapted', language }: { arm?: string; language?: string } = {},
): number {
  const found = values.find((one) => one.measure === measure && one.arm === arm && one.language === language);
  return found ? found.value : Number.NaN;
}

/** Arms in the order in which they are named. */
export const armsIn = (values: readonly Measurement[]): string[] => [...new Set(values.map(({ arm }) => arm))];

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 200) : '');

/**
 * What a `metrics` or `evaluation` line of any version says. A log may come from anyone: what is no measurement is left
 * out, and a value that is no number (JSON knows no NaN) is NaN.
 */
export function measurementsOf(event: Readonly<Record<string, unknown>>): Measurement[] {
  if (!Array.isArray(event.values)) return ofVersion1(event);
  return event.values.slice(0, 100_000).flatMap((one): Measurement[] => {
    if (!isRecord(one) || !text(one.measure)) return [];
    return [
      {
        arm: text(one.arm),
        ...(typeof one.language === 'string' ? { language: text(one.language) } : {}),
        measure: text(one.measure),
        unit: text(one.unit),
        value: numberOf(one.value),
        ...(typeof one.spread === 'number' ? { spread: one.spread } : {}),
      },
    ];
  });
}

/** The log writes what JSON has no number for as words. */
const words: Readonly<Record<string, number>> = {
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};
const numberOf = (value: unknown): number =>
  typeof value === 'number' ? value : typeof value === 'string' ? (words[value] ?? Number.NaN) : Number.NaN;

/** Logs of 0.2.0 have fixed fields. */
function ofVersion1(event: Readonly<Record<string, unknown>>): Measurement[] {
  const values: Measurement[] = [];
  const add = (arm: string, language: string | undefined, measure: string, value: unknown) => {
    if (value !== undefined) values.push({ arm, language, measure, unit: units[measure], value: numberOf(value) });
  };
  const addScore = (arm: string, language: string, names: readonly [string, string], score: unknown) => {
    if (!isRecord(score)) return;
    add(arm, language, names[0], score.lossNats);
    add(arm, language, names[1], score.accuracy);
  };
  const scores = ['loss', 'accuracy'] as const;
  const own = ['ownHeadLoss', 'ownHeadAccuracy'] as const;
  const languages = Object.entries(isRecord(event.languages) ? event.languages : {});
  for (const [code, result] of languages) {
    if (!isRecord(result)) continue;
    if (event.type === 'metrics') addScore('adapted', code, scores, result);
    else {
      addScore('adapted', code, scores, result.adapted);
      addScore('control', code, scores, result.control);
      const ownHead = isRecord(result.ownHead) ? result.ownHead : {};
      addScore('adapted', code, own, ownHead.adapted);
      addScore('base', code, own, ownHead.base);
    }
  }
  if (event.type !== 'metrics') return values;
  for (const [code, score] of Object.entries(isRecord(event.control) ? event.control : {}))
    addScore('control', code, scores, score);
  add('adapted', undefined, 'loss', event.lossNats);
  for (const measure of ['gradientNorm', 'adapterNorm', 'loraBNorm'])
    add('adapted', undefined, measure, event[measure]);
  for (const measure of ['learningRate', 'audioSecondsPerSecond', 'residentBytes', 'skippedSteps'])
    add('run', undefined, measure, event[measure]);
  return values;
}
