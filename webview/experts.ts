/** @file Numbers about routers: means over languages, entropy, divergence. Pure. */
import { type Site, siteKey, type Utilisation } from './utilisation.ts';

/** Shannon entropy in nats; shares that are not positive count nothing. */
export function entropy(shares: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < shares.length; i++) if (shares[i] > 0) sum -= shares[i] * Math.log(shares[i]);
  return sum;
}

/** Mean of equally long rows, place by place. */
export function mean(rows: readonly ArrayLike<number>[]): number[] {
  if (rows.length === 0) return [];
  return Array.from({ length: rows[0].length }, (_, i) => rows.reduce((sum, row) => sum + row[i], 0) / rows.length);
}

/**
 * Jensen and Shannon's divergence of several distributions with equal weights, in bits: entropy of the mean minus mean
 * of the entropies (Lin 1991, eq. 5.1). 0 where all are the same, at most log2 of how many they are.
 */
export function divergenceBits(distributions: readonly ArrayLike<number>[]): number {
  if (distributions.length < 2) return Number.NaN;
  const each = distributions.reduce((sum, one) => sum + entropy(one), 0) / distributions.length;
  return Math.max(0, entropy(mean(distributions)) - each) / Math.LN2;
}

/** A site over all languages that have been there. */
export interface SiteSummary {
  site: Site;
  gates: number[];
  load: number[];
  /** exp(entropy of the mean gates over languages): 1 … experts. */
  effective: number;
  effectivePerFrame: number;
  divergenceBits: number;
}

export function summarise(utilisation: Utilisation, site: Site, step: number): SiteSummary | undefined {
  const uses = utilisation.languages.flatMap((language) => utilisation.at(language, siteKey(site), step) ?? []);
  if (uses.length === 0) return undefined;
  const same = uses.filter((use) => use.gates.length === uses[0].gates.length);
  const gates = mean(same.map((use) => use.gates));
  return {
    site,
    gates,
    load: mean(same.map((use) => use.load)),
    effective: Math.exp(entropy(gates)),
    effectivePerFrame: mean(same.map((use) => [use.effectivePerFrame]))[0],
    divergenceBits: divergenceBits(same.map((use) => use.gates)),
  };
}
