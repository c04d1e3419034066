import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as node from 'onnxruntime-node';
import * as web from 'onnxruntime-web';
import { beforeAll, describe, expect, it } from 'vitest';
import { normalise } from '../../../sidecar/audio/index.ts';
import { exportRun } from '../../../sidecar/export/index.ts';
import { tokensFile } from '../../../sidecar/export/recogniser-folder.ts';
import { type BaseModel, loadBase } from '../../../sidecar/model/checkpoint/base.ts';
import { Parameters } from '../../../sidecar/model/parameters.ts';
import { normals } from '../../../sidecar/random.ts';
import { batchOf } from '../../../sidecar/recognition/batch.ts';
import { type DownstreamConfig, downstreamParameters, logitFrames } from '../../../sidecar/recognition/config.ts';
import { keptFiles } from '../../../sidecar/recognition/kept.ts';
import { Recogniser } from '../../../sidecar/recognition/recogniser.ts';
import { decode, type Tokens, tokensOf } from '../../../sidecar/recognition/tokens.ts';
import { tenClips } from '../../support/clips.ts';
import { bases, type FinishedRun, finishedRun, relativeDifference } from '../../support/finished-run.ts';
import { hiddenStates } from '../../support/hidden-states.ts';
import { scratch } from '../../support/scratch.ts';

const runtimes = { 'onnxruntime-node': node, 'onnxruntime-web': web as unknown as typeof node };
web.env.wasm.numThreads = 1;
const path = scratch();
const tokens: Tokens = tokensOf(['[eng] ONE TWO', 'ÌYÀWÓ 一']);
let clips: Float32Array[];
beforeAll(async () => {
  ({ clips } = await tenClips());
});

/** A recogniser that nobody trained, on a run's adapter: numbers large enough that every part of it is heard. */
function recogniserOn(
  { path: run, base }: FinishedRun,
  model: BaseModel,
  name: string,
  change = (bytes: Buffer) => bytes,
) {
  const config: DownstreamConfig = {
    layers: model.config.layers + 1,
    width: model.config.hidden,
    pre: 12,
    model: 16,
    heads: 4,
    feedForward: 24,
    blocks: 2,
    vocabulary: tokens.symbols.length,
    dropout: 0,
  };
  const parameters = new Parameters(downstreamParameters(config), 5);
  for (const name of parameters.names) {
    const view = parameters.view(name);
    const draws = normals(view.length, 'recogniser', name);
    for (let i = 0; i < view.length; i++) view[i] += 0.1 * draws[i];
  }
  const adapter = Object.fromEntries(
    ['adapter_config.json', 'adapter_model.safetensors'].map((file) => {
      const bytes = readFileSync(join(run, 'adapter', file));
      return [file, file.endsWith('.json') ? bytes : change(bytes)];
    }),
  );
  const folder = path(name);
  mkdirSync(folder);
  const origin = { base: { hash: model.hash, folder: base }, adapter };
  for (const [file, bytes] of Object.entries(keptFiles({ config, tokens, parameters }, 'multi', origin)))
    writeFileSync(join(folder, file), bytes);
  return { folder, config, parameters };
}

