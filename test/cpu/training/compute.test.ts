import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { measuredValue } from '../../../sidecar/protocol/measurement.ts';
import { graphsFolderOf } from '../../support/cache.ts';
import { eventsOf, notesOf, tinyRuns } from '../../support/tiny-run.ts';

const { root, run } = tinyRuns();
const adapterOf = (path: string) => readFileSync(join(path, 'adapter', 'adapter_model.safetensors'));
const json = (path: string, name: string) => JSON.parse(readFileSync(join(path, name), 'utf8'));

describe('a run in 8 bits', () => {
  it('says and keeps what it computed with, and learns as one in float32 does', async () => {
    const ours = await run(['compute=int8', 'training.steps=12', 'evaluation.every=12']);
    const { path } = ours.result.run;
    const { computes, asked, calibration, recipe } = json(path, 'calibration.json');
    expect([asked, computes]).toEqual(['int8', 'int8']);
    // Three layers of six projections; the way back through those that nothing trained lies below is not there.
    const ways = (direction: string) =>
      calibration.products.filter((one: { direction: string }) => one.direction === direction);
    expect(ways('forward')).toHaveLength(18);
    expect(ways('backward')).toHaveLength(13);
    expect(Object.keys(recipe)).toHaveLength(18);
    expect(json(path, 'run.json').compute).toBe('int8');
    expect(json(path, 'resolved.json').compute).toBe('int8');
    expect(notesOf(ours)).toContain('Computes in 8 bits. Of 31 frozen products');

    const exact = await run(['training.steps=12', 'evaluation.every=12']);
    expect(json(exact.result.run.path, 'run.json').compute).toBe('float32');
    expect(readdirSync(exact.result.run.path)).not.toContain('calibration.json');
    const loss = ({ result }: typeof exact, when: 'before' | 'after', arm: string) =>
      measuredValue(result[when]!, 'loss', { language: 'fin', arm });
    for (const arm of ['adapted', 'control']) {
      // Evaluations are float32; the head has started in 8 bits.
      expect(Math.abs(loss(ours, 'before', arm) - loss(exact, 'before', arm))).toBeLessThan(0.01);
      const learned = loss(exact, 'before', arm) - loss(exact, 'after', arm);
      expect(learned).toBeGreaterThan(0.02);
      expect(Math.abs(loss(ours, 'after', arm) - loss(exact, 'after', arm))).toBeLessThan(0.2 * learned);
    }
    expect(adapterOf(path).equals(adapterOf(exact.result.run.path))).toBe(false);
  });

  it('goes on to the bit where it was stopped, by the calibration that it began with', async () => {
    const settings = ['compute=int8', 'training.steps=6'];
    const whole = await run(settings);
    const stop = new AbortController();
    const cut = await run(settings, {
      signal: stop.signal,
      onEvent: (event) => void (event.type === 'stage' && event.name === 'train' && event.done === 3 && stop.abort()),
    });
    expect(cut.result.state).toBe('stopped');
    const { path } = cut.result.run;
    const before = readFileSync(join(path, 'calibration.json'), 'utf8');
    // What the matrices in 8 bits were made of is enough to make them again.
    const graphs = graphsFolderOf(root);
    for (const name of readdirSync(graphs).filter((file) => file.endsWith('.int8')))
      writeFileSync(join(graphs, name), 'damaged');
    const onward = await run(settings, { resume: path });
    expect(notesOf(onward)).toContain('was damaged');
    expect(eventsOf(onward, 'stage').some(({ name }) => name === 'calibrate')).toBe(false);
    expect(readFileSync(join(path, 'calibration.json'), 'utf8')).toBe(before);
    expect(adapterOf(path).equals(adapterOf(whole.result.run.path))).toBe(true);
  });

  it('does not go on where nothing says how it computed', async () => {
    const stop = new AbortController();
    const settings = ['compute=int8', 'training.steps=6'];
    const cut = await run(settings, {
      signal: stop.signal,
      onEvent: (event) => void (event.type === 'stage' && event.name === 'train' && event.done === 2 && stop.abort()),
    });
    const { path } = cut.result.run;
    writeFileSync(join(path, 'calibration.json'), '{"version":1,"computes":"int8","why":"","recipe":{"x":{}}}');
    await expect(run(settings, { resume: path })).rejects.toThrow(/does not say how the run computed/);
  });

  it('is refused on a device that has no such products', async () => {
    await expect(run(['compute=int8', 'device=webgpu'])).rejects.toThrow(/8 bits are for the CPU/);
  });
});
