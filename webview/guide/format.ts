/** @file Figures of the guide as its reader's language writes them. */
import { t } from '../words.ts';

export const numbers = (language: string) => {
  const plain = (value: number, digits = 0) =>
    value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return {
    whole: (value: number) => plain(value),
    plain: (value: number) => value.toLocaleString(language),
    /** `42 s`, `12 min`, `3.4 h`, `2.1 days`. */
    time(seconds: number): string {
      if (seconds < 59.5) return t('{0} s', plain(Math.max(1, seconds)));
      if (seconds < 3570) return t('{0} min', plain(seconds / 60));
      if (seconds < 36 * 3600) return t('{0} h', plain(seconds / 3600, 1));
      return t('{0} days', plain(seconds / 86_400, 1));
    },
    million: (count: number) => t('{0} M', plain(count / 1e6, count < 1e7 ? 1 : 0)),
    bytes: (bytes: number) => (bytes < 1e9 ? `${plain(bytes / 1e6)} MB` : `${plain(bytes / 1e9, 2)} GB`),
    /** Never more than there is. */
    share: (share: number) => `${(Math.floor(1000 * share + 1e-6) / 10).toLocaleString(language)}\u202f%`,
  };
};

export type Numbers = ReturnType<typeof numbers>;