describe.each([
  ['hubert', ['adapter.experts=3']],
  ['hubert, large style', ['adapter.experts=2']],
  ['wavlm', ['adapter.experts=1']],
] as const)('a recogniser on %s', (family, overrides) => {
  let out: string;
  let expected: Float32Array[];
  let notes: string[];
  beforeAll(async () => {
    const run = await finishedRun(bases[family](), [...overrides], { trained: true });
    const model = loadBase(run.base);
    const { folder, config, parameters } = recogniserOn(run, model, `kept of ${family}`);
    out = path(`out of ${family}`);
    ({ notes } = await exportRun(run.path, out, { as: 'onnx', recogniser: folder }));
    const reader = await Recogniser.reader(config, parameters, { device: 'cpu' });
    expected = [];
    for (const clip of clips) {
      const wave = model.normalise ? normalise(clip) : clip;
      const { data, frames } = await hiddenStates(run.base, join(run.path, 'adapter'), wave);
      const { logits } = await reader.read(batchOf([{ id: '', frames, hidden: data }], config));
      expected.push(logits.slice(0, logitFrames(frames) * config.vocabulary));
    }
    await reader.release();
  }, 120_000);

  it.each(Object.entries(runtimes))(
    'gives ten clips the logits of our own in %s, alone as sherpa-onnx asks, and padded',
    async (_, runtime) => {
      const open = (file: string) =>
        runtime.InferenceSession.create(readFileSync(join(out, file)), { intraOpNumThreads: 1 });
      const alone = await open('model.onnx');
      // sherpa-onnx feeds the first input and reads the first output: there must be no other.
      expect([alone.inputNames, alone.outputNames]).toEqual([['x'], ['logits']]);
      for (const [i, clip] of clips.entries()) {
        const { logits } = await alone.run({ x: new runtime.Tensor('float32', clip, [1, clip.length]) });
        expect(logits.dims).toEqual([1, expected[i].length / tokens.symbols.length, tokens.symbols.length]);
        expect(relativeDifference(logits.data as Float32Array, expected[i])).toBeLessThan(1e-5);
      }
      const padded = await open('padded.onnx');
      const longest = Math.max(...clips.map(({ length }) => length));
      const values = new Float32Array(clips.length * longest).map((_, i) => Math.sin(i) * 3);
      const mask = new BigInt64Array(values.length);
      for (const [i, clip] of clips.entries()) {
        values.set(clip, i * longest);
        mask.fill(1n, i * longest, i * longest + clip.length);
      }
      const shape = [clips.length, longest];
      const { logits } = await padded.run({
        x: new runtime.Tensor('float32', values, shape),
        attention_mask: new runtime.Tensor('int64', mask, shape),
      });
      const each = (logits.data as Float32Array).length / clips.length;
      for (const [i, own] of expected.entries()) {
        const row = (logits.data as Float32Array).subarray(i * each, (i + 1) * each);
        expect(relativeDifference(row.slice(0, own.length), own)).toBeLessThan(1e-5);
        expect(row.subarray(own.length).every((x) => x === 0)).toBe(true);
      }
      await alone.release();
      await padded.release();
    },
    120_000,
  );

  it('says what was checked, and what sherpa-onnx does to speech that this base takes as it is', () => {
    expect(notes[0]).toMatch(/^Checked on .*: \d\.\de-\d/);
    expect(notes.length).toBe(family === 'hubert, large style' ? 1 : 2);
    expect(readdirSync(out).sort()).toEqual(['README.md', 'model.onnx', 'padded.onnx', 'tokens.txt']);
    expect(readFileSync(join(out, 'README.md'), 'utf8')).toContain('automatic-speech-recognition');
  });
});

/** As sherpa-onnx reads it: pairs parted by white space; U+2581 at the beginning of a symbol is a space. */
function asRead(text: string): Map<number, string> {
  const parts = text.split(/\s+/).filter(Boolean);
  const symbols = new Map<number, string>();
  for (let i = 0; i < parts.length; i += 2) symbols.set(Number(parts[i + 1]), parts[i].replace(/^\u2581/, ' '));
  return symbols;
}

it('tokens.txt is what sherpa-onnx reads: every symbol by its number, the space among them, phones parted', () => {
  const read = asRead(tokensFile(tokens));
  expect([...read.keys()]).toEqual(tokens.symbols.map((_, i) => i));
  expect(read.get(0)).toBe('<blank>');
  const said = ['[eng]', 'O', 'N', 'E', ' ', 'T'].map((symbol) => tokens.symbols.indexOf(symbol));
  expect(said.map((number) => read.get(number)).join('')).toBe('[eng]ONE T');
  const phones = tokensOf(['tʃ aɪ', 'n'], 'phones');
  const numbers = ['tʃ', 'aɪ', 'n'].map((phone) => phones.symbols.indexOf(phone));
  const heard = numbers.map((number) => asRead(tokensFile(phones)).get(number)).join('');
  expect(heard.trim()).toBe(decode(phones, numbers));
});

it('a recogniser of another adapter, of the base alone, or of another form is refused before anything is computed', async () => {
  const run = await finishedRun(bases.hubert(), ['adapter.experts=1']);
  const model = loadBase(run.base);
  const other = recogniserOn(run, model, 'other', (bytes) => {
    const changed = Buffer.from(bytes);
    changed[changed.length - 1] ^= 1;
    return changed;
  });
  const out = path('refused');
  await expect(exportRun(run.path, out, { as: 'onnx', recogniser: other.folder })).rejects.toThrow(
    /on another adapter/,
  );
  await expect(exportRun(run.path, out, { as: 'onnx', recogniser: path('nowhere') })).rejects.toThrow(/no such folder/);
  expect(() => readdirSync(out)).toThrow();
}, 60_000);
