/**
 * @file Everything of the product that the tests of formulas name, in one place: where a room is renamed or a signature
 * changes, this file follows and no witness is touched.
 */

import { evaluateHeldOut, type HeldOutClip } from '../../sidecar/evaluation/heldout.ts';
import type { Sources } from '../../sidecar/learning/batch.ts';
import type { Batch, Learner, Outcome } from '../../sidecar/learning/learner.ts';
import type { MaskOptions } from '../../sidecar/learning/mask.ts';
import type { Meter } from '../../sidecar/learning/meter.ts';
import { mean, tally } from '../../sidecar/learning/meter.ts';

export { samplesOf } from '../../sidecar/architecture/time.ts';
export { loadExperiment } from '../../sidecar/config/resolve.ts';
export { compile } from '../../sidecar/engine/compile.ts';
export { Graph } from '../../sidecar/engine/graph.ts';
export { type Feed, floats, Session, type SessionOptions } from '../../sidecar/engine/session.ts';
export type { Value } from '../../sidecar/engine/value.ts';
export { assemble, type Sources } from '../../sidecar/learning/batch.ts';
export { HostLearner } from '../../sidecar/learning/host-learner.ts';
export { type MaskOptions, spanMask } from '../../sidecar/learning/mask.ts';
export { type Meter, standardError, utilisation } from '../../sidecar/learning/meter.ts';
export { saveAdapter } from '../../sidecar/model/adapters/file.ts';
export { type MixtureConfig, mixtureHook } from '../../sidecar/model/adapters/mixture.ts';
export { openSafetensors } from '../../sidecar/model/checkpoint/safetensors.ts';
export type { LearnableConfig } from '../../sidecar/model/config.ts';
export { applyMask, featureInput, maskInput, project } from '../../sidecar/model/families/front-end.ts';
export { encode } from '../../sidecar/model/families/transformer.ts';
export { Parameters } from '../../sidecar/model/parameters.ts';
export { featureGraph, parameterSpecs } from '../../sidecar/objectives/learnable.ts';
export { adamW, newState, norm } from '../../sidecar/optim/adamw.ts';
export { updateFeeds, updateGraph } from '../../sidecar/optim/adamw-graph.ts';
export { rateFactor } from '../../sidecar/optim/schedule.ts';
export { normals } from '../../sidecar/random.ts';
export { runExperiment } from '../../sidecar/training/experiment-run.ts';
export { openFeatures } from '../../sidecar/units/features.ts';
export { Assigner, type Centroids, fitKMeans } from '../../sidecar/units/kmeans.ts';
export { VERSION } from '../../sidecar/version.ts';
export { WeightFile } from '../../sidecar/weights/file.ts';
export type { Batch, HeldOutClip, Learner };

/** Loss in nats of every masked frame. */
export const lossOf = (outcome: Outcome): Float32Array => outcome.perFrame.loss;

/** What a learner says of a batch, made up: loss and correctness of every masked frame, and what the routers did. */
export const madeUp = (
  loss: number[],
  correct: number[],
  routers: { gates?: number[]; loads?: number[]; entropy?: number[] } = {},
): Outcome => ({
  loss: 0,
  perFrame: { loss: Float32Array.from(loss), accuracy: Float32Array.from(correct) },
  gates: routers.gates && Float32Array.from(routers.gates),
  loads: routers.loads && Float32Array.from(routers.loads),
  entropy: routers.entropy && Float32Array.from(routers.entropy),
});

export { tally };

/** A language's score as a run logs it. */
export const scoreOf = (meter: Meter, language: string) => ({
  lossNats: mean(meter[language], 'loss'),
  accuracy: mean(meter[language], 'accuracy'),
  frames: meter[language].frames,
});

export const heldOutMeter = async (
  learner: Learner,
  clips: readonly HeldOutClip[],
  sources: Sources,
  mask: MaskOptions,
  batchFrames: number,
): Promise<Meter> => (await evaluateHeldOut(learner, { clips, sources, mask, batchFrames })).meter;
