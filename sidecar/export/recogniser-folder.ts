/** @file `--as onnx --recogniser`: encoder and recogniser as sherpa-onnx reads them, checked before they take their place. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { samplesOf } from '../architecture/time.ts';
import { writeFileSynced } from '../disk.ts';
import { UserError } from '../errors.ts';
import { ADAPTER_WEIGHTS } from '../model/checkpoint/adapter.ts';
import { buildFolder } from '../model/checkpoint/files.ts';
import { type Kept, readKept } from '../recognition/kept.ts';
import type { Tokens } from '../recognition/tokens.ts';
import { CARD_FILE, type Card, modelCard } from './card.ts';
import { checkClip } from './check-clip.ts';
import { checkRecogniser, type RecogniserChecked } from './check-recogniser.ts';
import { DataFile, isLarge } from './data-file.ts';
import type { BaseOrigin } from './origin.ts';
import { MOST_LOGIT_FRAMES, type RecogniserForm, recogniserModel } from './recogniser-graph.ts';
import type { RunRecord } from './record.ts';
import type { Source } from './source.ts';

/** What sherpa-onnx loads, and beside it the same with a mask for batches. */
const FILES: Readonly<Record<RecogniserForm, string>> = { waveform: 'model.onnx', padded: 'padded.onnx' };
const DATA = 'model.weights';
const TOKENS = 'tokens.txt';
/** Seconds a frame of logits. */
const HOP_SECONDS = 0.04;

/** @throws UserError where the folder holds no recogniser of this run's adapter */
export function recogniserOf(
  folder: string,
  { base, folder: adapter, run }: Pick<Source, 'base' | 'folder' | 'run'>,
): Kept {
  const kept = readKept(folder);
  const refused = (why: string) =>
    new UserError({
      code: 'export.recogniser',
      tried: `export the run ${run.id} with the recogniser ${folder}`,
      why,
      cure: `Train one with: milore superb DATA --run ${run.path} --keep FOLDER, and name the folder of its adapted model.`,
    });
  if (kept.base.hash !== base.hash) throw refused('it was trained on another base.');
  if (!kept.adapted) throw refused('it reads the base without an adapter.');
  const bytes = (path: string) => readFileSync(join(path, ADAPTER_WEIGHTS));
  if (!bytes(folder).equals(bytes(adapter)))
    throw refused('it was trained on another adapter, or on another stage of it.');
  return kept;
}

export async function writeRecogniser(
  source: Source,
  kept: Kept,
  out: string,
  record: RunRecord,
  origin: BaseOrigin,
  { insideBytes }: { insideBytes?: number } = {},
): Promise<{ files: string[]; notes: string[] }> {
  const { adapted, base, run } = source;
  const clip = await checkClip(source);
  return buildFolder(out, async (fresh) => {
    const beside = isLarge(base, adapted, insideBytes);
    const data = beside ? new DataFile(join(fresh, DATA), DATA) : undefined;
    try {
      for (const [form, file] of Object.entries(FILES)) {
        const outside = data && ((tensor: Uint8Array) => data.add(tensor));
        const model = recogniserModel(adapted, kept, base.weights, base.normalise, form as RecogniserForm, outside);
        writeFileSynced(join(fresh, file), model.bytes);
      }
      data?.end();
      const checked = await checkRecogniser(fresh, FILES, source, kept, clip);
      const told = checkedInWords(checked, clip.what, base.normalise);
      const files: Record<string, string> = {
        [TOKENS]: tokensFile(kept.tokens),
        [CARD_FILE]: modelCard(card(source, kept, told), run.name, record, origin),
      };
      for (const [name, content] of Object.entries(files)) writeFileSynced(join(fresh, name), content);
      return { files: [...Object.values(FILES), ...(beside ? [DATA] : []), ...Object.keys(files)], notes: told };
    } finally {
      data?.close();
    }
  });
}

/** U+2581: what sherpa-onnx writes as a space, also at the beginning of a symbol. */
const SPACE = '\u2581';

/** A line a symbol, with its number. White space would end the symbol: it becomes sherpa-onnx's own sign for a space. */
export const tokensFile = ({ symbols, kind }: Tokens): string =>
  symbols
    .map((symbol, i) => {
      const special = i < 2 || i === symbols.length - 1;
      return `${kind === 'phones' && !special ? SPACE : ''}${symbol.replace(/\s/gu, SPACE)} ${i}\n`;
    })
    .join('');

function checkedInWords({ difference, asNormalised }: RecogniserChecked, what: string, normalise: boolean): string[] {
  const told = `Checked on ${what}, alone and padded in a batch: ${difference.toExponential(1)} of the largest value is the largest difference from our own recogniser's logits.`;
  if (normalise || asNormalised === undefined) return [told];
  return [
    told,
    `sherpa-onnx brings speech to zero mean and unit variance, and this base was trained on speech as it is: on the same clip ${(100 * asNormalised).toFixed(0)} % of the frames then have the same likeliest symbol.`,
  ];
}

function card({ base, modelType }: Source, { tokens, task }: Kept, checked: readonly string[]): Card {
  const vocabulary = tokens.symbols.length;
  const least = samplesOf(base.config, 7);
  return {
    what: `A speech recogniser (CTC, ${tokens.kind}) on the adapted encoder, as one ONNX graph.`,
    library: 'sherpa-onnx',
    relation: 'finetune',
    pipeline: 'automatic-speech-recognition',
    tags: ['onnx', modelType],
    notes: [
      [
        `- \`model.onnx\`: \`x\` float32 [N, samples], speech at 16 kHz${base.normalise ? ', which the graph brings to zero mean and unit variance' : ' as it is'}, at least ${least} samples and at most ${Math.floor(MOST_LOGIT_FRAMES * HOP_SECONDS)} s → \`logits\` float32 [N, frames, ${vocabulary}], a frame every 40 ms. Symbol 0 is the blank.`,
        '- `padded.onnx`: the same with `attention_mask` int64 [N, samples], 1 for a clip’s own samples, which come first. A clip in a batch gives what it gives alone; beyond its own frames all logits are 0.',
        '- `tokens.txt`: a line a symbol with its number; `▁` is a space.',
        `- It was trained as ML-SUPERB's downstream model (${task}).`,
      ].join('\n'),
      ...checked,
      'sherpa-onnx reads it as it reads the CTC models of Omnilingual ASR (1.12.17 and later), without a feature extractor.',
    ],
    usage: {
      language: 'python',
      code: `import sherpa_onnx

recognizer = sherpa_onnx.OfflineRecognizer.from_omnilingual_asr_ctc(model="model.onnx", tokens="tokens.txt")
stream = recognizer.create_stream()
stream.accept_waveform(16_000, samples)
recognizer.decode_stream(stream)
print(stream.result.text)`,
    },
  };
}
