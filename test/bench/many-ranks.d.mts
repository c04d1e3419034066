export function ringSeconds(ranks: number, bytes: number, latency: number, bandwidth: number): number;
export function treeSeconds(ranks: number, bytes: number, latency: number, bandwidth: number): number;
export function slowest(times: readonly number[], ranks: number, draws?: number): number;
