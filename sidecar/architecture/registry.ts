/** @file The families that are known. A new one is a file beside the others and a line here (and its graph in model/families). */
import type { BaseConfig, FamilyName } from './config.ts';
import { data2vec } from './families/data2vec.ts';
import type { Family } from './families/family.ts';
import { hubert } from './families/hubert.ts';
import { wavlm } from './families/wavlm.ts';
import { numbersIn, type Shapes } from './shapes.ts';

const FAMILIES: { [Name in FamilyName]: Family<Extract<BaseConfig, { family: Name }>> } = {
  hubert,
  wavlm,
  'data2vec-audio': data2vec,
};

export const familyOf = (config: BaseConfig): Family => FAMILIES[config.family] as unknown as Family;

export const families = Object.values(FAMILIES) as unknown as Family[];

/** Canonical name → shape of every tensor of the base. */
export const shapesOf = (config: BaseConfig): Shapes => familyOf(config).shapes(config);

/** Numbers of the tensors of a base whose names begin with `prefix`. */
export function countNumbers(config: BaseConfig, prefix = ''): number {
  let total = 0;
  for (const [name, shape] of shapesOf(config)) if (name.startsWith(prefix)) total += numbersIn(shape);
  return total;
}
