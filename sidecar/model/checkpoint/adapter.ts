/**
 * @file An adapter on disk: `adapter_config.json` and `adapter_model.safetensors` with PEFT-like names, written at once
 * and read strictly. Must not know what the configuration means or how the adapter is applied.
 */
import fs from 'node:fs';
import path from 'node:path';
import { TARGET_MODULES, type Target } from '../../architecture/sites.ts';
import { UserError } from '../../errors.ts';
import { writeFolder } from './files.ts';
import { openSafetensors, type TensorToWrite, writeSafetensors } from './safetensors.ts';
import { readJsonObject, sameShape } from './tensor-file.ts';

export const ADAPTER_CONFIG = 'adapter_config.json';
export const ADAPTER_WEIGHTS = 'adapter_model.safetensors';

const block = (layer: number) => `base_model.model.encoder.layers.${layer}`;

/** Tensor names; shapes in the comments, E experts of rank r. */
export const adapterNames = {
  /** [r, inputs] */
  loraA: (layer: number, target: Target, expert: number) =>
    `${block(layer)}.${TARGET_MODULES[target]}.lora_A.${expert}.weight`,
  /** [outputs, r] */
  loraB: (layer: number, target: Target, expert: number) =>
    `${block(layer)}.${TARGET_MODULES[target]}.lora_B.${expert}.weight`,
  /** [E, inputs]; without a target the router is shared by the block. */
  router: (layer: number, target?: Target) =>
    target ? `${block(layer)}.${TARGET_MODULES[target]}.router.weight` : `${block(layer)}.router.weight`,
  /** A tensor of the base that was trained itself (`kind: full`), by its canonical name. */
  full: (canonicalName: string) => `base_model.model.${canonicalName}`,
  headWeight: 'final_proj.weight',
  headBias: 'final_proj.bias',
  unitEmbeddings: 'label_embs',
  maskEmbedding: 'masked_spec_embed',
} as const;

export interface Adapter {
  config: Record<string, unknown>;
  tensors: Map<string, { shape: number[]; data: Float32Array }>;
  metadata: Record<string, string>;
}

/** Replaces an adapter already there at once: a reader sees the old one or the new one. */
export function writeAdapter(
  folder: string,
  config: object,
  tensors: Record<string, TensorToWrite>,
  metadata: Record<string, string> = {},
): void {
  writeFolder(folder, {
    [ADAPTER_CONFIG]: `${JSON.stringify(config, null, 2)}\n`,
    [ADAPTER_WEIGHTS]: writeSafetensors(tensors, { format: 'pt', ...metadata }),
  });
}

/** The configuration alone. Given `knownKeys`, any other key is an error: it would be ignored without a word. */
export function readAdapterConfig(folder: string, knownKeys?: readonly string[]): Record<string, unknown> {
  const file = path.join(folder, ADAPTER_CONFIG);
  if (!fs.existsSync(file)) {
    throw new UserError({
      code: 'adapter.no-config',
      tried: `load the adapter ${folder}`,
      why: fs.existsSync(folder) ? `the folder holds no ${ADAPTER_CONFIG}.` : 'there is no such folder.',
      cure: 'Give the folder that "milore export" wrote.',
    });
  }
  const config = readJsonObject(file);
  const unknown = knownKeys ? Object.keys(config).filter((key) => !knownKeys.includes(key)) : [];
  if (unknown.length > 0) {
    throw new UserError({
      code: 'adapter.unknown-key',
      tried: `load the adapter ${folder}`,
      why: `${ADAPTER_CONFIG} has unknown keys: ${unknown.join(', ')}.`,
      cure: `Known are ${knownKeys?.join(', ')}. A newer version of MiLorE may have written it.`,
    });
  }
  return config;
}

/**
 * Reads an adapter whose tensors must be exactly `expected` (name → shape; computed from the config where a function).
 * @throws UserError naming every unknown key, and every missing, unexpected or misshapen tensor.
 */
export function readAdapter(
  folder: string,
  expected:
    | ReadonlyMap<string, readonly number[]>
    | ((config: Record<string, unknown>) => ReadonlyMap<string, readonly number[]>),
  knownKeys?: readonly string[],
): Adapter {
  const config = readAdapterConfig(folder, knownKeys);
  const shapes = typeof expected === 'function' ? expected(config) : expected;
  const file = openSafetensors(path.join(folder, ADAPTER_WEIGHTS));
  try {
    const missing = [...shapes.keys()].filter((name) => !file.has(name));
    const unexpected = file.names().filter((name) => !shapes.has(name));
    const misshapen = [...shapes]
      .filter(([name, shape]) => file.has(name) && !sameShape(file.info(name).shape, shape))
      .map(([name, shape]) => `${name} is [${file.info(name).shape}], expected [${shape}]`);
    const faults = Object.entries({ missing, unexpected, misshapen }).filter(([, names]) => names.length > 0);
    if (faults.length > 0) {
      throw new UserError(
        faults.map(([fault, names]) => ({
          code: `adapter.${fault}`,
          tried: `load the adapter ${file.path}`,
          why: `${names.length} tensors are ${fault}: ${names.join('; ')}.`,
          cure: 'Load the adapter onto the base and with the settings that it was trained with.',
        })),
      );
    }
    const tensors: Adapter['tensors'] = new Map();
    for (const [name, shape] of shapes) tensors.set(name, { shape: [...shape], data: file.float32(name) });
    return { config, tensors, metadata: file.metadata };
  } finally {
    file.close();
  }
}
