/** @file How long before its time is over a run is told to write its last checkpoint. */

/** A step, a checkpoint and the adapter's file must fit; of a short allocation a tenth is kept. */
export const reserveMs = (leftMs: number): number => Math.max(0, Math.min(90_000, leftMs / 10));
