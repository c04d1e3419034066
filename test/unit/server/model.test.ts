import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cardOf } from '../../../sidecar/config/card.ts';
import { loadBase } from '../../../sidecar/model/checkpoint/base.ts';
import { openSafetensors, writeSafetensors } from '../../../sidecar/model/checkpoint/safetensors.ts';
import { inspectModel } from '../../../sidecar/server/requests/model.ts';
import { scratch } from '../../support/scratch.ts';

const temporary = scratch();
const context = { workspace: temporary(), signal: new AbortController().signal, progress() {} };
const inspect = (path: string) => inspectModel({ path }, context);
const fixture = resolve('test/fixtures/hubert_tiny_base');

/** The fixture with its tensors changed. */
function changed(name: string, change: (tensors: Record<string, { shape: number[]; data: Float32Array }>) => void) {
  const folder = temporary(name);
  mkdirSync(folder, { recursive: true });
  for (const file of ['config.json', 'preprocessor_config.json']) cpSync(join(fixture, file), join(folder, file));
  const from = openSafetensors(join(fixture, 'model.safetensors'));
  const tensors = Object.fromEntries(
    from.names().map((tensor) => [tensor, { shape: from.info(tensor).shape, data: from.float32(tensor) }]),
  );
  from.close();
  change(tensors);
  writeFileSync(join(folder, 'model.safetensors'), writeSafetensors(tensors, {}));
  return folder;
}

describe('an inspection of a base model', () => {
  it.each([
    ['extension/sample/base', true],
    ['test/fixtures/hubert_tiny_base', false],
    ['test/fixtures/hubert_tiny_large', false],
  ])('counts the parameters of %s as loading it does', async (path, hasHead) => {
    const base = loadBase(resolve(path));
    const report = await inspect(resolve(path));
    expect(report).toMatchObject({
      layers: base.config.layers,
      width: base.config.hidden,
      hasHead,
      missing: [],
      unexpected: [],
      misshapen: [],
      parameters: [...base.weights.values()].reduce((sum, { data }) => sum + data.length, 0),
      weights: base.source,
    });
  });

  it('finds the heads of its width that lie beside the weights, and takes nothing else for one', async () => {
    const folder = changed('heads', () => {});
    const hidden = (await inspect(folder)).width;
    const head = (width: number) =>
      writeSafetensors(
        {
          'final_proj.weight': { shape: [2, width], data: new Float32Array(2 * width) },
          'final_proj.bias': { shape: [2], data: new Float32Array(2) },
          label_embs: { shape: [3, 2], data: new Float32Array(6) },
        },
        {},
      );
    writeFileSync(join(folder, 'mine.safetensors'), head(hidden));
    writeFileSync(join(folder, 'of-another.safetensors'), head(hidden + 1));
    writeFileSync(join(folder, 'torn.safetensors'), 'x');
    expect(await inspect(folder)).toMatchObject({ hasHead: false, heads: ['mine.safetensors'] });
  });

  it('names what is missing, unexpected and misshapen, where loading would refuse it', async () => {
    const folder = changed('odd', (tensors) => {
      const names = Object.keys(tensors);
      const gone = names.find((name) => name.endsWith('encoder.layers.0.layer_norm.bias'))!;
      const cut = names.find((name) => name.endsWith('feature_projection.projection.bias'))!;
      delete tensors[gone];
      tensors['<img src=x>'] = { shape: [1], data: new Float32Array(1) };
      tensors[cut] = { shape: [1], data: new Float32Array(1) };
    });
    const report = await inspect(folder);
    expect(report.missing).toEqual(['encoder.layers.0.layer_norm.bias']);
    expect(report.unexpected).toEqual(['<img src=x>']);
    expect(report.misshapen).toEqual([expect.stringMatching(/projection\.bias" is \[1\], expected \[\d+\]/)]);
    expect(() => loadBase(folder)).toThrow(/missing/);
  });

  it('is bounded, whatever a file brings', async () => {
    const folder = changed('many', (tensors) => {
      for (let i = 0; i < 2000; i++) tensors[`x${i}`] = { shape: [1], data: new Float32Array(1) };
      tensors['y'.repeat(10_000)] = { shape: [1], data: new Float32Array(1) };
    });
    const report = await inspect(folder);
    expect(report.unexpected).toHaveLength(501);
    expect(Math.max(...report.unexpected.map((name) => name.length))).toBeLessThan(400);
  });

  it('tells licence and source by the card, and a head that cannot be opened', async () => {
    const folder = changed('carded', () => {});
    writeFileSync(join(folder, 'README.md'), '---\nlicense: other\nlicense_name: my own\nbase_model: [a/b]\n---\nx');
    writeFileSync(join(folder, 'head.safetensors'), 'nonsense');
    const report = await inspect(folder);
    expect(report).toMatchObject({ licence: 'my own', source: 'a/b', hasHead: false });
    expect(report.notes.join(' ')).toContain('head.safetensors');
  });

  it('of a folder that is no model says why', async () => {
    const folder = changed('empty', () => {});
    rmSync(join(folder, 'model.safetensors'));
    await expect(inspect(folder)).rejects.toThrow(/none of model\.safetensors/);
    await expect(inspect(temporary('absent'))).rejects.toThrow(/no such folder/);
    await expect(inspect('relative')).rejects.toThrow(/absolute/);
  });
});

describe('a model card', () => {
  it.each([
    ['---\nlicense: [mit, apache-2.0]\n---\n', { licence: 'mit, apache-2.0' }],
    ['---\r\nlicense: mit\r\n---\r\n', { licence: 'mit' }],
    ['# no front matter\nlicense: mit', {}],
    ['---\nlicense: [\n---\n', {}],
    ['---\nlicense: { a: b }\n---\n', {}],
    [`---\na: &a [x]\nb: [${'*a,'.repeat(200)}]\nlicense: mit\n---\n`, {}],
    ['', {}],
  ])('is read, and passed over where it cannot be: %j', (text, card) => expect(cardOf(text)).toEqual(card));
});
