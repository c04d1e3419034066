/** @file What the fuzzer feeds: every reader of a stranger's file, with seeds that it reads. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { bytesSource, hear } from '../../sidecar/audio/index.ts';
import { parseDatasets } from '../../sidecar/config/datasets.ts';
import { parseExperiment } from '../../sidecar/config/parse.ts';
import { chooseTiers, readTiers } from '../../sidecar/corpus/annotations.ts';
import { annotationFile } from '../../sidecar/corpus/index.ts';
import { detectLayout, readListing } from '../../sidecar/corpus/layout.ts';
import { ScanCache } from '../../sidecar/corpus/scan-cache.ts';
import { readSuperbSet } from '../../sidecar/corpus/superb-folder.ts';
import { parseJson } from '../../sidecar/json.ts';
import { readAdapterConfig } from '../../sidecar/model/checkpoint/adapter.ts';
import { openHuggingFace } from '../../sidecar/model/checkpoint/huggingface.ts';
import { readNpy } from '../../sidecar/model/checkpoint/npy.ts';
import { openSafetensors } from '../../sidecar/model/checkpoint/safetensors.ts';
import { openPickle } from '../../sidecar/model/checkpoint/torch/file.ts';
import { findingsIn } from '../../sidecar/protocol/findings-in.ts';
import { readPoints, readTail } from '../../sidecar/runs/log.ts';
import { Pack } from '../../sidecar/units/pack.ts';
import { sampleFindings } from '../support/findings.ts';
import { archive, dictPickle, op, tensorPickle } from '../support/torch-archive.ts';
import { sine, wav } from '../support/wav.ts';

export interface Reader {
  /** Whether its files are text: they are changed by their words, lines and brackets too. */
  text?: boolean;
  seeds(): { name: string; bytes: Uint8Array }[];
  /** @param folder empty, its own, removed afterwards */
  read(bytes: Uint8Array, seed: string, folder: string): unknown;
}

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}

const cases = process.env.MILORE_FUZZ_CASES ?? 'test/cases';
const fixtures = join(cases, '../fixtures');
const seed = (path: string) => ({ name: path, bytes: readFileSync(path) });
const of = (name: string, text: string | Uint8Array) => ({ name, bytes: Buffer.from(text) });

function inFolder<T>(folder: string, name: string, bytes: Uint8Array, read: (path: string) => T): T {
  mkdirSync(join(folder, name, '..'), { recursive: true });
  writeFileSync(join(folder, name), bytes);
  return read(join(folder, name));
}

/** Every tensor's values as well, as a base's are read. */
function allTensors(file: ReturnType<typeof openSafetensors>): void {
  try {
    for (const name of file.names()) if (file.info(name).shape.length < 4) file.float32(name);
  } finally {
    file.close();
  }
}

const tensor = { key: '0', elements: 12, offset: 1, shape: [3, 2], stride: [1, 4] };
const config = (folder: string) => readFileSync(join(fixtures, folder, 'config.json'));

function smallSafetensors(): Buffer {
  const header = JSON.stringify({
    __metadata__: { format: 'pt' },
    a: { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
    b: { dtype: 'F16', shape: [4], data_offsets: [24, 32] },
  });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(32, 1)]);
}

const eaf = { recording: 'a.wav', seconds: 9 };
const tiers = ['words@Ada', 'notes'].map((name) => ({
  name,
  stretches: [
    { startSeconds: 0.5, endSeconds: 2, text: 'ọ̀rọ̀ "one" & <two>' },
    { startSeconds: 3, endSeconds: 4, text: 'three' },
  ],
}));

