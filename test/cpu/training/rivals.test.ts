/** What keeps a run to what it knew: real runs, stopped and gone on with, alone and beside the control, in stages. */
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeSafetensors } from '../../../sidecar/model/checkpoint/safetensors.ts';
import { normals } from '../../../sidecar/random.ts';
import { throughAStop, weightsOf } from '../../support/through-a-stop.ts';
import { notesOf, type TinyRun, tinyRuns } from '../../support/tiny-run.ts';

const { root, run } = tinyRuns();
const common = ['head.warmupSteps=2', 'log.every=1'];
const vie = `languages.vie={role: new, data: ${JSON.stringify(resolve('extension/sample/speech/vie'))}, hours: 0.015}`;
const inStages = [vie, 'stages=[{add: [fin], steps: 4}, {add: [vie], steps: 4}]'];

/** By step: whose the measure is, and what it came to. */
const measured = ({ events }: TinyRun, measure: string) =>
  events.flatMap((event) =>
    event.type === 'metrics'
      ? [
          event.values
            .filter((one) => one.measure === measure)
            .map(({ arm, language, value }) => ({ who: `${arm} ${language}`, value })),
        ]
      : [],
  );
const who = (points: { who: string }[]) => points.map((point) => point.who).sort();

/** A head for the tiny base, which brings none. */
function someHead(): string {
  const path = join(root, 'head.safetensors');
  const tensor = (key: string, ...shape: number[]) => ({
    shape,
    data: normals(
      shape.reduce((a, b) => a * b, 1),
      1,
      key,
    ),
  });
  const tensors = {
    'final_proj.weight': tensor('weight', 8, 64),
    'final_proj.bias': tensor('bias', 8),
    label_embs: tensor('units', 12, 8),
  };
  writeFileSync(path, writeSafetensors(tensors));
  return path;
}

describe('Learning without Forgetting', () => {
  it('by the model as each stage found it: goes on to the bit', async () => {
    const settings = [...common, 'training.lwf.weight=2', 'replay.fraction=0.5'];
    const { resumed, whole } = await throughAStop(run, settings);
    expect(weightsOf(resumed)).toBe(weightsOf(whole));
    const [first, ...later] = measured(whole, 'distillation');
    // The model that it begins as is its own teacher, of old speech and new.
    expect(Math.max(...first.map(({ value }) => Math.abs(value)))).toBeLessThan(1e-5);
    expect(Math.min(...later.at(-1)!.map(({ value }) => value))).toBeGreaterThan(1e-6);
    expect([...new Set(later.flatMap(who))].sort()).toEqual(['adapted eng', 'adapted fin']);
    const sixSteps = ['training.steps=6', 'evaluation.every=6'];
    expect(weightsOf(await run([...settings, ...sixSteps, 'training.lwf.weight=0']))).not.toBe(weightsOf(whole));
    expect(existsSync(join(whole.result.run.path, 'held'))).toBe(false);
  }, 300_000);

  it('by the base’s own head, of full fine-tuning and in 8 bits too; refused of a base without one', async () => {
    const settings = [...common, 'training.lwf.weight=2', `base.head=${JSON.stringify(someHead())}`];
    const { resumed, whole } = await throughAStop(run, [...settings, 'adapter.kind=full']);
    expect(weightsOf(resumed)).toBe(weightsOf(whole));
    const [first, ...later] = measured(whole, 'distillation');
    expect(first.every(({ value }) => Math.abs(value) < 1e-4)).toBe(true);
    expect(later.at(-1)!.every(({ value }) => value > 1e-5)).toBe(true);
    const inBytes = await run([...settings, 'compute=int8']);
    expect(inBytes.result.state).toBe('done');
    expect(measured(inBytes, 'distillation').at(-1)).toHaveLength(2);
    await expect(run([...common, 'training.lwf={weight: 1, teacher: base}'])).rejects.toThrow(/no pre-training head/);
  }, 300_000);
});

describe('Dark Experience Replay', () => {
  it('what is replayed wears its own mask and is near to its logits; goes on to the bit', async () => {
    const settings = [...common, 'training.der={weight: 1, labels: 0}', 'replay.fraction=0.5'];
    const { resumed, whole } = await throughAStop(run, settings);
    expect(weightsOf(resumed)).toBe(weightsOf(whole));
    expect(notesOf(whole)).toMatch(/logits are kept of \d+ replayed clips/);
    const steps = measured(whole, 'logitDistance').filter((step) => step.length > 0);
    for (const step of steps) expect(who(step)).toEqual(['adapted eng']);
    // In half precision, of the clip as a whole and not as it is cropped: near to nothing, and then farther away.
    expect(steps[0][0].value).toBeLessThan(0.5);
    expect(steps.at(-1)![0].value).toBeGreaterThan(steps[0][0].value);
    expect(weightsOf(await run([...settings, 'training.steps=6', 'training.der.labels=1']))).not.toBe(weightsOf(whole));
  }, 300_000);

  it('a clip keeps the logits of when its language became old', async () => {
    const settings = [...common, ...inStages, 'training.der.weight=1', 'replay.fraction=0.5', 'checkpoint.every=3'];
    const whole = await run(settings);
    const counts = [...notesOf(whole).matchAll(/logits are kept of (\d+) replayed clip/g)].map(([, n]) => Number(n));
    const clips = (code: string) =>
      whole.events.flatMap((event) => (event.type === 'sampling' ? (event.languages[code]?.clips ?? []) : [])).at(-1);
    expect(counts).toEqual([clips('eng'), clips('fin')]);
    // Stopped in the second stage, it reads what both have kept.
    const controller = new AbortController();
    const onEvent = (event: { type: string; step?: number }) =>
      void (event.type === 'checkpoint' && event.step === 6 && controller.abort({ code: 'asked' }));
    const stopped = await run(settings, { signal: controller.signal, onEvent });
    expect(stopped.result.state).toBe('stopped');
    expect(weightsOf(await run(settings, { resume: stopped.result.run.path }))).toBe(weightsOf(whole));
  }, 300_000);
});
