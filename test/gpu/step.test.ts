import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tryDevice } from '../../sidecar/engine/devices.ts';
import { DeviceLearner } from '../../sidecar/learning/device-learner.ts';
import { HostLearner } from '../../sidecar/learning/host-learner.ts';
import type { Batch } from '../../sidecar/learning/learner.ts';
import type { LearnableConfig } from '../../sidecar/model/config.ts';
import { adamW, newState } from '../../sidecar/optim/adamw.ts';
import { normals } from '../../sidecar/random.ts';
import { worstDifference } from '../support/npy.ts';
import { scratch } from '../support/reference.ts';
import { base, CASES, configOf, file, fill, fixtureBatch, opened } from './support/cases.ts';
import { requireDriver, turnedOff } from './support/driver.ts';

const adam = { betas: [0.9, 0.98], epsilon: 1e-6, weightDecay: 0.01, clipNorm: 1 } as const;
const dense = 'a dense router on both feed-forward matrices';
const say = (text: string) => process.stdout.write(`    ${text}\n`);

function run(script: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const outfile = resolve('dist', 'test-gpu', `${script}.mjs`);
  buildSync({
    entryPoints: [resolve('test/gpu/support', `${script}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  });
  return spawnSync(process.execPath, [outfile, ...args], { encoding: 'utf8', env, maxBuffer: 1 << 28 });
}

describe.skipIf(turnedOff)('a training step on WebGPU', () => {
  let batch: Batch;
  let anchor: DeviceLearner;
  beforeAll(async () => {
    requireDriver();
    batch = await fixtureBatch(false);
    // While one session lives, so does the runtime's device with its compiled shaders: the tests take a third of the time.
    anchor = await opened(DeviceLearner, dense, { device: 'webgpu' });
    await anchor.accumulate(batch);
  });
  afterAll(() => anchor?.release());

  it('hears a teacher, kept logits and experts by language, one always on, as the CPU does', async () => {
    const plain = configOf(dense);
    if (plain.adapter.kind !== 'lora-mixture') throw new Error('no mixture');
    const { mixture } = plain.adapter;
    const languages = { eng: 0, fin: 1 };
    const config: LearnableConfig = {
      ...plain,
      adapter: {
        kind: 'lora-mixture',
        mixture: { ...mixture, shared: 1, router: { ...mixture.router, kind: 'language', languages } },
      },
      retention: {
        distil: { weight: 2, temperature: 2, teacher: 'stage' },
        replayed: { weight: 0.1, labels: 0.5 },
      },
    };
    const masked = batch.masked.length;
    const kept = {
      has: Float32Array.from({ length: masked }, (_, i) => i % 2),
      logits: normals(masked * config.head.units, 3, 'kept'),
    };
    const own: Batch = { ...batch, languages: ['fin', 'eng'], kept };
    const learners = [
      await DeviceLearner.open(config, base, file, 0, { device: 'webgpu' }),
      await HostLearner.open(config, base, file, 0, { device: 'cpu' }),
    ];
    const found: { loss: number; gradient: Float32Array; distillation: Float32Array }[] = [];
    for (const learner of learners) {
      fill(learner);
      await learner.push();
      await learner.teach(learner.parameters.data.map((x, i) => x + 0.05 * Math.sin(i)));
      const { loss, perFrame } = await learner.accumulate(own);
      found.push({ loss, gradient: await learner.readGradient(), distillation: perFrame.distillation });
      await learner.release();
    }
    const [device, host] = found;
    expect(Math.max(...host.distillation)).toBeGreaterThan(1e-3);
    expect(Math.abs(device.loss - host.loss)).toBeLessThan(1e-4);
    const largest = Math.max(...host.gradient.map(Math.abs));
    expect(worstDifference(device.gradient, host.gradient) / largest).toBeLessThan(1e-4);
  });

  it('pulls to what is held as the CPU does', async () => {
    const learners = [
      await opened(DeviceLearner, dense, { device: 'webgpu' }),
      await opened(HostLearner, dense, { device: 'cpu' }),
    ];
    const pulls: Float32Array[] = [];
    for (const learner of learners) {
      const { size } = learner.parameters;
      const start = learner.parameters.data.map((x, i) => x - 0.01 * Math.sin(i));
      await learner.hold({ start, weight: Float32Array.from({ length: size }, (_, i) => 1 + (i % 7)) });
      await learner.accumulate(batch);
      const before = await learner.readGradient();
      await learner.pullToHeld();
      pulls.push((await learner.readGradient()).map((x, i) => x - before[i]));
      await learner.hold();
      await learner.release();
    }
    expect(worstDifference(pulls[0], pulls[1])).toBeLessThan(1e-6);
  });

  it('pulls to the start as the CPU does', async () => {
    const learners = [
      await opened(DeviceLearner, 'the whole transformer', { device: 'webgpu' }),
      await opened(HostLearner, 'the whole transformer', { device: 'cpu' }),
    ];
    const gradients: Float32Array[] = [];
    for (const learner of learners) {
      await learner.anchor();
      learner.parameters.data.forEach((x, i, all) => {
        all[i] = x + 0.01 * Math.sin(i);
      });
      await learner.push();
      await learner.accumulate(batch);
      const before = await learner.readGradient();
      await learner.pullToAnchor(5);
      gradients.push((await learner.readGradient()).map((x, i) => x - before[i]));
      await learner.release();
    }
    expect(worstDifference(gradients[0], gradients[1])).toBeLessThan(1e-4);
    expect(Math.max(...gradients[1])).toBeCloseTo(0.05, 3);
  });

  it('is offered: the device agrees with the CPU on a tiny graph', async () => {
    const report = await tryDevice('webgpu');
    say(`webgpu: ${report.reason}`);
    expect(report).toMatchObject({ device: 'webgpu', usable: true });
  });

  for (const name of Object.keys(CASES))
    it(`has the CPU’s gradients within 1e-5: ${name}`, async () => {
      const its = CASES[name].kind === 'scratch' ? await fixtureBatch(true) : batch;
      const host = await opened(HostLearner, name, { device: 'cpu' });
      const device = await opened(DeviceLearner, name, { device: 'webgpu' });
      const [theirs, ours] = [await host.accumulate(its), await device.accumulate(its)];
      expect(Math.abs(ours.loss - theirs.loss)).toBeLessThan(1e-5);
      const gradient = await device.readGradient();
      let worst = 0;
      for (const parameter of host.parameters.names) {
        const expected = host.parameters.view(parameter, host.gradient);
        expect(
          expected.some((g) => g !== 0),
          `${parameter} has a gradient`,
        ).toBe(true);
        const difference = worstDifference(device.parameters.view(parameter, gradient), expected);
        expect(difference, parameter).toBeLessThan(1e-5);
        worst = Math.max(worst, difference);
      }
      const largest = host.gradient.reduce((w, g) => Math.max(w, Math.abs(g)), 0);
      say(`${name}: largest difference ${worst.toExponential(1)} of ${largest.toExponential(1)}`);
      const [a, b] = [await host.evaluate(its), await device.evaluate(its)];
      expect(worstDifference(b.perFrame.loss, a.perFrame.loss)).toBeLessThan(1e-4);
      await host.release();
      await device.release();
    });

  for (const name of [dense, 'a top-k router on all six projections'])
    it(`runs every node on the device and copies nothing: ${name}`, () => {
      const { status, stdout, stderr } = run('log-child', [name]);
      expect(status, stderr.slice(-2000)).toBe(0);
      expect(JSON.parse(stdout).norm).toBeGreaterThan(0);
      const lines = stderr.split('\n');
      // The child first computes its features on the CPU, with a session that logs nothing.
      const placements = lines.filter((line) => /nodes? placed on/i.test(line));
      const nodes = placements.map((line) => Number(line.match(/Number of nodes: (\d+)/)?.[1]));
      say(`${name}: nodes by session ${nodes.join(', ')}`);
      // Step, evaluation, norm, update, sum, pull, upload, download.
      expect(placements.length).toBe(8);
      for (const line of placements) expect(line).toContain('All nodes placed on [WebGpuExecutionProvider]');
      const copies = lines.filter((line) => /MemcpyTransformer modified: [^0]|Memcpy(To|From)Host/.test(line));
      expect(copies).toEqual([]);
      expect(lines.filter((line) => line.includes('MemcpyTransformer modified: 0')).length).toBe(8);
    });

  it('updates as the CPU’s AdamW does, within 1e-6 over three steps, and keeps everything on the device', async () => {
    const device = await opened(DeviceLearner, dense, { device: 'webgpu' });
    const { parameters } = device;
    const expected = parameters.data.slice();
    const state = newState(parameters.size);
    const rates = { adapter: 1e-3, head: 2e-3 };
    const groups = parameters.names.map((name) => ({
      ...parameters.range(name),
      rate: /^(final_proj|label_embs)/.test(name) ? rates.head : rates.adapter,
    }));
    for (let step = 1; step <= 3; step++) {
      await device.accumulate(batch);
      const norm = adamW(expected, await device.readGradient(), state, groups, adam);
      expect(norm).toBeGreaterThan(adam.clipNorm);
      expect(Math.abs((await device.update(rates, adam)) / norm - 1)).toBeLessThan(1e-6);
      expect(new Set(device.locations())).toEqual(new Set(['gpu-buffer']));
    }
    await device.pull();
    const worst = worstDifference(parameters.data, expected);
    say(`largest difference of a parameter after three updates ${worst.toExponential(1)}`);
    expect(worst).toBeLessThan(1e-6);
    expect(worstDifference(device.optimiser.first, state.first)).toBeLessThan(1e-6);
    expect(worstDifference(device.optimiser.second, state.second)).toBeLessThan(1e-6);
    expect(device.optimiser.updates).toBe(3);
    await device.release();
  });

  it('adds up the gradients of parts', async () => {
    const device = await opened(DeviceLearner, dense, { device: 'webgpu' });
    await device.accumulate(batch);
    const whole = await device.readGradient();
    device.discard();
    await device.accumulate(batch, 0.25);
    await device.accumulate(batch, 0.75);
    expect(worstDifference(await device.readGradient(), whole)).toBeLessThan(1e-6);
    await device.release();
  });

  it('leaves a group of rate 0 as it is, bit for bit', async () => {
    const device = await opened(DeviceLearner, dense, { device: 'webgpu' });
    const before = device.parameters.data.slice();
    await device.accumulate(batch);
    await device.update({ adapter: 0, head: 1e-3 }, adam);
    await device.pull();
    for (const name of device.parameters.names) {
      const same = worstDifference(device.parameters.view(name), device.parameters.view(name, before)) === 0;
      expect(same, name).toBe(!/^(final_proj|label_embs)/.test(name));
    }
    await device.release();
  });

  it('changes nothing when the gradient is not finite', async () => {
    const device = await opened(DeviceLearner, dense, { device: 'webgpu' });
    const good = device.parameters.data.slice();
    const data = new Float32Array(batch.speech.data.length).fill(1e38);
    await device.accumulate({ ...batch, speech: { ...batch.speech, data } });
    expect(Number.isFinite(await device.update({ adapter: 1e-3, head: 1e-3 }, adam))).toBe(false);
    await device.pull();
    expect(device.optimiser.updates).toBe(0);
    expect(worstDifference(device.parameters.data, good)).toBe(0);
    await device.accumulate(batch);
    expect(await device.update({ adapter: 1e-3, head: 1e-3 }, adam)).toBeGreaterThan(0);
    await device.release();
  });

  it('goes on bit for bit from a checkpoint', async () => {
    const rates = { adapter: 1e-3, head: 1e-3 };
    const one = await opened(DeviceLearner, dense, { device: 'webgpu' });
    await one.accumulate(batch);
    await one.update(rates, adam);
    await one.pull();
    const two = await opened(DeviceLearner, dense, { device: 'webgpu' });
    two.parameters.data.set(one.parameters.data);
    const { first, second, updates } = one.optimiser;
    two.optimiser = { first: first.slice(), second: second.slice(), updates };
    await two.push();
    for (const learner of [one, two]) {
      await learner.accumulate(batch);
      await learner.update(rates, adam);
      await learner.pull();
    }
    expect(worstDifference(two.parameters.data, one.parameters.data)).toBe(0);
    expect(worstDifference(two.optimiser.second, one.optimiser.second)).toBe(0);
    await one.release();
    await two.release();
  });
});

describe.skipIf(turnedOff || process.platform !== 'linux')('without a driver', () => {
  const broken = join(scratch(), 'broken.json');
  const library = { library_path: '/no/such/driver.so', api_version: '1.3.0' };
  writeFileSync(broken, JSON.stringify({ file_format_version: '1.0.0', ICD: library }));

  for (const [what, driver] of Object.entries({ 'no driver': '/no/such/driver.json', 'a broken driver': broken }))
    it(`WebGPU is reported as not usable, in words, and the process lives on: ${what}`, () => {
      const env = { ...process.env, VK_ICD_FILENAMES: driver, VK_DRIVER_FILES: driver };
      const { status, stdout } = run('try-device', [], env);
      expect(status).toBe(0);
      const report = JSON.parse(stdout);
      say(`${what}: ${report.reason}`);
      expect(report).toMatchObject({ device: 'webgpu', usable: false });
      expect(report.reason).toMatch(/driver|loader|adapter|not part of/);
      expect(report.reason).not.toContain('onnxruntime_src');
    });
});
