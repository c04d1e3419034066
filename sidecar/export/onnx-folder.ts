/** @file `--as onnx`: the adapted encoder as transformers.js wants it, checked before it takes its place. */
import { join } from 'node:path';
import { makeFolder, writeFileSynced } from '../disk.ts';
import { buildFolder } from '../model/checkpoint/files.ts';
import { CARD_FILE, type Card, modelCard } from './card.ts';
import { checkEncoder } from './check.ts';
import { checkClip } from './check-clip.ts';
import { DataFile, isLarge } from './data-file.ts';
import { type EncoderOutputs, encoderModel } from './encoder-graph.ts';
import type { BaseOrigin } from './origin.ts';
import { expertsOf } from './peft.ts';
import type { RunRecord } from './record.ts';
import type { Source } from './source.ts';
import { configOf, json, preprocessorOf } from './transformers-files.ts';

const MODEL = 'model.onnx';
/** Where transformers.js looks for weights beside the model. */
const DATA = 'model.onnx_data';

export interface OnnxOptions extends EncoderOutputs {
  /** Bytes of weights from which they lie in a file of their own. */
  insideBytes?: number;
}

export async function writeOnnx(
  source: Source,
  out: string,
  record: RunRecord,
  origin: BaseOrigin,
  options: OnnxOptions,
): Promise<{ files: string[]; notes: string[] }> {
  const { adapted, base, run } = source;
  const clip = await checkClip(source);
  return buildFolder(out, async (fresh) => {
    makeFolder(join(fresh, 'onnx'));
    const beside = isLarge(base, adapted, options.insideBytes);
    const data = beside ? new DataFile(join(fresh, 'onnx', DATA), DATA) : undefined;
    try {
      const model = encoderModel(adapted, base.weights, options, data && ((tensor) => data.add(tensor)));
      writeFileSynced(join(fresh, 'onnx', MODEL), model.bytes);
      data?.end();
      const states = [...(options.hiddenStates ? Array(base.config.layers + 1).keys() : [])];
      const difference = await checkEncoder(join(fresh, 'onnx', MODEL), source, clip, {
        last_hidden_state: base.config.layers,
        ...Object.fromEntries(states.map((layer) => [`hidden_states.${layer}`, layer])),
      });
      const checked = `Checked on ${clip.what}, alone and padded in a batch: ${difference.toExponential(1)} of the largest value is the largest difference from the run's own model.`;
      const js = { dtype: 'fp32', ...(beside ? { use_external_data_format: true } : {}) };
      const files: Record<string, string> = {
        'config.json': json(configOf(source, { 'transformers.js_config': js })),
        'preprocessor_config.json': json(preprocessorOf(source, { return_attention_mask: true })),
        [CARD_FILE]: modelCard(card(source, model.outputs, checked), run.name, record, origin),
      };
      for (const [name, content] of Object.entries(files)) writeFileSynced(join(fresh, name), content);
      const onnx = [MODEL, ...(beside ? [DATA] : [])].map((name) => `onnx/${name}`);
      return { files: [...onnx, ...Object.keys(files)], notes: [checked] };
    } finally {
      data?.close();
    }
  });
}

function card({ adapted, base, modelType }: Source, outputs: readonly string[], checked: string): Card {
  const mixture = adapted.config.adapter.kind === 'lora-mixture' && expertsOf(adapted.config.adapter.mixture) > 1;
  const further = outputs.filter((name) => name !== 'last_hidden_state');
  return {
    what: `The adapted speech encoder as one ONNX graph${mixture ? ', its soft mixture of LoRA experts and their gates in it' : ''}.`,
    library: 'transformers.js',
    relation: 'finetune',
    tags: ['onnx', modelType, ...(mixture ? ['mixture-of-experts'] : [])],
    notes: [
      [
        `- \`input_values\` float32 [batch, samples]: speech at 16 kHz, ${
          base.normalise
            ? 'of zero mean and unit variance an utterance. The graph does not normalise: the preprocessor does (`do_normalize` in preprocessor_config.json)'
            : 'as it is: this base takes speech that is not normalised (`do_normalize` is false in preprocessor_config.json)'
        }.`,
        '- `attention_mask` int64 [batch, samples]: 1 for a clip’s own samples, which come first, 0 for what pads it. Padding changes nothing: a clip in a batch gives what it gives alone, also where the first convolution is normalised over time.',
        `- \`last_hidden_state\` float32 [batch, frames, ${base.config.hidden}], zeros beyond a clip’s own frames.`,
        ...(further.length > 0 ? [`- Further outputs: ${further.map((name) => `\`${name}\``).join(', ')}.`] : []),
      ].join('\n'),
      checked,
      'Float32: ask transformers.js for `dtype: "fp32"`, which config.json does already.',
    ],
    usage: {
      language: 'js',
      code: `import { AutoModel, AutoProcessor, read_audio } from '@huggingface/transformers';

const processor = await AutoProcessor.from_pretrained('path/to/this/folder');
const model = await AutoModel.from_pretrained('path/to/this/folder', { dtype: 'fp32' });
const { last_hidden_state } = await model(await processor(await read_audio('speech.wav', 16000)));`,
    },
  };
}
