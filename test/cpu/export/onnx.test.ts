import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as node from 'onnxruntime-node';
import * as web from 'onnxruntime-web';
import { beforeAll, describe, expect, it } from 'vitest';
import { normalise } from '../../../sidecar/audio/index.ts';
import { exportRun } from '../../../sidecar/export/index.ts';
import { loadBase } from '../../../sidecar/model/checkpoint/base.ts';
import { tenClips } from '../../support/clips.ts';
import { bases, finishedRun, relativeDifference } from '../../support/finished-run.ts';
import { hiddenStates } from '../../support/hidden-states.ts';
import { npy } from '../../support/npy.ts';
import { fixtures, scratch } from '../../support/reference.ts';

/** Both runtimes speak one language; the one for browsers is WebAssembly, which Node runs too. */
const runtimes = { 'onnxruntime-node': node, 'onnxruntime-web': web as unknown as typeof node };
const LIMIT = 1e-5;

web.env.wasm.numThreads = 1;

let clips: Float32Array[];
beforeAll(async () => {
  ({ clips } = await tenClips());
});

type Runtime = typeof node;
type Session = node.InferenceSession;

async function open(runtime: Runtime, out: string, threads = 1): Promise<Session> {
  const file = join(out, 'onnx', 'model.onnx');
  const options = { intraOpNumThreads: threads };
  return runtime === node
    ? runtime.InferenceSession.create(file, options)
    : runtime.InferenceSession.create(readFileSync(file), options);
}

/** A batch, its shorter clips padded with what is anything but silence. */
async function run(runtime: Runtime, session: Session, waves: readonly Float32Array[]) {
  const longest = Math.max(...waves.map(({ length }) => length));
  const values = new Float32Array(waves.length * longest).map((_, i) => Math.sin(i) * 3);
  const mask = new BigInt64Array(waves.length * longest);
  for (const [i, wave] of waves.entries()) {
    values.set(wave, i * longest);
    mask.fill(1n, i * longest, i * longest + wave.length);
  }
  const shape = [waves.length, longest];
  return session.run({
    input_values: new runtime.Tensor('float32', values, shape),
    attention_mask: new runtime.Tensor('int64', mask, shape),
  });
}

/** Row `i` of an output [batch, frames, width], the clip's own numbers and the rest. */
function row(tensor: { data: unknown; dims: readonly number[] }, i: number, own: number) {
  const each = tensor.dims[1] * tensor.dims[2];
  const all = (tensor.data as Float32Array).subarray(i * each, (i + 1) * each);
  return { own: all.slice(0, own), rest: all.slice(own) };
}

const settings: [string, string, string[]][] = [
  ['hubert', 'a mixture', ['adapter.experts=3']],
  [
    'hubert',
    'a mixture whose router is shared by a block, of the two best experts',
    ['adapter.experts=[3, 2, 4]', 'adapter.router.kind=top-k', 'adapter.router.share=block'],
  ],
  ['hubert, large style', 'a mixture beside a shared expert', ['adapter.experts=2', 'adapter.sharedExperts=1']],
  ['wav2vec2', 'a single expert', ['adapter.experts=1']],
  ['wavlm', 'a mixture on all projections', ['adapter.experts=2', 'adapter.targets=[q, k, v, o, fc1, fc2]']],
  ['wavlm, large style', 'a single expert', ['adapter.experts=1']],
  ['data2vec-audio', 'a mixture', ['adapter.experts=2']],
  ['hubert', 'the whole transformer', ['adapter.kind=full']],
];

