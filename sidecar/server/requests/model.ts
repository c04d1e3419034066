/** @file What a base model is, and how one comes from the Hugging Face hub into the workspace. Runs in a worker. */
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { modelRateHz } from '../../audio/index.ts';
import { downloadInto } from '../../hub/download.ts';
import { readCard, readOrigin } from '../../hub/model-card.ts';
import { headsBeside } from '../../model/checkpoint/head.ts';
import { surveyBase } from '../../model/checkpoint/survey.ts';
import type { DownloadedModel } from '../../protocol/hub-messages.ts';
import type { ModelReport } from '../../protocol/messages.ts';
import type { JobContext } from './context.ts';
import { downloadModelParams, inspectModelParams } from './params.ts';

/** A hostile file may have a million names; a report is one message. */
const longestList = 500;
const listedFiles = 200;

/** Reads configuration and tensor names; computes nothing. */
export async function inspectModel(raw: unknown, { progress }: JobContext): Promise<ModelReport> {
  const { path } = inspectModelParams.parse(raw);
  progress(0, 1);
  const { config, modelType, parameters, source, hasHead, ignored, notes, ...faults } = surveyBase(path);
  const folder = statSync(path).isDirectory() ? path : dirname(path);
  const card = readCard(join(folder, 'README.md'));
  const origin = readOrigin(folder);
  const licence = origin?.licence ?? card.licence;
  const from = origin ? `${origin.source} @ ${origin.revision.slice(0, 12)}` : card.base;
  const aside = ignored.length ? [`Not part of the encoder, left aside: ${few(ignored).join(', ')}.`] : [];
  return {
    path,
    architecture: `${modelType}, ${config.stableLayerNorm ? 'pre-norm as HuBERT large' : 'post-norm as HuBERT base'}`,
    layers: config.layers,
    width: config.hidden,
    parameters,
    sampleRateHz: modelRateHz,
    weights: source,
    files: readdirSync(folder).sort().slice(0, listedFiles),
    hasHead,
    heads: headsBeside(folder, config.hidden),
    missing: few(faults.missing),
    unexpected: few(faults.unexpected),
    misshapen: few(faults.misshapen),
    notes: [...notes, ...aside],
    ...(licence ? { licence } : {}),
    ...(from ? { source: from } : {}),
  };
}

const few = (names: readonly string[]): string[] =>
  names.length <= longestList
    ? names.map(short)
    : [...names.slice(0, longestList).map(short), `… and ${names.length - longestList} more`];
const short = (name: string) => (name.length > 300 ? `${name.slice(0, 300)}…` : name);

/** Fetches configuration, card and weights of one pinned commit; goes on where an earlier try ended. */
export async function downloadModel(raw: unknown, context: JobContext): Promise<DownloadedModel> {
  const { id, revision, into } = downloadModelParams.parse(raw);
  return downloadInto({ id, revision, into }, context);
}
