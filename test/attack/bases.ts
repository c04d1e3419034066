/** @file Broken base models: safetensors, shards, configurations, heads. */
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type Attack, base, embed, put, speech, tiny } from './harness.ts';

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: number[] }>;

function take(file: Buffer): { header: Header; data: Buffer } {
  const length = Number(file.readBigUInt64LE(0));
  return { header: JSON.parse(file.toString('utf8', 8, 8 + length)), data: file.subarray(8 + length) };
}

function bytes(header: unknown, data: Uint8Array = Buffer.alloc(0), length?: bigint): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(text.length));
  return Buffer.concat([size, text, data]);
}

const on = (name: string, names: string, damage: (folder: string, root: string) => void): Attack => ({
  name,
  names,
  make(root) {
    const folder = base(root);
    damage(folder, root);
    put(root, { 'good.wav': speech });
    return embed(root, join(root, 'good.wav'), folder);
  },
});

const weights = (name: string, change: (file: Buffer) => Uint8Array) =>
  on(`safetensors: ${name}`, 'model.safetensors', (folder) => {
    const file = join(folder, 'model.safetensors');
    writeFileSync(file, change(readFileSync(file)));
  });

/** Damages one entry of the header; the data stay. */
const entry = (name: string, change: (header: Header, first: string, second: string) => void) =>
  weights(name, (file) => {
    const { header, data } = take(file);
    const [first, second] = Object.keys(header)
      .filter((key) => key !== '__metadata__')
      .sort((a, b) => header[a].data_offsets[0] - header[b].data_offsets[0]);
    change(header, first, second);
    return bytes(header, data);
  });

function sparse(file: string, head: Uint8Array, size: number): void {
  const fd = openSync(file, 'w');
  writeSync(fd, head);
  ftruncateSync(fd, size);
  closeSync(fd);
}

const setFloat = (value: number) => (file: Buffer) => {
  file.writeFloatLE(value, file.length - 64);
  return file;
};

