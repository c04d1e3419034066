/** @file A single LoRA expert added to the weights that it adapts: W + (alpha / r)·B·A (Hu et al. 2021, section 4.1). */
import { sites } from '../architecture/mixture.ts';
import { siteName } from '../architecture/sites.ts';
import { UserError } from '../errors.ts';
import type { Adapted } from '../evaluation/frozen-states.ts';
import type { FrozenWeights } from '../weights/weight.ts';
import { expertsOf, isOneExpert } from './peft.ts';

/** W [out, in], A [rank, in], B [out, rank], row by row; summed in double precision. */
function addLora(weight: Float32Array, [down, up]: Float32Array[], rank: number, scale: number): Float32Array {
  const out = new Float32Array(weight.length);
  const inputs = down.length / rank;
  for (let row = 0; row * inputs < weight.length; row++)
    for (let column = 0; column < inputs; column++) {
      let sum = 0;
      for (let k = 0; k < rank; k++) sum += up[row * rank + k] * down[k * inputs + column];
      out[row * inputs + column] = weight[row * inputs + column] + scale * sum;
    }
  return out;
}

/**
 * Every tensor of the base that is no longer the base's, by canonical name.
 * @throws UserError where there is no such tensor: a mixture's weights are others in every frame
 */
export function mergedWeights(
  { config, parameters }: Adapted,
  weights: FrozenWeights['weights'],
): Map<string, Float32Array> {
  const { adapter, base } = config;
  const merged = new Map<string, Float32Array>();
  // The transformer that trained itself, and the mask embedding.
  for (const name of parameters.namesOf('base')) merged.set(name, parameters.view(name).slice());
  if (adapter.kind === 'none')
    throw new UserError({
      code: 'export.nothing-to-merge',
      tried: 'export the run as hf',
      why: 'it trained nothing but the head (adapter.kind: none): the encoder is the base as it was.',
      cure: 'Take the base itself, or export the run as adapter.',
    });
  if (adapter.kind !== 'lora-mixture') {
    if (base.family === 'hubert' && base.posBatchNorm) throw foldedNorm();
    return merged;
  }
  const { mixture } = adapter;
  if (!isOneExpert(mixture))
    throw new UserError({
      code: 'export.mixture',
      tried: 'merge the experts into the base',
      why: `there are ${expertsOf(mixture) + (mixture.shared ?? 0)}, weighed anew in every frame by gates that depend on the input: no one weight computes what they do.`,
      cure: 'Export the run as onnx, which has the gates in its graph, or as peft, one folder an expert; a run with adapter.experts: 1 can be merged.',
    });
  for (const site of sites(base, mixture)) {
    const at = siteName(site);
    const name = `${at}.weight`;
    const rank = mixture.rank[site.layer];
    const pair = ['lora_A', 'lora_B'].map((part) => parameters.view(`${at}.${part}`));
    merged.set(name, addLora(weights.get(name)!.data, pair, rank, mixture.alpha / rank));
  }
  return merged;
}

/** Its batch norm trained as one scale and one shift: which of its four numbers a channel those are is not settled. */
const foldedNorm = () =>
  new UserError({
    code: 'export.batch-norm',
    tried: 'export the run as hf',
    why: 'the batch norm before its positional convolution (conv_pos_batch_norm) trained as one scale and one shift, and transformers has four numbers in their place.',
    cure: 'Export the run as onnx.',
  });
