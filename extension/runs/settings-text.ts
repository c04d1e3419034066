/** @file Settings of runs as text to be read: one run's in full, and two runs' with what differs before the rest. No VS Code here. */
import { stringify } from 'yaml';
import { flatSettings, type Scalar } from '../../sidecar/protocol/settings.ts';
import { type L10n, oneLine } from '../text.ts';

interface Told {
  name: string;
  id: string;
  parent?: { run: string; step: number };
}

/** What the run was run with, defaults and changed settings written out: its file may say less, or since then something else. */
export function settingsOf({ name, id, parent }: Told, resolved: unknown, l10n: L10n): string {
  const head = [
    l10n.t('What “{0}” was run with, every default written out.', oneLine(name)),
    l10n.t('Run {0}. This is a record: changing it changes nothing.', oneLine(id)),
    ...(parent
      ? [l10n.t('It began with the parameters of {0} after {1} steps.', oneLine(parent.run), parent.step)]
      : []),
  ];
  return `${head.map((line) => `# ${line}\n`).join('')}${stringify(resolved ?? {}, { lineWidth: 0 })}`;
}

/** Both sides of a comparison, line by line: keys that differ first, then those that are the same. */
export function compared(a: unknown, b: unknown, l10n: L10n): [string, string] {
  const sides = [flatSettings(a), flatSettings(b)];
  const keys = [...new Set(sides.flatMap((side) => Object.keys(side)))].sort();
  const differ = keys.filter((key) => sides[0][key] !== sides[1][key]);
  const same = keys.filter((key) => sides[0][key] === sides[1][key]);
  const text = (side: Record<string, Scalar>) =>
    [
      `# ${differ.length === 0 ? l10n.t('Nothing differs') : l10n.t('What differs: {0}', differ.length)}`,
      ...differ.map((key) => line(key, side[key])),
      '',
      `# ${l10n.t('The same in both: {0}', same.length)}`,
      ...same.map((key) => line(key, side[key])),
      '',
    ].join('\n');
  return [text(sides[0]), text(sides[1])];
}

/** A key that one side lacks stands there too, so that the lines stay beside one another. */
const line = (key: string, value: Scalar | undefined): string =>
  value === undefined ? `# ${oneLine(key)}: –` : stringify({ [oneLine(key)]: value }, { lineWidth: 0 }).trimEnd();