/** Valid JSON: the parser takes it, and whoever prints it runs out of stack. */
const deep = [
  ['100 000 lists', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ['100 000 objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
] as const;

export const safetensors: Attack[] = [
  ...[0, 5, 8, 500].map((length) => weights(`cut to ${length} bytes`, (file) => file.subarray(0, length))),
  weights('half of it', (file) => file.subarray(0, file.length / 2)),
  weights('one byte short', (file) => file.subarray(0, file.length - 1)),
  weights('a byte too many', (file) => Buffer.concat([file, Buffer.from([0])])),
  weights('a header of 2 GB announced', () => bytes('{}', undefined, 2n ** 31n)),
  weights('a header of 2^63 bytes announced', () => bytes('{}', undefined, 2n ** 63n)),
  on('safetensors: a header of 2 GB that is there', 'model.safetensors', (folder) =>
    sparse(join(folder, 'model.safetensors'), bytes('', undefined, 2n ** 31n), 2 ** 31 + 4096),
  ),
  on('safetensors: a header of 90 MB of nothing', 'model.safetensors', (folder) =>
    sparse(join(folder, 'model.safetensors'), bytes('', undefined, 90_000_000n), 90_000_008),
  ),
  weights('a header that is no JSON', (file) => bytes('{"a":', take(file).data)),
  weights('a header that is a list', () => bytes([])),
  weights('a header nested 200 000 deep', () => bytes('['.repeat(200_000))),
  ...deep.map(([what, text]) =>
    weights(`a dtype of ${what}`, (file) => {
      const { header, data } = take(file);
      return bytes(JSON.stringify(header).replace('"F32"', text), data);
    }),
  ),
  weights('a tensor twice', (file) => {
    const { header, data } = take(file);
    const text = JSON.stringify(header);
    const [name, value] = Object.entries(header).at(-1)!;
    return bytes(`${text.slice(0, -1)},${JSON.stringify(name)}:${JSON.stringify(value)}}`, data);
  }),
  weights('a hundred thousand strange tensors', (file) => {
    const { header, data } = take(file);
    const none = { dtype: 'F32', shape: [0], data_offsets: [0, 0] };
    for (let i = 0; i < 100_000; i++) header[`strange.${i}`] = none;
    return bytes(header, data);
  }),
  entry('overlapping offsets', (header, first, second) => {
    const { data_offsets } = header[second];
    header[second].data_offsets = data_offsets.map((at) => at - 4 * header[first].shape.length);
  }),
  entry('a hole', (header, first) => delete header[first]),
  entry('offsets that run backwards', (header, first) => header[first].data_offsets.reverse()),
  entry('offsets behind the end', (header, first) => {
    header[first].data_offsets = header[first].data_offsets.map((at) => at + 1e12);
  }),
  entry('negative offsets', (header, first) => (header[first].data_offsets[0] = -8)),
  entry('fractional offsets', (header, first) => (header[first].data_offsets[0] = 0.5)),
  entry('offsets of 1e300', (header, first) => (header[first].data_offsets[1] = 1e300)),
  entry('three offsets', (header, first) => header[first].data_offsets.push(0)),
  entry('a shape that overflows', (header, first) => (header[first].shape = [2 ** 40, 2 ** 40])),
  entry('a negative size', (header, first) => (header[first].shape = [-1, -1])),
  entry('an unknown dtype', (header, first) => (header[first].dtype = 'Q4_K')),
  entry('a dtype named toString', (header, first) => (header[first].dtype = 'toString')),
  entry('an integer dtype', (header, first) => (header[first].dtype = 'I32')),
  entry('an entry that is null', (header, first) => (header[first] = null as never)),
  entry('a renamed tensor', (header, first) => {
    header['encoder.stranger'] = header[first];
    delete header[first];
  }),
  entry('a name that would move the cursor', (header) => (header['\x1b[2J\nCould not'] = null as never)),
  entry('a name of 10 MB', (header, first) => (header['x'.repeat(10_000_000)] = header[first])),
  entry('a turned shape', (header) => header['encoder.layers.0.attention.q_proj.bias'].shape.unshift(1)),
  entry('metadata of numbers', (header) => (header.__metadata__ = { a: 1 } as never)),
  weights('NaN among the weights', setFloat(Number.NaN)),
  weights('infinity among the weights', setFloat(Number.POSITIVE_INFINITY)),
  weights('a Git LFS pointer', () => Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n')),
  weights('a web page', () => Buffer.from('<!doctype html><title>404</title>'.repeat(50))),
  on('safetensors: a folder in its place', 'model.safetensors', (folder) => {
    rmSync(join(folder, 'model.safetensors'));
    mkdirSync(join(folder, 'model.safetensors'));
  }),
  on('no weights at all', 'model.safetensors', (folder) => rmSync(join(folder, 'model.safetensors'))),
  on('no folder at all', 'base', (folder) => rmSync(folder, { recursive: true })),
];

const INDEX = 'model.safetensors.index.json';
const shards = (name: string, names: string, change: (map: Record<string, unknown>, folder: string) => unknown) =>
  on(`sharded: ${name}`, names, (folder) => {
    const file = readFileSync(join(folder, 'model.safetensors'));
    rmSync(join(folder, 'model.safetensors'));
    writeFileSync(join(folder, 'one.safetensors'), file);
    const tensors = Object.keys(take(file).header).filter((key) => key !== '__metadata__');
    const map = Object.fromEntries(tensors.map((tensor) => [tensor, 'one.safetensors']));
    const index = change(map, folder) ?? { weight_map: map };
    writeFileSync(join(folder, INDEX), typeof index === 'string' ? index : JSON.stringify(index));
  });
const first = 'feature_projection.projection.bias';

export const sharded: Attack[] = [
  shards('a shard that is not there', 'two.safetensors', (map) => void (map[first] = 'two.safetensors')),
  shards('a shard at ../', INDEX, (map) => void (map[first] = '../outside.safetensors')),
  shards('a shard at /etc/passwd', INDEX, (map) => void (map[first] = '/etc/passwd')),
  shards('a shard named by a number', INDEX, (map) => void (map[first] = 7)),
  shards('a shard with a NUL', INDEX, (map) => void (map[first] = 'one\0.safetensors')),
  shards('a tensor that its shard lacks', INDEX, (map) => void (map['encoder.stranger'] = 'one.safetensors')),
  shards('a tensor that the index leaves out', INDEX, (map) => void delete map[first]),
  shards('no weight map', INDEX, () => ({ metadata: {} })),
  shards('a weight map that is a list', INDEX, () => ({ weight_map: [] })),
  shards('an index that is no JSON', INDEX, () => '{"weight_map": {'),
  shards('a shard cut short', 'one.safetensors', (_, folder) => {
    const file = join(folder, 'one.safetensors');
    writeFileSync(file, readFileSync(file).subarray(0, 100_000));
  }),
];

const json = (file: string) => (name: string, change: (raw: Record<string, unknown>) => unknown) =>
  on(`${file}: ${name}`, file, (folder) => {
    const raw = JSON.parse(readFileSync(tiny(file), 'utf8'));
    const changed = change(raw);
    writeFileSync(join(folder, file), typeof changed === 'string' ? changed : JSON.stringify(raw));
  });
const config = json('config.json');
const preprocessor = json('preprocessor_config.json');
const values: [string, unknown][] = [
  ['model_type', 'bert'],
  ['model_type', null],
  ['hidden_size', 0],
  ['hidden_size', -64],
  ['hidden_size', 1e9],
  ['hidden_size', '64'],
  ['hidden_size', 128],
  ['num_hidden_layers', 1e6],
  ['num_hidden_layers', 256],
  ['num_attention_heads', 5],
  ['num_conv_pos_embedding_groups', 7],
  ['num_conv_pos_embeddings', 0],
  ['conv_dim', []],
  ['conv_dim', [32]],
  ['conv_dim', 'wide'],
  ['conv_stride', [5, 2, 2, 2, 2, 2, 0]],
  ['conv_kernel', [10, 3, 3, 3, 3, 2, 1e308]],
  ['hidden_act', 'relu'],
  ['layer_norm_eps', 0],
  ['feat_extract_norm', 'none'],
  ['do_stable_layer_norm', 'no'],
];

export const configurations: Attack[] = [
  ...values.map(([key, value]) => config(`${key}: ${JSON.stringify(value)}`, (raw) => void (raw[key] = value))),
  config('empty', () => ' '),
  config('half of it', (raw) => JSON.stringify(raw).slice(0, 200)),
  config('a list', () => '[]'),
  config('NaN as a number', () => '{"hidden_size": NaN}'),
  config('20 MB', () => ' '.repeat(20 << 20)),
  config('nested 100 000 deep', () => '{"a":'.repeat(100_000)),
  ...deep.flatMap(([what, text]) => [
    config(`a size of ${what}`, (raw) => JSON.stringify(raw).replace(/"hidden_size": *\d+/, `"hidden_size":${text}`)),
    config(`a strange key of ${what}`, (raw) => `{"strange":${text},${JSON.stringify(raw).slice(1)}`),
    preprocessor(
      `a rate of ${what}`,
      (raw) => `{"sampling_rate":${text},${JSON.stringify({ ...raw, sampling_rate: undefined }).slice(1)}`,
    ),
  ]),
  on('config.json: not there', 'config.json', (folder) => rmSync(join(folder, 'config.json'))),
  preprocessor('8 kHz', (raw) => void (raw.sampling_rate = 8000)),
  preprocessor('do_normalize: "yes"', (raw) => void (raw.do_normalize = 'yes')),
  preprocessor('cut short', (raw) => JSON.stringify(raw).slice(0, 30)),
];

const head = (name: string, file: () => Uint8Array) =>
  on(`head.safetensors: ${name}`, 'head.safetensors', (folder) =>
    writeFileSync(join(folder, 'head.safetensors'), file()),
  );
const headOf = (width: number, temperature = '0.1') => {
  const size = (...shape: number[]) => shape.reduce((a, b) => a * b) * 4;
  const header: Record<string, unknown> = { __metadata__: { temperature } };
  let at = 0;
  for (const [key, shape] of Object.entries({
    'final_proj.weight': [4, width],
    'final_proj.bias': [4],
    label_embs: [8, 4],
  }))
    header[key] = { dtype: 'F32', shape, data_offsets: [at, (at += size(...shape))] };
  return bytes(header, Buffer.alloc(at));
};

export const heads: Attack[] = [
  head('for another width', () => headOf(63)),
  head('a temperature below 0', () => headOf(64, '-1')),
  head('cut short', () => headOf(64).subarray(0, 400)),
  head('without tensors', () => bytes({})),
];
