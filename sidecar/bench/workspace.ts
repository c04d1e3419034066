/** @file What `npm run bench -- --run` trains: a base in a Hugging Face folder with random weights, real speech, an experiment. */
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { BaseConfig } from '../architecture/config.ts';
import { UserError } from '../errors.ts';
import { saveBase } from '../model/checkpoint/save.ts';
import { newWeights } from '../model/new-base.ts';
import { keyedRandom } from '../random.ts';

/** Trained encoders have a few channels that stick out this far (issue of int8: Dettmers et al. 2022). */
const OUTLIERS = { channels: 6, times: 20 };

/** Random weights, but with channels that stick out behind every norm of the encoder's, as those of trained ones do. */
export function writeBase(folder: string, config: BaseConfig): void {
  const weights = newWeights(config, 1);
  const uniform = keyedRandom('bench', 'outliers');
  const channels = Array.from({ length: OUTLIERS.channels }, () => Math.floor(config.hidden * uniform()));
  for (const [name, { data }] of weights)
    if (/^encoder\.layers\.\d+\..*layer_norm\.weight$/.test(name))
      for (const channel of channels) data[channel] *= OUTLIERS.times;
  saveBase(folder, config, weights, config.extractorNorm === 'layer');
}

export interface Speech {
  /** Data of a language as an experiment names it. */
  languages: Record<string, { role: 'new' | 'existing'; data: string }>;
  /** The recordings of each, for a program that knows no layouts. */
  files: Record<string, string[]>;
}

/** Real speech where the checkout has `shared/data` beside it, else the sample's. */
export function findSpeech(root: string): Speech {
  const shared = resolve(root, '../shared/data');
  const has = existsSync(join(shared, 'yor')) && existsSync(join(shared, 'eng'));
  const of = has ? shared : resolve(root, 'extension/sample/speech');
  const [first, second] = has ? ['yor', 'eng'] : ['fin', 'eng'];
  if (!existsSync(join(of, first)))
    throw new UserError({
      code: 'bench.no-speech',
      tried: `time a whole run on the speech in ${of}`,
      why: 'there is none.',
      cure: 'Run it in a checkout: the sample’s speech lies in extension/sample/speech.',
    });
  return {
    languages: {
      [first]: { role: 'new', data: join(of, first) },
      [second]: { role: 'existing', data: join(of, second) },
    },
    files: { [first]: recordings(join(of, first)), [second]: recordings(join(of, second)) },
  };
}

function recordings(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return recordings(path);
    return /\.(wav|flac|mp3|opus|ogg)$/.test(entry.name) ? [path] : [];
  });
}

export interface RunOptions {
  minutes: number;
  steps: number;
  clips: number;
  clipSeconds: number;
  layer: number;
  clusters: number;
  heldOutSeconds: number;
}

/** JSON is YAML too. @returns its path */
export function writeExperiment(root: string, model: string, speech: Speech, options: RunOptions): string {
  const { minutes, steps, clips, clipSeconds, layer, clusters, heldOutSeconds } = options;
  const codes = Object.keys(speech.languages);
  const hours = minutes / 60 / codes.length;
  const experiment = {
    name: 'bench',
    base: { model },
    languages: Object.fromEntries(codes.map((code) => [code, { ...speech.languages[code], hours }])),
    audio: { joinSeconds: clipSeconds },
    adapter: { experts: 4, rank: 8, targets: ['fc1', 'fc2'], trainMask: false },
    units: { layer, clusters, iterations: ITERATIONS },
    head: { warmupSteps: 0, projection: 256 },
    training: { steps, batchSeconds: clips * clipSeconds },
    evaluation: { every: steps, secondsPerLanguage: heldOutSeconds },
    checkpoint: { every: steps },
    log: { every: 1 },
  };
  mkdirSync(root, { recursive: true });
  const path = join(root, 'bench.milore.yaml');
  writeFileSync(path, `${JSON.stringify(experiment, null, 2)}\n`);
  return path;
}

const ITERATIONS = 20;

/** The same job for the peer: as much speech, told as files. @returns its path */
export function writePeerJob(root: string, { files }: Speech, options: RunOptions): string {
  const { minutes, steps, clips, clipSeconds, layer, clusters, heldOutSeconds } = options;
  const codes = Object.keys(files);
  const share = (60 * minutes) / codes.length;
  const path = join(root, 'peer-job.json');
  const job = {
    files: Object.fromEntries(codes.map((code) => [code, enough(files[code], share)])),
    steps,
    clips,
    clipSeconds,
    layer,
    clusters,
    iterations: ITERATIONS,
    mostClips: Math.round(share / clipSeconds),
    heldOutClips: Math.round((codes.length * heldOutSeconds) / clipSeconds),
  };
  writeFileSync(path, JSON.stringify(job));
  return path;
}

/** As many as surely hold so much: no compressed speech takes less than 1 kB a second, no PCM of 8 kHz less than 16. */
function enough(paths: readonly string[], seconds: number): string[] {
  let bytes = 0;
  const rate = /\.wav$/.test(paths[0] ?? '') ? 16_000 : /\.flac$/.test(paths[0] ?? '') ? 12_000 : 2_000;
  return [...paths].sort().filter((path) => {
    const before = bytes;
    bytes += statSync(path).size;
    return before < seconds * rate;
  });
}