const experiment = `base: { model: base }
languages:
  yor: { role: new, data: [yoruba, dataset:radio], heldOut: 0.2, tiers: [words], unannotated: pauses }
  eng: { role: existing, data: /corpora/en, hours: 5, weight: 2 }
stages:
  - { add: [yor] }
adapter: { experts: 4, rank: 8, router: { kind: top-k, k: 2 } }
training: { steps: 5000, batchSeconds: 60 }
audio: { joinSeconds: 5, maxSeconds: 15.6, channels: each }
evaluation: { every: 50, superb: { languages: [yor] } }
seed: 3
`;
const manifests: Record<string, string> = {
  'manifest.tsv':
    'path\tid\tspeaker\ttext\tsplit\tstart\tend\na.wav\tu1\ts\thello\ttrain\t0\t1.5\nb.wav\tu2\tt\t\tdev\t\t\n',
  'clips/../validated.tsv': 'client_id\tpath\tsentence\nc1\ta.mp3\tone\nc2\tb.mp3\ttwo\n',
  'wav.scp': 'r1 a.wav\nr2 sox b.flac -t wav - |\nr3 sph2pipe -f wav c.sph |\n',
  'train.tsv': '/data\na.wav\t16000\nb.wav\t32000\n',
  'metadata.csv': 'file_name,transcription,speaker_id\n"a.wav","one, two",s\nb.wav,three,t\n',
  'metadata.jsonl': '{"file_name":"a.wav","text":"one"}\n{"file_name":"b.wav","text":"two"}\n',
  'manifest.jsonl': '{"audio_filepath":"a.wav","duration":2,"offset":0.5,"text":"x"}\n',
  'asr_train.tsv': 'id\traw_text\tnormalized_text\tspeaker_id\tsplit\nx1\tOne\tone\ts\ttrain\n',
  'test.tsv': '1\ta.wav\tone\tone\to n e\t16000\tMALE\n2\tb.wav\ttwo\ttwo\tt w o\t9000\tFEMALE\n',
};

