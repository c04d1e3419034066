/** @file `--as hf`: a single expert merged into the base, as a folder of Hugging Face's that transformers and MiLorE read. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { POSITIONAL } from '../architecture/shapes.ts';
import { writeFileSynced } from '../disk.ts';
import { openBase } from '../model/checkpoint/base.ts';
import { buildFolder } from '../model/checkpoint/files.ts';
import { matchTensors } from '../model/checkpoint/match.ts';
import { tapNorms } from '../model/checkpoint/names.ts';
import { type TensorToWrite, writeSafetensors } from '../model/checkpoint/safetensors.ts';
import { CARD_FILE, type Card, modelCard } from './card.ts';
import { checkMerged } from './check.ts';
import { checkClip } from './check-clip.ts';
import { mergedWeights } from './merge.ts';
import type { BaseOrigin } from './origin.ts';
import type { RunRecord } from './record.ts';
import type { Source } from './source.ts';
import { classOf, configOf, json, preprocessorOf } from './transformers-files.ts';

export async function writeMerged(
  source: Source,
  out: string,
  record: RunRecord,
  origin: BaseOrigin,
): Promise<{ files: string[]; notes: string[] }> {
  const merged = mergedWeights(source.adapted, source.base.weights);
  const clip = await checkClip(source);
  const config = configOf(source);
  return buildFolder(out, async (fresh) => {
    const put = (name: string, content: Uint8Array | string) => writeFileSynced(join(fresh, name), content);
    put('config.json', json(config));
    put('preprocessor_config.json', json(preprocessorOf(source)));
    put('model.safetensors', writeSafetensors(tensorsOf(source, merged), { format: 'pt' }));
    const difference = await checkMerged(fresh, source, clip);
    rmSync(join(fresh, '.check'), { recursive: true, force: true });
    const checked = `Checked on ${clip.what}: ${difference.toExponential(1)} of the largest value is the largest difference of any hidden state from the run's own model.`;
    put(CARD_FILE, modelCard(card(source, classOf(config), checked), source.run.name, record, origin));
    return { files: ['config.json', 'preprocessor_config.json', 'model.safetensors', CARD_FILE], notes: [checked] };
  });
}

/** As the base's file spells them, weight norm and batch norm too, without a prefix; float32. */
function tensorsOf({ experiment, base }: Source, merged: Map<string, Float32Array>) {
  const { tensors, config, maskIsOptional } = openBase(experiment.base.model);
  try {
    const { byName, shapes, weightNorm } = matchTensors(tensors, config, maskIsOptional);
    if (weightNorm) spellWeightNorm(merged, weightNorm, config.posKernel);
    const written: Record<string, TensorToWrite> = {};
    for (const [name, original] of byName)
      written[name] = { shape: shapes.get(name)!, data: merged.get(name) ?? tensors.float32(original) };
    // A mask embedding that the base did not bring, and that was trained.
    for (const [name, data] of merged) written[name] ??= { shape: base.weights.get(name)!.shape, data };
    return written;
  } finally {
    tensors.close();
  }
}

/** A positional convolution that trained itself: its norm a tap as the gain, and itself as the direction. */
function spellWeightNorm(
  merged: Map<string, Float32Array>,
  [gain, direction]: readonly [string, string],
  taps: number,
) {
  const weight = merged.get(`${POSITIONAL}.weight`);
  if (!weight) return;
  merged.delete(`${POSITIONAL}.weight`);
  merged.set(gain, Float32Array.from(tapNorms(weight, taps)));
  merged.set(direction, weight);
}

function card({ modelType, adapted }: Source, name: string, checked: string): Card {
  const isFull = adapted.config.adapter.kind === 'full';
  return {
    what: isFull ? 'A speech encoder, trained on.' : 'A speech encoder with its LoRA adapter merged into the weights.',
    library: 'transformers',
    relation: 'finetune',
    tags: [modelType, ...(isFull ? [] : ['lora'])],
    notes: [
      checked,
      'It is the bare encoder in float32: what the base’s file had besides, such as the head of a recogniser, is left out.',
    ],
    usage: {
      language: 'python',
      code: `from transformers import AutoFeatureExtractor, ${name}

extractor = AutoFeatureExtractor.from_pretrained("path/to/this/folder")
model = ${name}.from_pretrained("path/to/this/folder")
hidden = model(**extractor(speech, sampling_rate=16_000, return_tensors="pt")).last_hidden_state`,
    },
  };
}
