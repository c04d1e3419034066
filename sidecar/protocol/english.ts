/** @file Words as they stand: the terminal and a report for a paper speak English. */
import type { Translate } from './reason.ts';

export const english: Translate = (text, ...args) => text.replace(/\{(\d)\}/g, (_, i) => String(args[Number(i)] ?? ''));
