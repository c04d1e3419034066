/** @file Of experts that go by language the one of a language, by itself: plain LoRA, as whatever reads a model can take it. */
import { UserError } from '../errors.ts';
import type { LearnableConfig } from '../model/config.ts';
import { type ParameterSpec, Parameters } from '../model/parameters.ts';

export interface Adapted {
  config: LearnableConfig;
  parameters: Parameters;
}

/**
 * The model as it is for speech of one language; the same where nothing goes by language. Experts that are always on stay beside
 * it.
 * @throws UserError where it has to be told, or the model has no expert for it
 */
export function ofLanguage(adapted: Adapted, language: string | undefined): Adapted {
  const { config, parameters } = adapted;
  const { adapter } = config;
  if (adapter.kind !== 'lora-mixture' || adapter.mixture.router.kind !== 'language') return adapted;
  const { mixture } = adapter;
  const { languages = {}, ...router } = mixture.router;
  const expert = language === undefined ? undefined : languages[language];
  if (expert === undefined) throw whichLanguage(languages, language);
  const { shared = 0 } = mixture;
  const kept: { spec: ParameterSpec; data: Float32Array }[] = parameters.names.map((name) => {
    const [group, shape] = [parameters.group(name), parameters.shape(name)];
    const whole = parameters.view(name);
    const as = (own: readonly number[], data: Float32Array) => {
      return { spec: { name, group, shape: own, init: 'zeros' as const }, data };
    };
    if (group !== 'expert') return as(shape, whole.slice());
    const [rows, columns] = shape;
    const layer = Number(/layers\.(\d+)\./.exec(name)![1]);
    const [rank, experts] = [mixture.rank[layer], mixture.experts[layer]];
    /** Of the stacked experts' numbers. */
    const chosen = [expert, ...Array.from({ length: shared }, (_, i) => experts + i)].flatMap((e) =>
      Array.from({ length: rank }, (_, r) => e * rank + r),
    );
    if (name.endsWith('.lora_A')) {
      const data = new Float32Array(chosen.length * columns);
      for (const [i, row] of chosen.entries())
        data.set(whole.subarray(row * columns, (row + 1) * columns), i * columns);
      return as([chosen.length, columns], data);
    }
    const data = new Float32Array(rows * chosen.length);
    for (let row = 0; row < rows; row++)
      for (const [i, column] of chosen.entries()) data[row * chosen.length + i] = whole[row * columns + column];
    return as([rows, chosen.length], data);
  });
  const own = new Parameters(
    kept.map(({ spec }) => spec),
    0,
  );
  for (const { spec, data } of kept) own.view(spec.name).set(data);
  const alone = { ...mixture, experts: mixture.experts.map(() => 1), router: { ...router, kind: 'dense' as const } };
  return { config: { ...config, adapter: { ...adapter, mixture: alone } }, parameters: own };
}

function whichLanguage(languages: Readonly<Record<string, number>>, language: string | undefined): UserError {
  const codes = Object.keys(languages);
  const sharing = codes.filter((code) => codes.some((other) => other !== code && languages[other] === languages[code]));
  const together = sharing.length > 0 ? ` (${sharing.join(', ')} share one)` : '';
  return new UserError({
    code: 'adapter.language',
    tried: 'use an adapter whose experts go by language',
    why: language === undefined ? 'which language it is was not said.' : `it has no expert for ${language}.`,
    cure: `Give one of ${codes.join(', ')}${together} with --language.`,
  });
}
