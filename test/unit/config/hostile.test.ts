import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseExperiment } from '../../../sidecar/config/parse.ts';
import { readExperimentFile } from '../../../sidecar/config/resolve.ts';

const first = (text: string) => {
  // Of this process: what else the machine does is no fault of the parser's.
  const begin = process.cpuUsage();
  const { problems, experiment } = parseExperiment(text, 'bad.milore.yaml');
  const { user, system } = process.cpuUsage(begin);
  expect((user + system) / 1000).toBeLessThan(1000);
  expect(experiment).toBeUndefined();
  for (const problem of problems) {
    expect(problem.place?.file).toBe('bad.milore.yaml');
    expect(problem.why.length * problem.cure.length).toBeGreaterThan(0);
  }
  return `${problems[0].code} ${problems[0].place?.line}:${problems[0].place?.column}`;
};

describe('hostile YAML ends in an error within a second:', () => {
  it('an anchor bomb', () => {
    const bomb = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`).join('\n');
    expect(first(`a0: &a0 [lol]\n${bomb}\n`)).toBe('config.aliases 3:14');
  });
  it('an anchor that holds itself', () => {
    expect(first('base: &a\n  model: *a\n')).toMatch(/^config\.(too-deep|aliases|syntax) /);
  });
  it('an alias of nothing', () => expect(first('base: *nope\n')).toBe('config.syntax 1:7'));
  it('more than a megabyte', () => expect(first('#'.repeat(1_000_001))).toBe('config.too-large 1:1'));
  it('a hundred thousand keys', () => {
    const keys = Array.from({ length: 120_000 }, (_, i) => `a${i}:`).join('\n');
    expect(first(keys)).toMatch(/^config\.too-deep /);
  });
  it('three thousand unknown keys, of which a hundred are told', () => {
    const text = Array.from({ length: 3000 }, (_, i) => `a${i}: 1`).join('\n');
    expect(first(text)).toMatch(/^config\./);
    expect(parseExperiment(text, 'bad').problems).toHaveLength(101);
  });
  it('deep brackets', () => expect(first(`a: ${'['.repeat(900_000)}`)).toBe('config.too-deep 1:36'));
  it('deep braces', () => expect(first('{a: '.repeat(200_000))).toMatch(/^config\.too-deep 1:/));
  it('deep dashes', () => expect(first('- '.repeat(400_000))).toMatch(/^config\.too-deep 1:/));
  it('deep question marks', () => expect(first('? '.repeat(400_000))).toMatch(/^config\.too-deep 1:/));
  it('deep indentation', () => {
    expect(first(Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'))).toMatch(/^config\./);
  });
  it('a duplicate key', () => expect(first('seed: 1\nseed: 2\n')).toBe('config.missing-key 1:1'));
  it('tabs as indentation', () => expect(first('base:\n\tmodel: x\n')).toBe('config.syntax 2:1'));
  it('a code tag', () => expect(first('base: !!js/function "() => 1"\n')).toMatch(/^config\.syntax 1:/));
  it('a second document', () => expect(first('seed: 1\n---\nseed: 2\n')).toMatch(/^config\.syntax /));
  it('a list', () => expect(first('- a\n')).toBe('config.empty 1:1'));
  it('nothing', () => expect(first('')).toBe('config.empty 1:1'));
  it('a NUL', () => expect(first('seed: 1\nname: a\u0000b\n')).toBe('config.not-text 2:8'));
  it('a mapping as a key', () => expect(first('{a: 1}: 2\n')).toMatch(/^config\.syntax 1:/));
  it('prototype keys', () => {
    expect(first('__proto__: { x: 1 }\nconstructor: 1\ntoString: 2\n')).toMatch(/^config\./);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

it('a key written twice is told with the line of the first', () => {
  const { problems } = parseExperiment('seed: 1\nseed: 2\n', 'a');
  const twice = problems.find((problem) => problem.code === 'config.duplicate-key');
  expect(twice).toMatchObject({ place: { line: 2, column: 1 } });
  expect(twice?.why).toContain('line 1');
});

describe('reading the file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'milore-config-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('that is not UTF-8 names the place of the first wrong byte', async () => {
    const file = join(folder, 'latin1.milore.yaml');
    await writeFile(file, Buffer.from('seed: 1\nname: caf\xe9\n', 'latin1'));
    await expect(readExperimentFile(file)).rejects.toMatchObject({
      code: 'config.not-text',
      problems: [{ place: { file, line: 2, column: 10 } }],
    });
  });
  it('that is over a megabyte, a folder, or absent says so', async () => {
    const file = join(folder, 'large.milore.yaml');
    await writeFile(file, Buffer.alloc(1_000_001, 0x23));
    await expect(readExperimentFile(file)).rejects.toMatchObject({ code: 'config.too-large' });
    await expect(readExperimentFile(folder)).rejects.toMatchObject({ code: 'config.not-a-file' });
    await expect(readExperimentFile(join(folder, 'no'))).rejects.toMatchObject({ code: 'config.not-found' });
  });
});
