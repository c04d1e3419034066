/** @file Ranks that train one model must have the same of everything: else each would be sure of another adapter. */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { UserError } from '../errors.ts';
import type { Ranks } from '../ranks/ranks.ts';
import { everyone } from '../ranks/share.ts';
import type { Arm } from './arms.ts';

/** @throws UserError on every rank where one has something else than the first; `what` is compared by its parts' names */
export async function mustAgree(ranks: Ranks, what: Record<string, unknown>, cure: string): Promise<void> {
  if (ranks.size === 1) return;
  const digests = Object.fromEntries(Object.entries(what).map(([name, value]) => [name, digestOf(value)]));
  const all = await everyone(ranks, { host: hostname(), digests });
  for (const [rank, { host, digests: own }] of all.entries()) {
    const other = Object.keys(digests).find((name) => own[name] !== all[0].digests[name]);
    if (!other) continue;
    throw new UserError({
      code: 'ranks.differ',
      tried: `train with ${ranks.size} ranks`,
      why: `rank ${rank} on ${host} does not have the same ${other} as rank 0 on ${all[0].host}.`,
      cure,
    });
  }
}

/** Rounds, kinds of processors or memory that fails would show here first. */
export const mustBeAlike = (ranks: Ranks, arms: readonly Arm[], step: number): Promise<void> =>
  mustAgree(
    ranks,
    Object.fromEntries(arms.map(({ name, learner }) => [`${name} at step ${step}`, learner.parameters.data])),
    'Use one kind of processor for all ranks; the run goes on from its last checkpoint.',
  );

function digestOf(value: unknown): string {
  const hash = createHash('sha256');
  if (value instanceof Float32Array) hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  else hash.update(JSON.stringify(value) ?? '');
  return hash.digest('hex');
}
