import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadExperiment } from '../../../sidecar/config/resolve.ts';

describe('the paths of an experiment', () => {
  let folder: string;
  const write = async (text: string) => {
    const file = join(folder, 'x.milore.yaml');
    await writeFile(file, text);
    return file;
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'milore-paths-'));
    await mkdir(join(folder, 'models', 'base'), { recursive: true });
    await mkdir(join(folder, 'data', 'eng'), { recursive: true });
    await writeFile(join(folder, 'data', 'yor.tsv'), '');
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('become absolute against the file’s folder', async () => {
    const text = 'base: { model: models/base }\nlanguages:\n  eng: { role: new, data: [data/eng, data/yor.tsv] }\n';
    const { experiment, text: read } = await loadExperiment(await write(text));
    expect(read).toBe(text);
    expect(experiment.base.model).toBe(join(folder, 'models', 'base'));
    expect(experiment.languages.eng.data).toEqual([join(folder, 'data', 'eng'), join(folder, 'data', 'yor.tsv')]);
  });

  it('that are missing are all named, with their places and the nearest that is there', async () => {
    const file = await write(`base:
  model: models/bas
  head: models/base
languages:
  eng:
    role: new
    data: data/english
  yor: { role: new, data: [data/yor.tsv, data/yor.tsb] }
`);
    const error = await loadExperiment(file, ['languages.fra.role=new', 'languages.fra.data=nowhere']).catch((e) => e);
    expect(
      error.problems.map((p: { place: { line: number; column: number } }) => [p.place.line, p.place.column]),
    ).toEqual([
      [2, 10],
      [3, 9],
      [7, 11],
      [8, 42],
      [1, 20],
    ]);
    expect(error.problems[0].cure).toContain('Did you mean base?');
    expect(error.problems[1].why).toContain('is not a file');
    expect(error.problems[3].cure).toContain('Did you mean yor.tsv?');
    expect(error.problems[4].place.file).toBe('--set');
  });

  it('tells every problem at once: schema, rules, missing base, missing data', async () => {
    const file = await write(`base: { model: nowhere, head: gone.safetensors }
languages:
  eng: { role: existing, data: absent }
  deu: { role: old, data: also-absent }
  qqq: { role: new }
replay: { languages: [eng, nld] }
audio: { minSeconds: 30 }
units: { layer: seven, fitOn: [fra] }
traning: { steps: 3 }
adapter: { experts: none, router: { kind: top-k, k: 5 } }
`);
    const { problems } = await loadExperiment(file).catch((error) => error);
    const told = problems.map(({ code, tried }: { code: string; tried: string }) => `${code}: ${tried}`);
    expect(told).toEqual([
      'config.path-missing: find base.model',
      'config.path-missing: find base.head',
      'config.path-missing: find languages.eng.data',
      'config.wrong-value: read the key languages.deu.role',
      'config.path-missing: find languages.deu.data',
      'config.language-code: read the language "qqq"',
      'config.missing-key: read the key languages.qqq.data',
      'config.rule: read the key audio.minSeconds',
      'config.wrong-value: read the key units.layer',
      'config.unknown-key: read the key traning',
      'config.wrong-value: read the key adapter.experts',
    ]);
  });

  it('leaves unsaid what follows from a value that is itself wrong', async () => {
    const file = await write(`base: { model: . }
languages:
  eng: { role: new, data: . }
adapter: { experts: lots, router: { kind: top-k, k: 5 } }
audio: { maxSeconds: -1, minSeconds: 30 }
`);
    const { problems } = await loadExperiment(file).catch((error) => error);
    expect(problems.map(({ tried }: { tried: string }) => tried)).toEqual([
      'read the key adapter.experts',
      'read the key audio.maxSeconds',
    ]);
  });
});
