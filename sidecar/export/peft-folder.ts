/** @file `--as peft`: a folder that PEFT loads, or of a mixture one an expert, each with its card. */
import { join } from 'node:path';
import { makeFolder, writeFileSynced } from '../disk.ts';
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS } from '../model/checkpoint/adapter.ts';
import { fairseqFile } from '../model/checkpoint/base.ts';
import { buildFolder } from '../model/checkpoint/files.ts';
import { writeSafetensors } from '../model/checkpoint/safetensors.ts';
import { CARD_FILE, type Card, modelCard } from './card.ts';
import type { BaseOrigin } from './origin.ts';
import { isOneExpert, MODEL_CLASSES, mixtureOf, type PeftAdapter, peftAdapters } from './peft.ts';
import type { RunRecord } from './record.ts';
import type { Source } from './source.ts';

/** @returns what was written, relative to `out` */
export function writePeft(source: Source, out: string, record: RunRecord, origin: BaseOrigin): Promise<string[]> {
  const { adapted, modelType, run, experiment } = source;
  const mixture = mixtureOf(adapted.config, 'peft');
  const adapters = peftAdapters(adapted, modelType, origin.id ?? experiment.base.model);
  const alone = isOneExpert(mixture);
  const notes = [...(alone ? [] : [NOT_THE_MIXTURE]), ...notesOf(source, origin)];
  const card = (what: string, folder: string): Card => ({
    what,
    library: 'peft',
    relation: 'adapter',
    tags: ['lora', modelType],
    notes,
    usage: { language: 'python', code: usage(modelType, origin, folder) },
  });
  return buildFolder(out, async (fresh) => {
    const written: string[] = [];
    const put = (folder: string, { config, tensors }: PeftAdapter, text: string) => {
      makeFolder(join(fresh, folder));
      const files = {
        [ADAPTER_CONFIG]: `${JSON.stringify(config, null, 2)}\n`,
        [ADAPTER_WEIGHTS]: writeSafetensors(tensors, { format: 'pt' }),
        [CARD_FILE]: text,
      };
      for (const [name, content] of Object.entries(files)) {
        writeFileSynced(join(fresh, folder, name), content);
        written.push(join(folder, name));
      }
    };
    if (alone) {
      put('', adapters[0], modelCard(card('A LoRA adapter for PEFT.', '.'), run.name, record, origin));
      return written;
    }
    const { shared = 0 } = mixture;
    const weighed = adapters.length - shared;
    for (const [i, adapter] of adapters.entries()) {
      const isShared = i >= weighed;
      const number = isShared ? i - weighed + 1 : i + 1;
      const kind = isShared ? 'shared' : 'expert';
      const which = isShared ? `Shared expert ${number} of ${shared}, always on,` : `Expert ${number} of ${weighed}`;
      const what = `${which} of a soft mixture of LoRA experts, by itself, for PEFT.`;
      const text = modelCard(card(what, '.'), `${run.name}, ${kind} ${number}`, record, origin);
      put(`${kind}-${number}`, adapter, text);
    }
    const beside = shared > 0 ? ` and ${shared} that ${shared === 1 ? 'is' : 'are'} always on` : '';
    const what = `The ${weighed} LoRA experts of a soft mixture${beside}, each a PEFT adapter of its own in a folder of its own.`;
    writeFileSynced(join(fresh, CARD_FILE), modelCard(card(what, './expert-1'), run.name, record, origin));
    return [...written, CARD_FILE];
  });
}

const NOT_THE_MIXTURE =
  '**One expert alone is not the mixture, and neither is their sum.** The model that was trained weighs its experts anew in every frame and layer, by a router that reads the input; PEFT has no place for that router, so it is not here. No figure below is one of a single expert. The whole mixture can be had as ONNX (`milore export --as onnx`) or in MiLorE’s own form.';

/** What PEFT and transformers do with it that a person would not expect. */
function notesOf({ adapted, modelType, experiment }: Source, origin: BaseOrigin): string[] {
  const { targets } = mixtureOf(adapted.config, 'peft');
  const notes: string[] = [];
  if (modelType === 'wavlm' && targets.some((target) => ['q', 'k', 'v', 'o'].includes(target)))
    notes.push(
      'transformers’ WavLM reads the weights of its attention past PEFT’s layers: unmerged, the adapter’s part on attention does nothing there, without a word. Call `merge_and_unload()` before you use it.',
    );
  if (adapted.config.trainMask)
    notes.push('The mask embedding was trained too. It counts in masked prediction alone, and is not part of this.');
  if (fairseqFile(experiment.base.model))
    notes.push(
      'The base is a checkpoint of fairseq: PEFT needs the same model in Hugging Face’s form, and its name in `base_model_name_or_path` of adapter_config.json.',
    );
  else if (origin.id === undefined)
    notes.push(
      '`base_model_name_or_path` in adapter_config.json is where the base lay when this was made: give it the name under which others find that model before you publish this.',
    );
  return notes;
}

const usage = (modelType: string, { id }: BaseOrigin, folder: string): string =>
  `from peft import PeftModel
from transformers import ${MODEL_CLASSES[modelType].name}

base = ${MODEL_CLASSES[modelType].name}.from_pretrained(${JSON.stringify(id ?? 'path/to/the/base')})
model = PeftModel.from_pretrained(base, ${JSON.stringify(folder)})  # this folder
model = model.merge_and_unload()  # one model, as fast as the base`;
