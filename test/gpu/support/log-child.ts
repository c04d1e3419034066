/** @file Run as a process of its own: a step, an evaluation, an update and a pull, with the runtime's verbose log on stderr. */
import { DeviceLearner } from '../../../sidecar/learning/device-learner.ts';
import { fixtureBatch, opened } from './cases.ts';

const name = process.argv[2];
const batch = await fixtureBatch(false);
const learner = await opened(DeviceLearner, name, { device: 'webgpu', logLevel: 0 });
await learner.accumulate(batch, 0.5);
await learner.accumulate(batch, 0.5);
await learner.evaluate(batch);
const norm = await learner.update(
  { adapter: 1e-3, head: 1e-3 },
  { betas: [0.9, 0.98], epsilon: 1e-6, weightDecay: 0.01, clipNorm: 1 },
);
await learner.pull();
await learner.release();
console.log(JSON.stringify({ norm }));