describe.each(settings)('%s, %s', (name, _, overrides) => {
  let out: string;
  let expected: { last: Float32Array; data: Float32Array; frames: number }[];
  let waves: Float32Array[];

  beforeAll(async () => {
    const { path, base } = await finishedRun(bases[name](), overrides, { trained: true });
    out = join(scratch(), 'onnx');
    await exportRun(path, out, { as: 'onnx', hiddenStates: true, gates: true });
    waves = clips.map((clip) => (loadBase(base).normalise ? normalise(clip) : clip));
    expected = [];
    for (const wave of waves) expected.push(await hiddenStates(base, join(path, 'adapter'), wave));
  });

  it.each(Object.entries(runtimes))(
    'ten clips in %s, alone and padded in a batch, are what our own forward gives',
    async (_, runtime) => {
      const session = await open(runtime, out);
      let most = 0;
      for (const [i, wave] of waves.entries()) {
        const { last_hidden_state } = await run(runtime, session, [wave]);
        most = Math.max(most, relativeDifference(last_hidden_state.data as Float32Array, expected[i].last));
      }
      const together = await run(runtime, session, waves);
      const states = expected[0].data.length / expected[0].last.length;
      for (const [i, { last, data }] of expected.entries()) {
        const { own, rest } = row(together.last_hidden_state, i, last.length);
        most = Math.max(most, relativeDifference(own, last));
        expect(rest.every((x) => x === 0)).toBe(true);
        for (let layer = 0; layer < states; layer++) {
          const state = row(together[`hidden_states.${layer}`], i, last.length).own;
          most = Math.max(
            most,
            relativeDifference(state, data.subarray(layer * last.length, (layer + 1) * last.length)),
          );
        }
        for (const gates of session.outputNames.filter((name) => name.startsWith('gates.'))) {
          const experts = together[gates].dims[2];
          const { own } = row(together[gates], i, expected[i].frames * experts);
          for (let t = 0; t < own.length; t += experts)
            expect(own.subarray(t, t + experts).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
        }
      }
      expect(most).toBeLessThan(LIMIT);
      expect(most).toBeGreaterThanOrEqual(0);
      await session.release();
    },
  );
});

describe('Hugging Face’s own numbers', () => {
  /** The base's encoder as it is: the adapter's B are zero where only the head trained. */
  async function exported(style: string) {
    const { path } = await finishedRun(fixtures(style), ['adapter.kind=none']);
    const out = join(scratch(), 'onnx');
    await exportRun(path, out, { as: 'onnx' });
    const session = await open(node, out);
    const { data, shape } = npy(fixtures(style, 'input_values.npy'));
    const frames = npy(fixtures(style, 'attention_mask.npy'));
    const length = frames.data.subarray(shape[1]).reduce((a, b) => a + b, 0);
    return { session, waves: [data.slice(0, shape[1]), data.slice(shape[1], shape[1] + length)] };
  }
  const reference = (style: string, i: number) => npy(fixtures(style, `single${i}_last_hidden_state_f64.npy`)).data;

  it.each(['hubert_tiny_base', 'hubert_tiny_large'])(
    '%s: a padded batch gives what transformers gives for each clip alone',
    async (style) => {
      const { session, waves } = await exported(style);
      const { last_hidden_state } = await run(node, session, waves);
      for (const i of [0, 1]) {
        const expected = reference(style, i);
        expect(relativeDifference(row(last_hidden_state, i, expected.length).own, expected)).toBeLessThan(LIMIT);
      }
      await session.release();
    },
  );
});

describe('the folder', () => {
  it('is laid out as transformers.js wants it, with what the graph asks for in words', async () => {
    const { path, base } = await finishedRun(bases.hubert(), ['adapter.experts=3']);
    const out = join(scratch(), 'onnx');
    const { files, notes } = await exportRun(path, out, { as: 'onnx' });
    expect(files.sort()).toEqual(['README.md', 'config.json', 'onnx/model.onnx', 'preprocessor_config.json']);
    expect((readdirSync(out, { recursive: true }) as string[]).filter((name) => name !== 'onnx').sort()).toEqual(files);
    const session = await open(node, out);
    expect(session.inputMetadata).toEqual([
      { name: 'input_values', isTensor: true, type: 'float32', shape: ['batch', 'samples'] },
      { name: 'attention_mask', isTensor: true, type: 'int64', shape: ['batch', 'samples'] },
    ]);
    expect(session.outputMetadata).toEqual([
      { name: 'last_hidden_state', isTensor: true, type: 'float32', shape: ['batch', 'frames', 64] },
    ]);
    await session.release();
    expect(readFileSync(join(out, 'onnx', 'model.onnx')).includes('com.microsoft')).toBe(false);
    const read = (name: string) => JSON.parse(readFileSync(join(out, name), 'utf8'));
    expect(read('config.json')).toMatchObject({ model_type: 'hubert', 'transformers.js_config': { dtype: 'fp32' } });
    const { normalise } = loadBase(base);
    expect(read('preprocessor_config.json')).toMatchObject({
      feature_extractor_type: 'Wav2Vec2FeatureExtractor',
      do_normalize: normalise,
      return_attention_mask: true,
    });
    expect(notes.join()).toMatch(/Checked on [\d.]+ s of fin speech, alone and padded in a batch: \d\.\de-\d/);
    expect(readFileSync(join(out, 'README.md'), 'utf8')).toContain(notes[0]);
  });

  it('holds weights of more than a file can take beside the model, and computes the same', async () => {
    const { path, base } = await finishedRun(bases['wavlm, large style'](), ['adapter.experts=2']);
    const { adapterOfRun, openSource } = await import('../../../sidecar/export/source.ts');
    const { writeOnnx } = await import('../../../sidecar/export/onnx-folder.ts');
    const out = join(scratch(), 'onnx');
    const source = openSource(adapterOfRun(path));
    const record = { languages: [], before: [], after: [] };
    const { files } = await writeOnnx(source, out, record, {}, { insideBytes: 1000 });
    expect(files).toContain('onnx/model.onnx_data');
    const { use_external_data_format: outside } = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'))[
      'transformers.js_config'
    ];
    expect(outside).toBe(true);
    const session = await open(node, out);
    const wave = normalise(clips[0]);
    const { last_hidden_state } = await run(node, session, [wave]);
    const { last } = await hiddenStates(base, join(path, 'adapter'), wave);
    expect(relativeDifference(last_hidden_state.data as Float32Array, last)).toBeLessThan(LIMIT);
    await session.release();
    expect(existsSync(join(out, 'onnx', 'model.onnx_data'))).toBe(true);
  });
});
