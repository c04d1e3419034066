import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openSafetensors, writeSafetensors } from '../../../sidecar/model/checkpoint/safetensors.ts';
import { armsIn, measuredValue } from '../../../sidecar/protocol/measurement.ts';
import { readResolved } from '../../../sidecar/runs/run.ts';
import { experimentOf } from '../../../sidecar/training/hold.ts';
import { fixtures, scratch } from '../../support/reference.ts';
import { eventsOf, notesOf, tinyRuns } from '../../support/tiny-run.ts';

/** The tiny base without the named tensor. */
function baseWithout(name: string): string {
  const folder = join(scratch(), 'base');
  cpSync(fixtures('hubert_tiny_base'), folder, { recursive: true });
  for (const other of ['pytorch_model.bin', 'model.parametrized.safetensors']) rmSync(join(folder, other));
  const file = openSafetensors(join(folder, 'model.safetensors'));
  const kept = file.names().filter((tensor) => tensor !== name);
  const tensors = kept.map((tensor) => [tensor, { shape: [...file.info(tensor).shape], data: file.float32(tensor) }]);
  file.close();
  writeFileSync(join(folder, 'model.safetensors'), writeSafetensors(Object.fromEntries(tensors)));
  // A checkpoint that masked neither frames nor features has no embedding for it: Hugging Face leaves it out.
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
  const settings = { ...config, mask_time_prob: 0, mask_feature_prob: 0 };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(settings));
  return folder;
}

describe('what is measured', () => {
  const { root, run } = tinyRuns();
  afterAll(() => rmSync(root, { recursive: true }));

  it('does not follow the masks of training', async () => {
    const one = await run();
    const other = await run(['mask.probability=0.3', 'mask.length=3', 'seed=77', 'head.warmupSteps=0']);
    const heldOut = await run(['evaluation.mask.probability=0.3', 'seed=77', 'head.warmupSteps=0']);
    expect(heldOut.result.before).not.toEqual(other.result.before);
    expect(one.result.before).not.toEqual(other.result.before);
    // Another masking of training alone, from the same first head: the same frames are asked.
    const first = await run(['mask.probability=0.5', 'seed=77', 'head.warmupSteps=0']);
    expect(first.result.before).toEqual(other.result.before);
  });

  it('has arm, language, unit and spread; the control is another arm, not another field', async () => {
    const { result } = await run();
    expect(armsIn(result.after!)).toEqual(['adapted', 'control']);
    for (const one of result.after!) {
      expect(one).toMatchObject({
        language: expect.stringMatching(/^(fin|eng)$/),
        unit: /loss/i.test(one.measure) ? 'nats' : 'share',
      });
      expect(one.spread).toBeGreaterThan(0);
    }
  });

  it('says that the base brings no mask embedding, and trains one in every arm unless told not to', async () => {
    const model = baseWithout('masked_spec_embed');
    const one = await run([`base.model=${model}`, 'head.warmupSteps=0']);
    expect(notesOf(one)).toContain('brings no mask embedding (masked_spec_embed): it starts at zero and is trained');
    expect(one.result.count!.baseTrained).toBe(64);
    const adapter = openSafetensors(join(one.result.run.path, 'adapter', 'adapter_model.safetensors'));
    expect(adapter.float32('masked_spec_embed').some((x) => x !== 0)).toBe(true);
    adapter.close();
    const frozen = await run([`base.model=${model}`, 'adapter.trainMask=false', 'head.warmupSteps=0']);
    expect(notesOf(frozen)).toContain('masked frames are zeros, since adapter.trainMask is false');
    expect(frozen.result.count!.baseTrained).toBe(0);
    const brought = await run(['adapter.trainMask=true', 'head.warmupSteps=0']);
    expect(brought.result.count!.baseTrained).toBe(64);
    expect(notesOf(brought)).not.toContain('mask embedding');
  });

  it('of a step is the mean over frames, whatever the number of batches that make it', async () => {
    const lossOf = async (...more: string[]) => {
      const one = await run(['head.warmupSteps=0', 'training.steps=1', 'log.every=1', ...more]);
      const [{ values }] = eventsOf(one, 'metrics');
      const frames = measuredValue(values, 'loss');
      const byLanguage = ['fin', 'eng'].map((language) => measuredValue(values, 'loss', { language }));
      return { frames, byLanguage: byLanguage.filter(Number.isFinite) };
    };
    const { frames, byLanguage } = await lossOf('training.accumulate=3', 'audio={minSeconds: 0.3}');
    expect(frames).toBeGreaterThan(Math.min(...byLanguage) - 1e-6);
    expect(frames).toBeLessThan(Math.max(...byLanguage) + 1e-6);
  });

  it('before the first step is still told after a resume', async () => {
    const controller = new AbortController();
    const stopped = await run(['training.steps=6', 'checkpoint.every=2'], {
      signal: controller.signal,
      onEvent: (event) => event.type === 'checkpoint' && controller.abort('test'),
    });
    expect(stopped.result.state).toBe('stopped');
    const { run: dir, experiment } = experimentOf(stopped.result.run.path);
    expect(readResolved(dir)).toEqual(experiment);
    const resumed = await run([], { experiment, resume: dir.path });
    expect(resumed.result.state).toBe('done');
    expect(resumed.result.before).toEqual(stopped.result.before);
    const whole = await run(['training.steps=6', 'checkpoint.every=2']);
    const bytes = (path: string) => readFileSync(join(path, 'adapter', 'adapter_model.safetensors'));
    expect(bytes(dir.path).equals(bytes(whole.result.run.path))).toBe(true);
  });
});
