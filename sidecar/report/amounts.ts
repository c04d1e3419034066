/** @file Hours and parameters as a report writes them. */
import type { Findings } from '../protocol/findings.ts';

/** `1.25 h`, `12.0 min` below an hour. */
export const perHour = (seconds: number): string =>
  seconds >= 3600 ? `${(seconds / 3600).toFixed(2)} h` : `${(seconds / 60).toFixed(1)} min`;

const grouped = (n: number): string => n.toLocaleString('en-US');

export function parameterShare({
  base,
  experts,
  routers,
  baseTrained,
  head,
}: NonNullable<Findings['parameters']>): string {
  const trained = experts + routers + baseTrained;
  const share = (n: number) => `${((100 * n) / base).toFixed(2)}\u202f%`;
  const parts = [
    ...(experts > 0 ? [`${grouped(experts)} in experts`] : []),
    ...(routers > 0 ? [`${grouped(routers)} in routers`] : []),
    ...(baseTrained > 0 ? [`${grouped(baseTrained)} of the base`] : []),
  ];
  return `${grouped(trained)} parameters were trained (${parts.join(', ')}), ${share(trained)} of the base's ${grouped(base)}; with the prediction head's ${grouped(head)}, ${share(trained + head)}.`;
}
