/** @file The step that `npm run bench` times: forward, backward, clipping and AdamW, by the product's own learner on one batch. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { flopsOf } from '../engine/flops.ts';
import type { DeviceName } from '../engine/session.ts';
import { openLearners } from '../learning/open-learner.ts';
import { accumulateTogether, evaluateTogether } from '../learning/together.ts';
import { parameterSpecs, stepGraph } from '../objectives/learnable.ts';
import { WeightFile } from '../weights/file.ts';
import { quantise } from '../weights/quantised.ts';
import { configOf, FRAMES, mixtureOf, randomBatch, shapeOf } from './model.ts';
import type { PeerStep } from './peer.ts';

const RATES = { adapter: 1e-4, head: 1e-4 };
const ADAMW = { betas: [0.9, 0.98], epsilon: 1e-6, weightDecay: 0.01, clipNorm: 1 } as const;

/** How the bench's base is called in a cache. */
export const hashOf = (shape: string) => `bench-${shape}`;

export interface StepOptions {
  /** 12, and 24 of a large one, unless told. */
  layers?: number;
  large: boolean;
  compute: 'float32' | 'int8';
  control: boolean;
  /** Of a contestant: the mask embedding does not train. */
  baseMask: boolean;
  clips: number;
  threads: number;
  device: DeviceName;
  profile?: string;
  prepack?: boolean;
}

export type StepResult = Required<Omit<PeerStep, 'openedMs'>>;
export const RECIPE = 'recipe.json';
/** What a program of ours is sent for an evaluation in place of a step. */
export const EVALUATE = 'evaluate';

/** A base that brings its mask embedding, as most do: a control that must train one goes all the way back through it. */
export const configFor = (shape: string, { control, baseMask }: Pick<StepOptions, 'control' | 'baseMask'>) => ({
  ...mixtureOf(configOf(shape)),
  ...(control || baseMask ? { trainMask: false } : {}),
});

export function flopsOfStep(folder: string, options: StepOptions): number {
  const shape = shapeOf(options);
  const config = configFor(shape, options);
  const file = WeightFile.existing(hashOf(shape), folder)!;
  const { masked } = randomBatch(config.base.convDim.at(-1)!, options.clips);
  const bindings = { B: options.clips, T: FRAMES, M: masked.length };
  return flopsOf(stepGraph(config, file, parameterSpecs(config, file.weights)), bindings);
}

/** The product's learner on one fixed batch; `step` is forward, backward, clipping and AdamW of every arm. */
async function openBench(
  folder: string,
  { layers, large, clips, threads, device, profile, prepack, compute, control, baseMask }: StepOptions,
) {
  const shape = shapeOf({ layers, large });
  const file = WeightFile.existing(hashOf(shape), folder)!;
  const config = configFor(shape, { control, baseMask });
  const batch = randomBatch(config.base.convDim.at(-1)!, clips);
  const recipe = compute === 'int8' ? JSON.parse(readFileSync(join(folder, RECIPE), 'utf8')) : undefined;
  const models = [{ config }, ...(control ? [{ config: { ...config, adapter: { kind: 'none' } as const } }] : [])];
  const options = { device, threads, profile, ...(prepack ? { prepack } : {}) };
  const learners = await openLearners(models, file, file, 1, options, recipe && quantise(file, recipe));
  const step = async (): Promise<StepResult> => {
    const start = performance.now();
    const cpu = process.cpuUsage();
    const [{ loss }] = await accumulateTogether(learners, batch);
    for (const learner of learners) await learner.update(RATES, ADAMW);
    const wallMs = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    return { wallMs, cpuMs: (user + system) / 1000, loss, peakMiB: process.resourceUsage().maxRSS / 1024 };
  };
  const evaluate = () => evaluateTogether(learners, batch);
  const release = async () => {
    for (const learner of learners) await learner.release();
  };
  return { step, evaluate, release };
}

/** Answers each line of standard input with a step, or with an evaluation where that is asked for: what takes turns. */
export async function serveSteps(folder: string, options: StepOptions): Promise<void> {
  const began = performance.now();
  const { step, evaluate, release } = await openBench(folder, options);
  let openedMs: number | undefined;
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === EVALUATE) await evaluate();
    const told = line === EVALUATE ? { peakMiB: process.resourceUsage().maxRSS / 1024 } : await step();
    openedMs ??= performance.now() - began;
    process.stdout.write(`${JSON.stringify({ ...told, openedMs })}\n`);
  }
  await release();
}
