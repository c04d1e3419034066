/** @file A run taken along: its adapter in one of the forms that this and other programs read, with a model card. */
import type { ExportForm } from '../protocol/forms.ts';
import { exportRunAdapter } from './adapter.ts';
import { CARD_FILE, type Card, modelCard } from './card.ts';
import { writeMerged } from './merged-folder.ts';
import { writeOnnx } from './onnx-folder.ts';
import { baseOrigin } from './origin.ts';
import { writePeft } from './peft-folder.ts';
import { recogniserOf, writeRecogniser } from './recogniser-folder.ts';
import { recordOf } from './record.ts';
import { adapterOfRun, openSource, type RunAdapter } from './source.ts';

export interface ExportOptions {
  as: ExportForm;
  /** As it was when that stage ended; at the run's end where it is left out. */
  stage?: number;
  /** Where the base lies, where that is no longer where the experiment says. */
  base?: string;
  /** Where the base's weights are kept for the runtime; the run's own workspace's unless told. */
  cache?: string;
  /** Where experts go by language: whose is taken along. */
  language?: string;
  /** `onnx`: a folder that "milore superb --keep" wrote on this run's adapter; logits then come out. */
  recogniser?: string;
  /** `onnx`: every hidden state, and every router's gates, as further outputs. */
  hiddenStates?: boolean;
  gates?: boolean;
}

export interface Exported {
  /** Relative to the folder. */
  files: string[];
  /** In words: what was checked, what must be known. */
  notes: string[];
}

/** Whole or not at all. @throws UserError where the form has no place for what the run trained, or `out` cannot be written */
export async function exportRun(path: string, out: string, options: ExportOptions): Promise<Exported> {
  const taken = adapterOfRun(path, options.stage);
  if (options.as === 'adapter') return exportAdapter(taken, path, out, options.stage);
  const record = await recordOf(taken);
  const source = openSource(taken, options);
  const origin = baseOrigin(source.experiment.base.model);
  switch (options.as) {
    case 'peft':
      return { files: await writePeft(source, out, record, origin), notes: [] };
    case 'onnx':
      if (options.recogniser !== undefined) {
        const kept = recogniserOf(options.recogniser, source);
        return writeRecogniser(source, kept, out, record, origin);
      }
      return writeOnnx(source, out, record, origin, options);
    case 'hf':
      return writeMerged(source, out, record, origin);
  }
}

const ADAPTER: Card = {
  what: 'An adapter of MiLorE, with its routers and its head.',
  library: 'milore',
  relation: 'adapter',
  tags: ['lora'],
  notes: [
    '`milore embed`, `milore superb` and a fork read it. Other programs do not: export the run as peft, onnx or hf for those.',
  ],
};

async function exportAdapter(taken: RunAdapter, path: string, out: string, stage?: number): Promise<Exported> {
  const record = await recordOf(taken);
  const origin = record.experiment ? baseOrigin(record.experiment.base.model) : {};
  exportRunAdapter(path, out, stage, modelCard(ADAPTER, taken.run.name, record, origin));
  return { files: ['adapter_config.json', 'adapter_model.safetensors', CARD_FILE], notes: [] };
}
