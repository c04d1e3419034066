/** @file `milore inspect`: what a model, an adapter or a run is, with exact parameter counts; or recordings. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { checkResolved } from '../config/parse.ts';
import { checkAdapterConfig } from '../model/adapters/config.ts';
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS, readAdapterConfig } from '../model/checkpoint/adapter.ts';
import { loadBase } from '../model/checkpoint/base.ts';
import { openSafetensors } from '../model/checkpoint/safetensors.ts';
import { countParameters } from '../objectives/count.ts';
import { english, sayReason } from '../protocol/reason.ts';
import { openRun, readResolved, runFiles } from '../runs/run.ts';
import { deriveStatus } from '../runs/status.ts';
import { learnableConfig } from '../training/prepare/learnable.ts';
import { type DataOptions, guessData, inspectData, told } from './inspect-data.ts';
import { count, percent, printable, table, tell, tellJson } from './output.ts';

export const inspect = () =>
  new Command('inspect')
    .description('Show what a base model, an adapter, a run, or a folder or list of recordings is.')
    .argument('<path>', 'a model, an adapter, a run, or recordings in any layout')
    .option('--language <code>', 'of recordings: their language, ISO 639-3, where no name tells it')
    .option('--allow-outside', 'of recordings: follow links and paths that lead out of the folder', false)
    .option('--json', 'JSON on standard output', false)
    .action(async (path: string, { json, ...options }: { json: boolean } & DataOptions) => {
      const folder = resolve(path);
      const isOurs = existsSync(join(folder, runFiles.info)) || existsSync(join(folder, ADAPTER_CONFIG));
      const guess = isOurs ? undefined : await guessData(folder);
      if (guess) {
        const data = await inspectData(folder, guess, options);
        return json ? tellJson(data) : tell(told(data));
      }
      const facts = existsSync(join(folder, runFiles.info))
        ? inspectRun(folder)
        : existsSync(join(folder, ADAPTER_CONFIG))
          ? inspectAdapter(folder)
          : inspectModel(folder);
      if (json) tellJson(facts);
      else
        tell(
          table(
            Object.entries(facts).map(([key, value]) => [key, printable(String(value))]),
            2,
          ),
        );
    });

type Facts = Record<string, string | number>;

function inspectModel(folder: string): Facts {
  const base = loadBase(folder);
  const { config } = base;
  const total = [...base.weights.values()].reduce((sum, { data }) => sum + data.length, 0);
  return {
    model: base.source,
    style: config.stableLayerNorm ? 'pre-norm, as HuBERT large' : 'post-norm, as HuBERT base',
    extractor: `${config.extractorNorm} norm, ${config.convDim.length} convolutions to ${config.convDim.at(-1)} channels`,
    layers: config.layers,
    width: config.hidden,
    heads: config.heads,
    'feed-forward': config.feedForward,
    audio: base.normalise ? 'zero mean and unit variance' : 'as it is',
    parameters: count(total),
    'own head': base.head ? `${base.head.units} units, projection ${base.head.projection}` : 'none',
    'left aside': base.ignored.length > 0 ? base.ignored.join(', ') : 'nothing',
    notes: base.notes.join(' ') || 'none',
    hash: base.hash,
  };
}

function inspectAdapter(folder: string): Facts {
  const config = readAdapterConfig(folder);
  const { adapter } = checkAdapterConfig(config, join(folder, ADAPTER_CONFIG));
  const file = openSafetensors(join(folder, ADAPTER_WEIGHTS));
  const sizes = { experts: 0, routers: 0, head: 0, other: 0 };
  for (const name of file.names()) {
    const size = file.info(name).shape.reduce((a, b) => a * b, 1);
    if (/\.lora_[AB]\./.test(name)) sizes.experts += size;
    else if (name.endsWith('.router.weight')) sizes.routers += size;
    else if (name.startsWith('final_proj') || name === 'label_embs') sizes.head += size;
    else sizes.other += size;
  }
  file.close();
  return {
    adapter: folder,
    kind: adapter.kind,
    ...(adapter.kind === 'lora-mixture'
      ? {
          'experts by layer': adapter.mixture.experts.join(' '),
          ...(adapter.mixture.shared ? { 'experts always on': String(adapter.mixture.shared) } : {}),
          'rank by layer': adapter.mixture.rank.join(' '),
          targets: adapter.mixture.targets.join(', '),
        }
      : {}),
    'expert parameters': count(sizes.experts),
    'router parameters': count(sizes.routers),
    'head parameters': count(sizes.head),
    ...(sizes.other > 0 ? { 'parameters of the base, trained': count(sizes.other) } : {}),
    'base hash': String(config.base_hash),
    run: String(config.run ?? 'unknown'),
  };
}

function inspectRun(folder: string): Facts {
  const run = openRun(folder);
  const experiment = checkResolved(readResolved(run), join(run.path, runFiles.resolved));
  const status = deriveStatus(run);
  const base = loadBase(experiment.base.model, { head: experiment.base.head });
  const n = countParameters(
    learnableConfig(experiment, base, experiment.adapter.trainMask ?? !base.weights.has('masked_spec_embed')),
    base,
  );
  return {
    run: run.id,
    state: status.reason ? `${status.state}: ${sayReason(status.reason, english).text}` : status.state,
    step: `${status.step} of ${status.steps}`,
    device: run.device,
    versions: Object.entries(run.versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    languages: Object.entries(experiment.languages)
      .map(([code, { role }]) => `${code} (${role})`)
      .join(', '),
    'base parameters': count(n.base),
    'expert parameters': count(n.experts),
    'router parameters': count(n.routers),
    'head parameters': count(n.head),
    'share of the base, without head': percent(n.shareWithoutHead),
    'share of the base, with head': percent(n.shareWithHead),
  };
}
