/** @file Findings' words as they stand: a report is written for a paper, in English. */
import type { Translate } from '../protocol/reason.ts';

export const english: Translate = (text, ...args) => text.replace(/\{(\d)\}/g, (_, i) => String(args[Number(i)] ?? ''));
