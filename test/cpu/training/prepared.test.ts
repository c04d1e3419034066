/** Units are what the sound, the base and the settings make them, whatever was at hand already. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { loadExperiment } from '../../../sidecar/config/resolve.ts';
import { label, plan } from '../../../sidecar/training/prepare/index.ts';
import { tinyWorkspace } from '../../support/tiny.ts';

const { root, experiment: file } = tinyWorkspace('');
afterAll(() => rmSync(root, { recursive: true }));

it('labels from the hidden states that the fit made are those that are computed for them, to the last unit', async () => {
  const { experiment } = await loadExperiment(file, ['units.iterations=5', 'units.restarts=1']);
  const cache = join(root, 'cache');
  const done: [number, number][] = [];
  const around = {
    cache,
    device: 'cpu' as const,
    emit(event: { type: string; name?: string; done?: number; total?: number }) {
      if (event.type === 'stage' && event.name === 'units') done.push([event.done!, event.total!]);
    },
    signal: new AbortController().signal,
  };
  const planned = await plan(experiment, around);
  const labels = async () => {
    done.length = 0;
    const { units, features } = await label(planned, around);
    await features.close();
    const clips = [...planned.clips.heard, ...planned.clips.heldOut];
    return { all: clips.map(({ hash }) => [...units.of(hash)]), told: done.slice(), clips: clips.length };
  };
  const first = await labels();
  for (const name of readdirSync(join(cache, 'units')))
    if (name.endsWith('.blocks')) rmSync(join(cache, 'units', name));
  const again = await labels();
  expect(again.all).toEqual(first.all);
  expect(first.all.flat().length).toBeGreaterThan(1000);
  // Nothing was fitted again; all clips were labelled each time.
  expect(again.told.at(-1)).toEqual([again.clips, again.clips]);
  expect(first.told.at(-1)).toEqual([first.clips, first.clips]);
  expect(first.told.length).toBeGreaterThan(again.told.length);
});
