import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { loadExperiment } from '../../../sidecar/config/resolve.ts';
import { detectDataset, inspectDataset } from '../../../sidecar/server/requests/dataset.ts';
import { type FieldFolder, makeField } from '../../support/field.ts';
import { scratch } from '../../support/scratch.ts';

const temporary = scratch();
const context = { workspace: temporary('workspace'), signal: new AbortController().signal, progress: () => {} };
const root = temporary('field');
const folder = join(root, 'fin');
let made: FieldFolder;
const of = (speaker: string) => made.stretches.filter((one) => one.speaker === speaker).length;

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  made = await makeField(folder, 600);
});

it('tells every tier of a field recording, and which are proposed: those of the speakers, not the notes over them', async () => {
  const guess = await detectDataset({ path: folder }, context);
  expect(guess).toMatchObject({ layout: 'plain', recordings: 1, utterances: made.stretches.length, speakers: 2 });
  expect(guess.examples).toEqual(['session.wav']);
  expect(guess.tiers.map(({ name, speaker, stretches, proposed }) => [name, speaker, stretches, proposed])).toEqual([
    ['utterance@Ada', 'Ada', of('Ada'), true],
    ['utterance@Ben', 'Ben', of('Ben'), true],
    ['comment', undefined, Math.ceil(made.stretches.length / 10), false],
  ]);
  expect(guess.tiers[0].example).toBe('lause 1');
});

it('reads the tiers that a person chose, and no others; a name that is nowhere leaves the recording whole', async () => {
  const read = (tiers?: string[]) =>
    inspectDataset({ path: folder, language: 'fin', ...(tiers ? { tiers } : {}) }, context);
  expect(await read()).toMatchObject({ clips: made.stretches.length, speakers: 2 });
  expect(await read(['utterance@Ben'])).toMatchObject({ clips: of('Ben'), speakers: 1 });
  const none = await read(['Utterance']);
  expect(none).toMatchObject({ clips: 1, seconds: 600 });
  expect(none.notes.join()).toContain('none of the tiers "Utterance"');
});

it('an experiment heeds the tiers of the list, and its own', async () => {
  writeFileSync(
    join(root, 'milore.datasets.yaml'),
    'datasets:\n  session: { language: fin, path: fin, tiers: [utterance@Ben] }\n',
  );
  mkdirSync(join(root, 'base'));
  const load = async (rest: string) => {
    writeFileSync(
      join(root, 'x.milore.yaml'),
      `base: { model: base }\nlanguages:\n  fin: { role: new, data: ${rest} }\n`,
    );
    return (await loadExperiment(join(root, 'x.milore.yaml'))).experiment.languages.fin.tiers;
  };
  expect(await load('dataset:session')).toEqual(['utterance@Ben']);
  expect(await load('fin, tiers: [comment]')).toEqual(['comment']);
  expect(await load('fin')).toBeUndefined();
});
