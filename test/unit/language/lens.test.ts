import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { duration, roughly, sizeLine } from '../../../extension/language/lens.ts';
import { translator } from '../../../extension/language/words.ts';
import { configOf } from '../../../sidecar/architecture/huggingface.ts';
import { parseExperiment } from '../../../sidecar/config/parse.ts';

const path = 'extension/sample/add-two-languages.milore.yaml';
const base = configOf(JSON.parse(readFileSync('extension/sample/base/config.json', 'utf8')));
const t = translator({});
const lines = (...overrides: string[]) => {
  const { experiment } = parseExperiment(readFileSync(path, 'utf8'), path, overrides);
  return sizeLine(experiment!, base, 2, t).map(({ command }) => command?.title);
};

it('the size is exact, what a run takes is about so', () => {
  expect(lines()[0]).toBe('195,840 trainable parameters (16.4 %) + 23,520 in the head');
  expect(lines('adapter.kind=none')[0]).toBe('23,520 trainable parameters, in the head alone');
  expect(lines()[1]).toMatch(/^about \d+ MB, \d+ (s|min) beside preparing the audio \(inspect it to know\)$/);
  expect(lines('device=cuda')[1]).toBe('Estimate measures memory and time on cuda');
});

it('the time is the whole time once the recordings are read, and measured once something has run', () => {
  const { experiment } = parseExperiment(readFileSync(path, 'utf8'), path);
  const speech = { fin: 36_000, vie: 36_000, eng: 36_000, deu: 36_000, spa: 36_000 };
  const line = (known: Parameters<typeof sizeLine>[4], wanted = experiment!) =>
    sizeLine(wanted, base, 2, t, known)[1].command?.title;
  const minutes = (text = '') => text.match(/[\d.]+ (s|min|h|days)/g);
  const plain = line({ speech });
  expect(plain).toMatch(/^about \d+ MB, .+ in all on this CPU, .+ of it to prepare the audio$/);
  expect(line({ speech, pace: { steps: 1, preparation: 1 } })).toBe(
    plain?.replace('on this CPU', 'as measured on this machine'),
  );
  expect(minutes(line({ speech, pace: { steps: 9, preparation: 9 } }))).not.toEqual(minutes(plain));
  // One language that was not read: its preparation is in no figure.
  expect(line({ speech: { fin: 36_000 } })).toContain('beside preparing the audio');
  const cuda = parseExperiment(readFileSync(path, 'utf8'), path, ['device=cuda']).experiment!;
  expect(line({ speech, pace: { steps: 0.1 } }, cuda)).toContain('as measured on this machine');
});

it('a list that does not fit the base is told, and a base that cannot be read', () => {
  expect(lines('adapter.rank=[1, 2]')).toEqual([expect.stringContaining('2 entries')]);
  const { experiment } = parseExperiment(readFileSync(path, 'utf8'), path);
  expect(sizeLine(experiment!, undefined, 2, t)[0].command?.title).toMatch(/no readable config.json/);
});

it('no more figures are shown than are known', () => {
  expect([3e8, 2e9, 40e9].map(roughly)).toEqual(['290 MB', '1.9 GB', '37 GB']);
  expect([0.2, 40, 600, 7200, 72_000, 400_000].map((s) => duration(s, t))).toEqual([
    '1 s',
    '40 s',
    '10 min',
    '2.0 h',
    '20 h',
    '4.6 days',
  ]);
});

it('texts are in the person’s language, with the values where the translation has them', () => {
  expect(translator({ '{0} of {1}': '{1}: {0}' })('{0} of {1}', 1, 2)).toBe('2: 1');
  expect(translator({})('toString {0}')).toBe('toString {0}');
  expect(translator({})('constructor')).toBe('constructor');
});
