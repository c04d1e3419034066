/**
 * @file The experiment as the rest of the sidecar sees it: every default filled in, those too that come from another key.
 * It must not know YAML or the file system.
 */
import { UserError } from '../errors.ts';
import type { layouts, ParsedExperiment } from './schema.ts';

type Parsed = ParsedExperiment;

export type LanguageSpec = Omit<Parsed['languages'][string], 'data'> & { data: string[] };
export type Layout = (typeof layouts)[number];
export type Projection = Parsed['adapter']['targets'][number];
export type AdapterSpec = Parsed['adapter'];
export type Device = Parsed['device'];

/** What a sweep makes of it is no part of an experiment: each of its points is one. */
export interface Experiment
  extends Omit<Parsed, 'name' | 'languages' | 'replay' | 'head' | 'training' | 'stages' | 'sweep'> {
  name: string;
  /** By ISO 639-3 code, in the order of the file. */
  languages: Record<string, LanguageSpec>;
  replay: Omit<Parsed['replay'], 'languages'> & { languages: string[] };
  head: Parsed['head'] & { warmupSteps: number; learningRate: number };
  training: Parsed['training'] & { headLearningRate: number };
  /** In their order; absent where there is one, which adds every new language. */
  stages?: StageSpec[];
}

export interface StageSpec {
  add: string[];
  steps: number;
  replay: { fraction: number; hours?: number; languages: string[] };
}

/** Steps of all stages together. */
export const totalSteps = ({ stages, training }: Pick<Experiment, 'stages' | 'training'>): number =>
  stages ? stages.reduce((sum, { steps }) => sum + steps, 0) : training.steps;

/** The layout of each of a language's data, in their order. */
export function layoutsOf({ data, layout }: Pick<LanguageSpec, 'data' | 'layout'>): Layout[] {
  return data.map((_, index) => (typeof layout === 'string' ? layout : (layout[index] ?? 'auto')));
}

/** A column or licence for each of a language's data, in their order; undefined where nobody named one. */
export function eachOf(spec: Pick<LanguageSpec, 'data' | 'text' | 'licence'>, key: 'text' | 'licence') {
  const listed = spec[key];
  return spec.data.map((_, index) => (typeof listed === 'string' ? listed : listed?.[index]) || undefined);
}

/** Codes of the languages of one role, in the order of the file. */
export function languagesOf(
  experiment: { languages: Parsed['languages'] | Experiment['languages'] },
  role: 'existing' | 'new',
) {
  return Object.keys(experiment.languages).filter((code) => experiment.languages[code].role === role);
}

/** Batches that make one step. */
export const batchesOf = ({ accumulate, shards = 1 }: { accumulate: number; shards?: number }): number =>
  accumulate * shards;

/** Fills in the defaults that depend on other keys. `fractionGiven`: whether the file itself sets replay.fraction. */
export function complete(parsed: Parsed, fallbackName: string, fractionGiven: boolean): Experiment {
  const existing = languagesOf(parsed, 'existing');
  const { sweep: _, ...own } = parsed;
  const { steps, batchSeconds, accumulate, learningRate, ...training } = parsed.training;
  const headLearningRate = training.headLearningRate ?? learningRate;
  const languages: Record<string, LanguageSpec> = {};
  for (const [code, spec] of Object.entries(parsed.languages)) {
    languages[code] = { ...spec, data: typeof spec.data === 'string' ? [spec.data] : spec.data };
  }
  const stages = parsed.stages && completeStages(parsed, parsed.stages, existing);
  return {
    ...own,
    adapter: { ...own.adapter, experts: byLanguage(parsed)?.length ?? own.adapter.experts },
    name: parsed.name ?? fallbackName,
    languages,
    replay: {
      ...parsed.replay,
      fraction: existing.length === 0 && !fractionGiven ? 0 : parsed.replay.fraction,
      languages: parsed.replay.languages ?? existing,
    },
    head: {
      ...parsed.head,
      warmupSteps: parsed.head.warmupSteps ?? Math.min(250, Math.ceil((stages?.[0].steps ?? steps) / 4)),
      learningRate: parsed.head.learningRate ?? headLearningRate,
    },
    // In the order of the schema, given or not: two resolved files then differ only where their settings do.
    training: { steps, batchSeconds, accumulate, learningRate, headLearningRate, ...training },
    stages,
  };
}

/** What an earlier stage added is replayed in later ones, unless a stage says which. */
function completeStages(
  { training, replay }: Parsed,
  stages: NonNullable<Parsed['stages']>,
  existing: readonly string[],
): StageSpec[] {
  const before = [...(replay.languages ?? existing)];
  return stages.map(({ add, steps, replay: own }) => {
    const languages = own.languages ?? [...before];
    before.push(...add);
    return {
      add,
      steps: steps ?? training.steps,
      replay: {
        fraction: languages.length === 0 ? 0 : (own.fraction ?? replay.fraction),
        hours: own.hours ?? replay.hours,
        languages,
      },
    };
  });
}

/** `eng.milore.yaml` in any folder, of either separator, to `eng`. */
export function nameFromFile(file: string): string {
  const last = file.split(/[\\/]/).pop() ?? '';
  return last.replace(/(\.milore)?\.ya?ml$/i, '').slice(0, 200) || 'experiment';
}

/** One number a layer: a single value is repeated, a list must have exactly `layers` entries. */
export function perLayer(value: number | readonly number[], layers: number, key = 'adapter.experts'): number[] {
  if (typeof value === 'number') return new Array<number>(layers).fill(value);
  if (value.length === layers) return [...value];
  throw new UserError({
    code: 'config.per-layer',
    tried: `spread ${key} over the model’s layers`,
    why: `the list has ${value.length} entries and the base model has ${layers} transformer layers.`,
    cure: `Write ${layers} entries, or one number for all layers.`,
  });
}

/**
 * Of a router by language the languages of each expert: those that are existing share the first, and each new one has its own.
 * Undefined where gates are computed.
 */
export function byLanguage(experiment: {
  adapter: Parsed['adapter'];
  languages: Parsed['languages'] | Experiment['languages'];
}): string[][] | undefined {
  const { kind, router } = experiment.adapter;
  if (kind !== 'lora-mixture' || router.kind !== 'language') return undefined;
  const existing = languagesOf(experiment, 'existing');
  return [...(existing.length > 0 ? [existing] : []), ...languagesOf(experiment, 'new').map((code) => [code])];
}
