import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportRunAdapter } from '../../../sidecar/export/adapter.ts';
import { openSafetensors } from '../../../sidecar/model/checkpoint/safetensors.ts';
import type { Findings } from '../../../sidecar/protocol/findings.ts';
import { measuredValue } from '../../../sidecar/protocol/measurement.ts';
import { runFiles } from '../../../sidecar/runs/run.ts';
import { eventsOf, type TinyRun, tinyRuns } from '../../support/tiny-run.ts';

const settings = [
  `languages.vie={role: new, data: ${JSON.stringify(resolve('extension/sample/speech/vie'))}, hours: 0.015}`,
  'stages=[{add: [fin], steps: 6}, {add: [vie], steps: 5}]',
  'evaluation.every=4',
  'evaluation.probes=false',
  'head.warmupSteps=3',
  'training.learningRate=0.01',
];
const refit = [...settings, 'units.refit=true'];
const pathOf = ({ result }: TinyRun, ...path: string[]) => join(result.run.path, ...path);
const weights = (folder: string) => readFileSync(join(folder, 'adapter_model.safetensors'));
const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
const findingsOf = (run: TinyRun): Findings => {
  const findings = json(pathOf(run, runFiles.findings));
  for (const row of findings.rows) delete row.seconds;
  delete findings.costShare;
  return findings;
};

function checkpoint(run: TinyRun, step: number) {
  const folder = pathOf(run, 'checkpoints', `step-${String(step).padStart(6, '0')}`);
  const { layout, meaning } = json(join(folder, 'progress.json'));
  const state = openSafetensors(join(folder, 'state.safetensors'));
  const numbers = Object.fromEntries(
    ['adapted', 'control'].map((arm) => {
      const flat = state.float32(`${arm}.parameters`);
      let at = 0;
      const own: Record<string, number[]> = {};
      for (const { name, shape } of layout[arm]) {
        const size = shape.reduce((a: number, b: number) => a * b, 1);
        own[name] = [...flat.subarray(at, at + size)];
        at += size;
      }
      return [arm, own];
    }),
  );
  state.close();
  return { numbers, meaning };
}

describe('units that every stage fits anew', () => {
  const { root, run } = tinyRuns();
  let whole: TinyRun;
  let once: TinyRun;
  beforeAll(async () => {
    whole = await run(refit);
    once = await run(settings);
  }, 180_000);
  afterAll(() => rmSync(root, { recursive: true }));

  it('are fitted on what is there by then, kept with their stage, and stand in the ledger', () => {
    const { units, stages } = json(pathOf(whole, 'ledger.json'));
    expect(stages[0].units.fitOn.sort()).toEqual(['eng', 'fin']);
    expect(stages[1].units.fitOn.sort()).toEqual(['eng', 'fin', 'vie']);
    expect(stages[0].units.key).not.toBe(stages[1].units.key);
    expect(units).toBe(stages[0].units.key);
    for (const [file, key] of [
      [pathOf(whole, 'units.safetensors'), stages[0].units.key],
      [pathOf(whole, 'stages', '2', 'units.safetensors'), stages[1].units.key],
    ]) {
      const kept = openSafetensors(file);
      expect(kept.metadata.key).toBe(key);
      kept.close();
    }
    for (const n of [1, 2])
      expect(json(pathOf(whole, 'stages', String(n), 'adapter', 'adapter_config.json')).units).toBe(
        stages[n - 1].units.key,
      );
    expect(checkpoint(whole, 6).meaning).toMatchObject({ units: stages[0].units.key, measuringUnits: units });
    expect(checkpoint(whole, 11).meaning).toMatchObject({ units: stages[1].units.key, measuringUnits: units });
  });

  it('leave each stage a head for them, and none that only measured', () => {
    const names = (n: number) => {
      const file = openSafetensors(pathOf(whole, 'stages', String(n), 'adapter', 'adapter_model.safetensors'));
      const all = file.names();
      file.close();
      return all;
    };
    for (const n of [1, 2]) {
      expect(names(n)).toContain('label_embs');
      expect(names(n).filter((name) => name.startsWith('measuring'))).toEqual([]);
    }
    const out = join(root, 'rolled');
    exportRunAdapter(whole.result.run.path, out, 1);
    expect(weights(out).equals(weights(pathOf(whole, 'stages', '1', 'adapter')))).toBe(true);
    expect(json(join(out, 'adapter_config.json')).units).toBe(json(pathOf(whole, 'ledger.json')).stages[0].units.key);
  });

  it('begin a new head, which leaves alone the one that measures, and by which held-out speech keeps its numbers', async () => {
    // Only the head's start moves anything then: what has no rate stands still.
    const rates = ['training.learningRate=1e-30', 'training.headLearningRate=1e-30', 'head.learningRate=0.01'];
    const still = await run([...refit, ...rates, 'checkpoint.keep=9']);
    const [before, after] = [checkpoint(still, 6).numbers, checkpoint(still, 11).numbers];
    for (const arm of ['adapted', 'control']) {
      expect(after[arm]['measuring.label_embs']).toEqual(before[arm]['measuring.label_embs']);
      expect(after[arm].label_embs).not.toEqual(before[arm].label_embs);
    }
    expect(after.adapted.label_embs).toEqual(after.control.label_embs);
    const at = (step: number) => eventsOf(still, 'evaluation').find((event) => event.step === step)!.values;
    for (const language of ['fin', 'vie', 'eng'])
      for (const arm of ['adapted', 'control'])
        for (const measure of ['loss', 'accuracy'])
          expect(measuredValue(at(11), measure, { arm, language })).toBe(
            measuredValue(at(6), measure, { arm, language }),
          );
  });

  it('change nothing where they are not asked for', () => {
    expect(existsSync(pathOf(once, 'stages', '2', 'units.safetensors'))).toBe(false);
    const { units, stages } = json(pathOf(once, 'ledger.json'));
    expect([stages[0].units.key, stages[1].units.key]).toEqual([units, units]);
    expect(Object.keys(checkpoint(once, 11).numbers.adapted).filter((name) => name.startsWith('measuring'))).toEqual(
      [],
    );
  });

  for (const at of [3, 6, 7, 8])
    it(`go on to the identical result when stopped after step ${at}`, async () => {
      const controller = new AbortController();
      const stopped = await run(refit, {
        signal: controller.signal,
        onEvent: (event) => {
          if (event.type === 'stage' && event.name === 'train' && event.done === at) controller.abort();
        },
      });
      expect(stopped.result.state).toBe('stopped');
      const again = await run(refit, { resume: stopped.result.run.path });
      expect(again.result.state).toBe('done');
      for (const n of ['1', '2'])
        expect(
          weights(pathOf(again, 'stages', n, 'adapter')).equals(weights(pathOf(whole, 'stages', n, 'adapter'))),
        ).toBe(true);
      expect(findingsOf(again)).toEqual(findingsOf(whole));
    });
});
