import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Measurement } from '../../../sidecar/protocol/measurement.ts';
import { checkpointSteps } from '../../../sidecar/runs/checkpoints.ts';
import { openRun } from '../../../sidecar/runs/run.ts';
import { notesOf, type TinyRun, tinyRuns } from '../../support/tiny-run.ts';

const lossesOf = (values: readonly Measurement[], arm: string) =>
  values.filter((one) => one.arm === arm && one.measure === 'loss').map(({ value }) => value);

describe('a fork', () => {
  const { root, run } = tinyRuns();
  const settings = ['training.learningRate=0.01', 'head.warmupSteps=10'];
  let parent: TinyRun;
  beforeAll(async () => {
    parent = await run(settings);
  });
  afterAll(() => rmSync(root, { recursive: true }));
  const fork = (...overrides: string[]) => run([...settings, ...overrides], { from: { path: parent.result.run.path } });

  /** The folder of one that was stopped while it was prepared. */
  async function stoppedEarly(): Promise<string> {
    const stop = new AbortController();
    const cut = await run([...settings, 'seed=8'], {
      from: { path: parent.result.run.path },
      signal: stop.signal,
      onEvent: (event) => void (event.type === 'note' && event.text.startsWith('Begins with') && stop.abort()),
    });
    expect(cut.result.state).toBe('stopped');
    return cut.result.run.path;
  }

  it('of the same settings begins bit for bit where the run ended, in every arm, under any seed', async () => {
    const child = await fork('seed=8');
    for (const arm of ['adapted', 'control'])
      expect(lossesOf(child.result.before!, arm)).toEqual(lossesOf(parent.result.after!, arm));
    expect(notesOf(child)).toContain('Every parameter is carried over.');
    const { id, path } = parent.result.run;
    const steps = checkpointSteps({ path }).at(-1);
    expect(openRun(child.result.run.path).parent).toEqual({ run: id, step: steps });
  });

  it('keeps the units under another seed, so that they stay the targets', async () => {
    const child = await fork('seed=8');
    const units = ({ result }: TinyRun) => readFileSync(join(result.run.path, 'units.safetensors'));
    expect(units(child).equals(units(parent))).toBe(true);
  });

  it('with other units starts a new head, says so before anything is computed, and keeps the experts', async () => {
    const child = await fork('units.seed=5', 'head.warmupSteps=30');
    expect(notesOf(child)).toMatch(
      /These start anew: final_proj\.weight, final_proj\.bias, label_embs \(its units stand for other sounds\)\./,
    );
    const note = child.events.findIndex((event) => event.type === 'note' && event.text.includes('start anew'));
    const computed = child.events.findIndex((event) => event.type === 'stage' && event.name !== 'scan');
    expect(note).toBeGreaterThan(0);
    expect(computed === -1 || note < computed).toBe(true);
    // The new head has learned its units; with the old head on new units it would be worse than chance.
    for (const loss of lossesOf(child.result.before!, 'adapted')) expect(loss).toBeLessThan(Math.log(20) + 0.2);
  });

  it('carries experts by their site, never onto another', async () => {
    const child = await fork('adapter.targets=[q, fc2]');
    expect(notesOf(child)).toMatch(/These start anew: encoder\.layers\.0\.attention\.q_proj\.lora_A/);
    expect(notesOf(child)).toContain('(that run has none)');
    expect(notesOf(child)).not.toContain('feed_forward.output_dense');
  });

  it('does not take a site apart: other experts or ranks start it anew', async () => {
    const child = await fork('adapter.experts=4', 'adapter.rank=1');
    expect(notesOf(child)).toContain('2 experts of rank 2 became 4 of rank 1');
  });

  it('adds what its experts added before, though alpha is another', async () => {
    const child = await fork('adapter.alpha=4');
    lossesOf(child.result.before!, 'adapted').forEach((loss, i) => {
      expect(loss).toBeCloseTo(lossesOf(parent.result.after!, 'adapted')[i], 4);
    });
  });

  it('of a run without a control begins one with the head that it has', async () => {
    const alone = await run([...settings, 'control=false']);
    const child = await run(settings, { from: { path: alone.result.run.path } });
    expect(lossesOf(child.result.before!, 'adapted')).toEqual(lossesOf(alone.result.after!, 'adapted'));
    expect(lossesOf(child.result.before!, 'control')).toHaveLength(2);
  });

  it('stopped before its first checkpoint goes on with what it began with, and not from nothing', async () => {
    const path = await stoppedEarly();
    expect(checkpointSteps({ path })).toEqual([]);
    const onward = await run([...settings, 'seed=8'], { resume: path });
    const whole = await fork('seed=8');
    const adapterOf = ({ result }: TinyRun) => readFileSync(join(result.run.path, 'adapter/adapter_model.safetensors'));
    expect(adapterOf(onward).equals(adapterOf(whole))).toBe(true);
    expect(lossesOf(onward.result.before!, 'adapted')).toEqual(lossesOf(parent.result.after!, 'adapted'));
    expect(notesOf(onward)).toContain('Every parameter is carried over.');
  });

  it('stopped before its first checkpoint does not go on without the run that it begins with', async () => {
    const path = await stoppedEarly();
    const info = join(path, 'run.json');
    const written = readFileSync(info, 'utf8');
    // The same run by a link that leads away: what lies outside is not read at a file's word.
    const away = mkdtempSync(join(tmpdir(), 'milore-away-'));
    cpSync(parent.result.run.path, join(away, 'run'), { recursive: true });
    symlinkSync(join(away, 'run'), join(path, '..', 'linked'));
    for (const name of ['20200101-000000-gone-0000', `../runs/${parent.result.run.id}`, 'linked']) {
      writeFileSync(info, written.replace(parent.result.run.id, name));
      await expect(run([...settings, 'seed=8'], { resume: path })).rejects.toThrow(/no checkpoint yet, and the run/);
    }
    rmSync(away, { recursive: true });
  });

  it('of a checkpoint that is not there makes no run', async () => {
    const before = parent.result.run.path;
    await expect(run(settings, { from: { path: before, step: 77 } })).rejects.toThrow(/step 77.*checkpoints at/);
    expect(existsSync(before)).toBe(true);
  });
});
