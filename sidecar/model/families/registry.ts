/** @file The graphs of the families that `architecture/registry.ts` lists. */
import type { BaseConfig, FamilyName } from '../../architecture/config.ts';
import { data2vec } from './data2vec.ts';
import type { FamilyGraph } from './family.ts';
import { hubert } from './hubert.ts';
import { wavlm } from './wavlm.ts';

const GRAPHS: { [Name in FamilyName]: FamilyGraph<Extract<BaseConfig, { family: Name }>> } = {
  hubert,
  wavlm,
  'data2vec-audio': data2vec,
};

export const graphOf = (config: BaseConfig): FamilyGraph => GRAPHS[config.family] as unknown as FamilyGraph;
