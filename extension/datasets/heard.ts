/** @file How far the reading of recordings is, in words. Pure. */
import { duration, type L10n } from '../text.ts';

/** What the sidecar counts, `561 s of speech`, is audio, and is no time that anything takes. */
export function sayHeard(detail: string, l10n: L10n, language: string): string {
  if (detail === 'clipping') return l10n.t('looking for clipped recordings');
  const [, seconds] = /^(\d+) s of speech$/.exec(detail) ?? [];
  return seconds ? l10n.t('{0} of speech read', duration(Number(seconds), language)) : detail;
}
