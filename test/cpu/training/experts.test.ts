/** Variants of the mixture as real runs: an expert that is always on, and experts that go by language. */
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { embedFile } from '../../../sidecar/cli/embed.ts';
import { exportRun } from '../../../sidecar/export/index.ts';
import { openSafetensors } from '../../../sidecar/model/checkpoint/safetensors.ts';
import { fixtures, scratch } from '../../support/reference.ts';
import { throughAStop, weightsOf } from '../../support/through-a-stop.ts';
import { notesOf, tinyRuns } from '../../support/tiny-run.ts';

const { root, run } = tinyRuns();
const common = ['head.warmupSteps=2', 'log.every=1'];

it('an expert that is always on: goes on to the bit, is counted, and a fork into another number of them begins anew', async () => {
  const settings = [...common, 'adapter.sharedExperts=1'];
  const { resumed, whole } = await throughAStop(run, settings);
  expect(weightsOf(resumed)).toBe(weightsOf(whole));
  const plain = await run([...common, 'training.steps=1'], { from: { path: whole.result.run.path } });
  expect(notesOf(plain)).toMatch(/1 experts that were always on became 0/);
  // Two experts of three that are alike in size.
  expect(whole.result.count!.experts).toBe(1.5 * plain.result.count!.experts);
  expect(whole.result.count!.routers).toBe(plain.result.count!.routers);
}, 300_000);

it('experts by language: each learns from its own speech alone, goes on to the bit, and is taken along by its language', async () => {
  const settings = [...common, 'adapter.router.kind=language', 'adapter.experts=2', 'replay.fraction=0.5'];
  const { resumed, whole } = await throughAStop(run, settings);
  expect(weightsOf(resumed)).toBe(weightsOf(whole));
  expect(whole.result.count!.routers).toBe(0);

  // Nothing of English replayed: its expert, the first, adds nothing still.
  const alone = await run([...settings.slice(0, -1), 'replay.fraction=0']);
  const adapter = join(alone.result.run.path, 'adapter');
  const file = openSafetensors(join(adapter, 'adapter_model.safetensors'));
  const largest = (expert: number) =>
    Math.max(
      ...file
        .names()
        .filter((name) => name.endsWith(`lora_B.${expert}.weight`))
        .map((name) => Math.max(...file.float32(name).map(Math.abs))),
    );
  expect(largest(0)).toBe(0);
  expect(largest(1)).toBeGreaterThan(0);
  file.close();

  const model = fixtures('hubert_tiny_base');
  const speech = resolve('extension/sample/speech/fin');
  const audio = join(
    speech,
    readdirSync(speech, { recursive: true, encoding: 'utf8' }).find((name) => /\.(flac|ogg|opus|wav|mp3)$/.test(name))!,
  );
  const states = async (language?: string, own?: string) =>
    (await embedFile(audio, { model, adapter: own, language, layer: 3, cache: join(root, '.milore', 'cache') })).data;
  await expect(states(undefined, adapter)).rejects.toThrow(
    /which language it is was not said.*eng, fin with --language/s,
  );
  await expect(states('yor', adapter)).rejects.toThrow(/no expert for yor/);
  const [base, english, finnish] = [await states(), await states('eng', adapter), await states('fin', adapter)];
  expect(english).toEqual(base);
  expect(finnish).not.toEqual(base);

  // One expert by itself is plain LoRA, for whoever reads that.
  await expect(exportRun(alone.result.run.path, join(scratch(), 'x'), { as: 'hf' })).rejects.toThrow(/was not said/);
  for (const as of ['hf', 'peft', 'onnx'] as const) {
    const out = join(scratch(), as);
    await exportRun(alone.result.run.path, out, { as, language: 'fin' });
    if (as === 'peft') expect(readdirSync(out)).toContain('adapter_config.json');
    if (as === 'hf') {
      const merged = await embedFile(audio, { model: out, layer: 3, cache: join(root, '.milore', 'cache') });
      const apart = merged.data.map((x, i) => Math.abs(x - finnish[i]));
      expect(Math.max(...apart)).toBeLessThan(1e-4);
    }
  }
}, 300_000);
