/** @file What a model on the hub consists of, at one commit, and which of its files are wanted. */
import { listFiles, modelInfo } from '@huggingface/hub';
import { licenceOf } from '../config/card.ts';
import { UserError } from '../errors.ts';

export interface RemoteFile {
  name: string;
  bytes: number;
  /** Hex: of large files the sha256 of the content, of small ones git's own hash; of packages of other feeds the sha512. */
  digest: { kind: 'sha256' | 'sha512' | 'git'; hex: string };
}

export interface Hub {
  url: string;
  token?: string;
  fetch: typeof fetch;
}

export interface PinnedModel {
  commit: string;
  licence?: string;
}

const mostFiles = 20_000;
const index = 'model.safetensors.index.json';
/** In the order in which a folder is read. */
export const weightFiles = ['model.safetensors', index, 'pytorch_model.bin'];

/** The commit that a branch, tag or shortened commit stands for now. */
export async function pin(hub: Hub, id: string, revision: string | undefined): Promise<PinnedModel> {
  const info = await modelInfo({
    name: id,
    revision: revision ?? 'main',
    additionalFields: ['sha', 'cardData'],
    hubUrl: hub.url,
    fetch: hub.fetch,
    ...(hub.token ? { accessToken: hub.token } : {}),
  });
  const commit: unknown = info.sha;
  if (typeof commit !== 'string' || !/^[0-9a-f]{40}$/.test(commit)) throw strange(id, 'it names no commit.');
  const licence = licenceOf((info.cardData ?? {}) as Record<string, unknown>);
  return { commit, ...(licence ? { licence } : {}) };
}

/** Files at the model's top, by name; those with a name that is no plain file name are not ours to fetch. */
export async function list(hub: Hub, id: string, commit: string): Promise<Map<string, RemoteFile>> {
  const files = new Map<string, RemoteFile>();
  let seen = 0;
  for await (const entry of listFiles({
    repo: { type: 'model', name: id },
    revision: commit,
    hubUrl: hub.url,
    fetch: hub.fetch,
    ...(hub.token ? { accessToken: hub.token } : {}),
  })) {
    if (++seen > mostFiles) throw strange(id, `it lists more than ${mostFiles} files.`);
    const { type, path, size, oid, lfs } = entry;
    if (type !== 'file' || !isPlainName(path)) continue;
    const digest = lfs ? ({ kind: 'sha256', hex: lfs.oid } as const) : ({ kind: 'git', hex: oid ?? '' } as const);
    const bytes = lfs?.size ?? size;
    const whole = Number.isSafeInteger(bytes) && bytes >= 0;
    if (!whole || !(digest.kind === 'sha256' ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/).test(digest.hex)) {
      throw strange(id, `it lists ${JSON.stringify(path)} without size or hash.`);
    }
    files.set(path, { name: path, bytes, digest });
  }
  return files;
}

/** A name that stays in its folder on every system. */
const isPlainName = (name: unknown): name is string =>
  typeof name === 'string' && /^[A-Za-z0-9_][\w.-]{0,200}$/.test(name) && !name.endsWith('.');

export interface Choice {
  /** Configuration, card, licence, and the index of sharded weights. */
  small: RemoteFile[];
  /** One file, or an index whose shards are known once it is read. */
  weights: { kind: 'one'; file: RemoteFile } | { kind: 'sharded'; index: RemoteFile };
}

const largestSmallFile = 64 << 20;

/** safetensors before anything else; nothing that is not needed. @throws UserError where it is no such model. */
export function choose(id: string, files: ReadonlyMap<string, RemoteFile>): Choice {
  const config = files.get('config.json');
  if (!config) throw strange(id, 'it has no config.json.', 'Name a HuBERT or wav2vec2 model of Hugging Face’s form.');
  const besides = [...files.values()].filter(({ name }) =>
    /^(preprocessor_config\.json|README\.md|(LICEN[SC]E|COPYING|NOTICE)(\.(md|txt))?)$/i.test(name),
  );
  const single = files.get('model.safetensors');
  const shards = files.get(index);
  const pickle = files.get('pytorch_model.bin');
  const small = [config, ...besides];
  if (!single && shards) small.push(shards);
  const large = small.find(({ bytes }) => bytes > largestSmallFile);
  if (large) throw strange(id, `its ${large.name} has ${large.bytes} bytes.`);
  if (single) return { small, weights: { kind: 'one', file: single } };
  if (shards) return { small, weights: { kind: 'sharded', index: shards } };
  if (pickle) return { small, weights: { kind: 'one', file: pickle } };
  throw strange(
    id,
    'it has none of model.safetensors, its index, and pytorch_model.bin.',
    'Name a model that has PyTorch or safetensors weights.',
  );
}

/** The shards that an index names, each of which must be listed. */
export function shardsOf(id: string, weightMap: unknown, files: ReadonlyMap<string, RemoteFile>): RemoteFile[] {
  const names = typeof weightMap === 'object' && weightMap !== null ? [...new Set(Object.values(weightMap))] : [];
  if (names.length === 0 || names.length > 1000) throw strange(id, `its index names ${names.length} files of weights.`);
  return names.map((name) => {
    const file = isPlainName(name) && name.endsWith('.safetensors') ? files.get(name) : undefined;
    if (file) return file;
    throw strange(id, `its index names ${JSON.stringify(name)?.slice(0, 200)}, which is no file of the model.`);
  });
}

function strange(id: string, why: string, cure = 'Take another model, or another revision of it.'): UserError {
  return new UserError({ code: 'hub.not-a-model', tried: `download the model ${id}`, why, cure });
}