export const readers: Record<string, Reader> = {
  audio: {
    seeds: () => [
      ...files(cases)
        .filter((path) => !/\.(tsv|scp|yaml|eaf|json)$/.test(path))
        .map(seed),
      of('tone', wav([sine(800, 440)])),
      of('two', wav([sine(800, 440), sine(800, 440)], { bits: 24, extensible: true })),
      of('float', wav([sine(800, 440)], { bits: 32, float: true })),
    ],
    read: (bytes) => hear(bytesSource(bytes), () => {}, { file: 'fuzzed' }),
  },
  safetensors: {
    seeds: () => [of('small', smallSafetensors()), seed(join(fixtures, 'hubert_tiny_base/model.safetensors'))],
    read: (bytes, _, folder) =>
      inFolder(folder, 'model.safetensors', bytes, (path) => allTensors(openSafetensors(path))),
  },
  pickle: {
    seeds: () => {
      const view = tensorPickle(tensor);
      const data = new Uint8Array(48);
      return [
        of('archive', archive(dictPickle({ w: view, epoch: op.int(3) }), { '0': data })),
        of(
          'several',
          archive(dictPickle({ a: view, b: tensorPickle({ ...tensor, shape: [], stride: [] }) }), { '0': data }),
        ),
        seed(join(fixtures, 'fairseq_base/hubert_omegaconf_fp16.pt')),
      ];
    },
    read: (bytes, _, folder) => inFolder(folder, 'model.bin', bytes, (path) => allTensors(openPickle(path))),
  },
  'base folder': {
    text: true,
    seeds: () => ['hubert_tiny_base', 'hubert_tiny_large'].map((name) => of(name, config(name))),
    read: (bytes, name, folder) =>
      inFolder(folder, 'config.json', bytes, () => {
        writeFileSync(join(folder, 'model.safetensors'), smallSafetensors());
        openHuggingFace(folder).tensors?.close();
        return name;
      }),
  },
  'adapter configuration': {
    text: true,
    seeds: () => [
      of(
        'adapter',
        '{"format":"milore","version":2,"experts":4,"rank":8,"alpha":16,"sites":["layers.0.up"],"base":{"hash":"00"}}',
      ),
    ],
    read: (bytes, _, folder) => inFolder(folder, 'adapter_config.json', bytes, () => readAdapterConfig(folder)),
  },
  npy: {
    seeds: () =>
      ['single0_head_logits.npy', 'final_proj.bias.npy'].map((name) => seed(join(fixtures, 'fairseq_base', name))),
    read: (bytes, _, folder) => inFolder(folder, 'a.npy', bytes, readNpy),
  },
  experiment: {
    text: true,
    seeds: () => [of('experiment', experiment)],
    read: (bytes) => parseExperiment(Buffer.from(bytes).toString('utf8'), '/home/ada/my.milore.yaml'),
  },
  'list of datasets': {
    text: true,
    seeds: () => [
      of(
        'datasets',
        'datasets:\n  radio: { language: yor, path: radio, layout: tsv, tiers: [a, b] }\nmodels:\n  m: { path: models/m }\n',
      ),
    ],
    read: (bytes) => parseDatasets(Buffer.from(bytes).toString('utf8'), '/home/ada/milore.datasets.yaml'),
  },
  annotations: {
    text: true,
    seeds: () => [
      of('a.eaf', annotationFile('eaf', [{ ...eaf, tiers }])),
      of('a.TextGrid', annotationFile('textgrid', [{ ...eaf, tiers }])),
      ...files(cases)
        .filter((path) => path.endsWith('.eaf'))
        .map(seed),
    ],
    read: (bytes, name, folder) =>
      inFolder(folder, `a${extname(name)}`, bytes, (path) => chooseTiers(readTiers(path) ?? [])),
  },
  manifests: {
    text: true,
    seeds: () => Object.entries(manifests).map(([name, text]) => of(name, text)),
    read: (bytes, name, folder) =>
      inFolder(folder, name, bytes, () => {
        mkdirSync(join(folder, 'clips'), { recursive: true });
        detectLayout(folder);
        const listing = readListing(folder);
        for (const { path } of listing.utterances) if (!path.startsWith(folder)) throw new Error(`outside: ${path}`);
      }),
  },
  'ML-SUPERB set': {
    text: true,
    seeds: () => [of('set', 'cv_yor_000001 _ one two\ncv_yor_000002 _ three\n')],
    read: (bytes, _, folder) =>
      inFolder(folder, 'transcript_1h_train.txt', bytes, () =>
        readSuperbSet({ corpus: 'cv', iso: 'yor', path: folder }, '1h'),
      ),
  },
  'run log': {
    text: true,
    seeds: () =>
      ['log', 'batches', 'utilisation'].map((name) => seed(join(fixtures, `runs-0.2.0/interrupted/${name}.jsonl`))),
    read: (bytes, _, folder) =>
      inFolder(folder, 'log.jsonl', bytes, async (path) => {
        for await (const one of readPoints(path)) if (!one) return;
        readTail(path);
      }),
  },
  findings: {
    text: true,
    seeds: () => [of('findings', JSON.stringify(sampleFindings()))],
    read: (bytes) => {
      let value: unknown;
      try {
        value = parseJson(Buffer.from(bytes).toString('utf8'));
      } catch {
        return undefined; // Said by whoever reads the file.
      }
      return findingsIn(value);
    },
  },
  'scan’s memory': {
    text: true,
    seeds: () => {
      const folder = join(cases, '../../dist/fuzz/seed');
      rmSync(folder, { recursive: true, force: true });
      const cache = new ScanCache(folder);
      for (let bytes = 0; bytes < 5; bytes++)
        cache.set(
          { path: '/a.wav', bytes, modifiedMs: 1 },
          { startSample: 0, samples: 9000, hash: 'ab'.repeat(32), format: 'wav', sampleRateHz: 8000, channels: 1 },
        );
      cache.close();
      return [seed(join(folder, 'scan.jsonl'))];
    },
    read: (bytes, _, folder) =>
      inFolder(folder, 'scan.jsonl', bytes, () => {
        const cache = new ScanCache(folder);
        cache.get({ path: '/a.wav', bytes: 3, modifiedMs: 1 });
        cache.close();
      }),
  },
  blocks: {
    seeds: () => {
      const folder = join(cases, '../../dist/fuzz/blocks');
      rmSync(folder, { recursive: true, force: true });
      const pack = new Pack(folder, 'abc');
      for (const key of ['one', 'two', 'three']) pack.write(key, new Uint8Array(100).fill(7));
      pack.close();
      return files(folder).map(seed);
    },
    read: (bytes, _, folder) =>
      inFolder(folder, 'abc.1-0123456789ab.blocks', bytes, () => {
        const pack = new Pack(folder, 'abc');
        for (const key of pack.keys()) if (pack.isSound(key)) pack.read(key);
        pack.close();
      }),
  },
};
