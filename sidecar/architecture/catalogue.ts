/**
 * @file Base models that people begin with, and what is known of each before it is downloaded. Facts are those of the
 * models' pages on the Hugging Face hub and of their papers, as read on 2026-11-26; what could not be confirmed there
 * is left out. Pure: it fetches nothing.
 */
import type { BaseConfig } from './config.ts';
import { parseConfig } from './huggingface.ts';
import { countNumbers } from './registry.ts';

/**
 * Where the head that a model was pre-trained with can be had. With one, forgetting is measured by the model's own
 * predictions; without, the held-out loss of existing languages tells of it alone.
 */
export type KnownHead =
  /** In a fairseq checkpoint of the same page, which is given as the base in place of the folder. */
  | { where: 'checkpoint'; file: string; bytes: number }
  /** The page has the encoder alone. */
  | { where: 'nowhere' }
  /** Its pre-training had no head of units: it told true frames from false, or predicted a teacher's states. */
  | { where: 'none' };

export interface CatalogueBase {
  /** `owner/name` on the hub. */
  id: string;
  /** As people call it. */
  name: string;
  /** Of the weights that are downloaded. */
  bytes: number;
  /** SPDX, or nothing where its page names none and links a text of its own. */
  licence?: string;
  /** Whether the licence allows commercial use; undefined where that is to be read in the text itself. */
  commercial?: boolean;
  /** How many languages it was pre-trained on; where it is one, which (ISO 639-3). */
  languages: number | string;
  sampleRateHz: 16_000;
  head: KnownHead;
  /** What of its config.json shapes it: the rest are Hugging Face's defaults. */
  shape: Readonly<Record<string, unknown>>;
}

const MB = 1e6;
const GB = 1e9;

const large = {
  hidden_size: 1024,
  num_hidden_layers: 24,
  num_attention_heads: 16,
  intermediate_size: 4096,
  feat_extract_norm: 'layer',
  do_stable_layer_norm: true,
};

/** The first is proposed. */
export const catalogue: readonly CatalogueBase[] = [
  {
    id: 'utter-project/mHuBERT-147',
    name: 'mHuBERT-147',
    bytes: 378 * MB,
    licence: 'CC-BY-NC-SA-4.0',
    commercial: false,
    languages: 147,
    sampleRateHz: 16_000,
    head: { where: 'checkpoint', file: 'checkpoint_best.pt', bytes: 1.14 * GB },
    shape: { model_type: 'hubert' },
  },
  {
    id: 'facebook/hubert-base-ls960',
    name: 'HuBERT base',
    bytes: 378 * MB,
    licence: 'Apache-2.0',
    commercial: true,
    languages: 'eng',
    sampleRateHz: 16_000,
    head: { where: 'nowhere' },
    shape: { model_type: 'hubert' },
  },
  {
    id: 'facebook/hubert-large-ll60k',
    name: 'HuBERT large',
    bytes: 1.26 * GB,
    licence: 'Apache-2.0',
    commercial: true,
    languages: 'eng',
    sampleRateHz: 16_000,
    head: { where: 'nowhere' },
    shape: { model_type: 'hubert', ...large, conv_bias: true },
  },
  {
    id: 'facebook/wav2vec2-xls-r-300m',
    name: 'XLS-R 300M',
    bytes: 1.27 * GB,
    licence: 'Apache-2.0',
    commercial: true,
    languages: 128,
    sampleRateHz: 16_000,
    head: { where: 'none' },
    shape: { model_type: 'wav2vec2', ...large, conv_bias: true },
  },
  {
    id: 'facebook/mms-300m',
    name: 'MMS 300M',
    bytes: 1.27 * GB,
    licence: 'CC-BY-NC-4.0',
    commercial: false,
    languages: 1406,
    sampleRateHz: 16_000,
    head: { where: 'none' },
    shape: { model_type: 'wav2vec2', ...large, conv_bias: true },
  },
  {
    id: 'microsoft/wavlm-base-plus',
    name: 'WavLM base+',
    bytes: 378 * MB,
    languages: 'eng',
    sampleRateHz: 16_000,
    head: { where: 'nowhere' },
    shape: { model_type: 'wavlm' },
  },
  {
    id: 'microsoft/wavlm-large',
    name: 'WavLM large',
    bytes: 1.26 * GB,
    languages: 'eng',
    sampleRateHz: 16_000,
    head: { where: 'nowhere' },
    shape: { model_type: 'wavlm', ...large },
  },
  {
    id: 'facebook/data2vec-audio-base',
    name: 'data2vec-audio base',
    bytes: 373 * MB,
    licence: 'Apache-2.0',
    commercial: true,
    languages: 'eng',
    sampleRateHz: 16_000,
    head: { where: 'none' },
    shape: { model_type: 'data2vec-audio', feat_extract_norm: 'layer' },
  },
];

/** How it is built, so that time and memory can be told before it is there. */
export const shapeOf = ({ id, shape }: CatalogueBase): BaseConfig => parseConfig(shape, id, []).config;

/** Numbers of its encoder. */
export const parametersOf = (base: CatalogueBase): number => countNumbers(shapeOf(base));

export const inCatalogue = (id: string | undefined): CatalogueBase | undefined =>
  catalogue.find((base) => base.id.toLowerCase() === id?.toLowerCase());
