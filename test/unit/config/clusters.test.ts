import { describe, expect, it } from 'vitest';
import { complete } from '../../../extension/language/completion.ts';
import { problemsOf } from '../../../extension/language/diagnostics.ts';
import { parseClusters } from '../../../sidecar/config/clusters.ts';
import { opened } from '../../support/editor.ts';

const file = 'milore.clusters.yaml';
const codes = (text: string) => parseClusters(text, file).problems.map(({ code, place }) => [code, place?.line]);

it('a list of places is read in its order, with numbers as a person writes them', () => {
  const { clusters, problems } = parseClusters(
    `places:
  A100s: { kind: slurm, partition: gpu, time: 2-00, cpus: 8, gpus: a100:1, memory: 32G, requeue: 0 }
  overnight: { kind: slurm, time: 720, gpus: 1, ranks: 4, mpi: pmi2, account: lab, atOnce: 2 }
  this one: { kind: here, device: cpu }
`,
    file,
  );
  expect(problems).toEqual([]);
  expect(Object.keys(clusters)).toEqual(['A100s', 'overnight', 'this one']);
  expect(clusters.overnight).toMatchObject({ kind: 'slurm', time: 720, ranks: 4 });
  expect(parseClusters('', file)).toMatchObject({ problems: [] });
});

it('what is wrong with a place is said at its line, and the others are there', () => {
  const text = `places:
  good: { kind: slurm }
  shell: { kind: slurm, partition: "gpu; rm -rf $HOME" }
  newline: { kind: slurm, account: "a\\n#SBATCH --uid=0" }
  typo: { kind: slurm, partitoin: gpu }
  mixed: { kind: here, partition: gpu }
  bare: { partition: gpu }
cluster: {}
`;
  expect(codes(text)).toEqual([
    ['config.wrong-value', 3],
    ['config.wrong-value', 4],
    ['config.unknown-key', 5],
    ['config.rule', 6],
    ['config.missing-key', 7],
    ['config.unknown-key', 8],
  ]);
  expect(Object.keys(parseClusters(text, file).clusters)).toEqual(['good']);
});

it('no text makes it throw, or reaches a prototype', () => {
  for (const text of [
    'places: 3',
    'places: [1]',
    '- 1',
    '{',
    'places: { a: 1 }',
    'places:\n  __proto__: { kind: here }',
  ])
    expect(() => parseClusters(text, file)).not.toThrow();
  const { clusters } = parseClusters('places:\n  __proto__: { kind: here }\n', file);
  expect(({} as Record<string, unknown>).kind).toBeUndefined();
  expect(clusters.constructor).toBeUndefined();
});

describe('the editor', () => {
  const at = async (text: string) => {
    const offset = text.indexOf('|');
    const { document, grammar, workspace, t } = opened(`/nowhere/${file}`, text.replace('|', ''), '/nowhere');
    const { items } = await complete(document, document.positionAt(offset), grammar, workspace, t);
    return items.map(({ label }) => label);
  };

  it('completes places, their keys and words', async () => {
    expect(await at('|')).toEqual(['places']);
    expect(await at('places:\n  |')).toEqual(['new place']);
    expect(await at('places:\n  gpu: { kind: slurm, | }')).toContain('partition');
    expect(await at('places:\n  gpu: { kind: | }')).toEqual(['slurm', 'here']);
  });

  it('says what is wrong as the terminal says it', async () => {
    const text = 'places:\n  gpu: { kind: slrm }\n';
    const { grammar } = opened(`/nowhere/${file}`, text, '/nowhere');
    const [problem] = await problemsOf(text, file, grammar);
    expect(problem).toMatchObject({ code: 'config.wrong-value', cure: expect.stringContaining('Did you mean slurm?') });
  });
});
