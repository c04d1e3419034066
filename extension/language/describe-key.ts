/** @file A key's row as Markdown: meaning, type, unit, range, default and source. */
import type { KeyInfo } from '../../sidecar/config/describe.ts';
import { plain, type Translate } from './words.ts';

const line = (label: string, value: string) => (value ? `\n- ${plain(label)}: ${plain(value)}` : '');

export function describeKey(row: KeyInfo, t: Translate): string {
  const about = `**${plain(row.path)}**\n\n${plain(t(row.meaning))}\n`;
  if (row.type === 'section') return about + (row.source ? line(t('Source'), row.source) : '');
  const otherwise = row.required ? t('required') : row.writable ? row.default : t(row.default);
  return [
    about,
    line(t('Value'), t(row.type)),
    line(t('Range'), row.range),
    line(t('Unit'), t(row.unit)),
    line(t('Default'), otherwise),
    line(t('Source'), row.source || 'MiLorE'),
  ].join('');
}
