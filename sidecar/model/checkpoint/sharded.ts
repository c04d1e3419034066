/**
 * @file Several files under one index (`model.safetensors.index.json`, `pytorch_model.bin.index.json`), seen as one. Must not know any model.
 */
import path from 'node:path';
import { damaged, insideFolder, noSuchTensor, readJsonObject, type TensorFile } from './tensor-file.ts';

/** More open files than this is no checkpoint. */
const SHARD_LIMIT = 1000;

/** Every tensor of the weight map must be in the shard that it names, and no shard may hold others. */
export function openSharded(indexFile: string, openShard: (file: string) => TensorFile): TensorFile {
  const map = readJsonObject(indexFile, 100_000_000).weight_map;
  if (typeof map !== 'object' || map === null || Array.isArray(map)) {
    throw damaged(indexFile, 'it has no "weight_map" object.');
  }
  const folder = path.dirname(indexFile);
  const shards = new Map<string, TensorFile>();
  const home = new Map<string, TensorFile>();
  const close = () => {
    for (const shard of shards.values()) shard.close();
  };
  try {
    for (const [name, shardName] of Object.entries(map)) {
      const file = insideFolder(folder, shardName, indexFile);
      let shard = shards.get(file);
      if (!shard) {
        if (shards.size >= SHARD_LIMIT) throw damaged(indexFile, `it names more than ${SHARD_LIMIT} files.`);
        shard = openShard(file);
        shards.set(file, shard);
      }
      if (!shard.has(name)) throw damaged(indexFile, `it places "${name}" in ${shardName}, which does not hold it.`);
      home.set(name, shard);
    }
    for (const [file, shard] of shards) {
      const stray = shard.names().filter((name) => home.get(name) !== shard);
      if (stray.length > 0) {
        throw damaged(indexFile, `it does not place ${stray.length} tensors of ${file}: ${stray.join(', ')}.`);
      }
    }
  } catch (error) {
    close();
    throw error;
  }
  const shardOf = (name: string): TensorFile => {
    const shard = home.get(name);
    if (!shard) throw noSuchTensor(indexFile, name);
    return shard;
  };
  return {
    path: indexFile,
    metadata: {},
    others: [],
    names: () => [...home.keys()],
    has: (name) => home.has(name),
    info: (name) => shardOf(name).info(name),
    raw: (name) => shardOf(name).raw(name),
    float32: (name) => shardOf(name).float32(name),
    close,
  };
}
