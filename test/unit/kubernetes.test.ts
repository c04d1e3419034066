/**
 * The manifests of docs/kubernetes: parsed, and checked for what a cluster would refuse or do otherwise. What Kubernetes
 * itself defines is checked against the types of its API; what Kubeflow and Ray define beside, megabytes of schema that no
 * package brings, was checked by hand (docs/cluster.md says when).
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { root } from '../support/docs.ts';

type Manifest = Record<string, never> & { apiVersion: string; kind: string; metadata: { name: string }; spec: never };

/** Strict: a key twice or a tag that is not known fails. */
const read = (name: string): Manifest[] =>
  parseAllDocuments(readFileSync(join(root, 'docs/kubernetes', name), 'utf8')).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS();
  });

/** Every object below, in the order of the file. */
function* objects(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const child of Object.values(value)) yield* objects(child);
}
/** Specifications of pods: what has containers. */
const podsOf = (manifest: Manifest) => [...objects(manifest)].filter(({ containers }) => Array.isArray(containers));

const program = readFileSync(join(root, 'sidecar/cli/main.ts'), 'utf8');
const optionsOf = (verb: string) =>
  readFileSync(join(root, `sidecar/cli/${verb}.ts`), 'utf8').concat(
    readFileSync(join(root, 'sidecar/cli/options.ts'), 'utf8'),
  );

/** What follows `milore.js` is a command of ours with options that it has. */
function expectOurs(command: string): void {
  const words = command.split(' ');
  const [verb, ...rest] = words.slice(words.findIndex((word) => word.endsWith('/milore.js')) + 1);
  expect(program).toContain(`from './${verb}.ts'`);
  for (const option of rest.filter((word) => word.startsWith('--'))) expect(optionsOf(verb)).toContain(`${option} `);
}

it.each(['indexed-job.yaml', 'train-job.yaml', 'ray-job.yaml'])(
  '%s: every pod has time for a checkpoint, and mounts what it names',
  (name) => {
    for (const manifest of read(name)) {
      expect(manifest.metadata.name).toMatch(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/);
      for (const pod of podsOf(manifest)) {
        expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(90);
        const volumes = (pod.volumes as { name: string }[]).map((volume) => volume.name);
        for (const container of pod.containers as { image: string; volumeMounts: { name: string }[] }[]) {
          expect(container.image).toMatch(/^your-registry\//);
          for (const mount of container.volumeMounts) expect(volumes).toContain(mount.name);
        }
        // Quantities are text, or 1e3 and 0.5 would be read as numbers.
        for (const { requests, limits } of objects(pod))
          for (const amount of Object.values({ ...(requests as object), ...(limits as object) }))
            expect(typeof amount).toBe('string');
      }
    }
  },
);

it('the indexed job: an index a point, our exit code for "stopped" counts as no failure, the worker takes the signal', () => {
  const [{ apiVersion, kind, spec }] = read('indexed-job.yaml') as unknown as {
    apiVersion: string;
    kind: string;
    spec: Record<string, never> & { template: { spec: Record<string, never> } };
  }[];
  expect([apiVersion, kind, spec.completionMode]).toEqual(['batch/v1', 'Job', 'Indexed']);
  // A failure policy wants pods that are never restarted in place; backoffLimitPerIndex wants an indexed job.
  expect(spec.template.spec.restartPolicy).toBe('Never');
  const rules = (
    spec.podFailurePolicy as { rules: { action: string; onExitCodes?: { operator: string; values: number[] } }[] }
  ).rules;
  expect(rules[0]).toEqual({ action: 'Ignore', onExitCodes: { operator: 'In', values: [75] } });
  const [shell, flag, line] = (spec.template.spec.containers as { command: string[] }[])[0].command;
  expect([shell, flag]).toEqual(['bash', '-c']);
  expect(line).toMatch(/^exec node .*--index "\$JOB_COMPLETION_INDEX"$/);
  expectOurs(line);
});

/** A name of kubernetes-types, and where objects of it stand in a manifest. */
const typed: [string, string, (manifest: Manifest) => unknown[]][] = [
  ['indexed-job.yaml', "import('kubernetes-types/batch/v1').Job", (job) => [job]],
  [
    'train-job.yaml',
    "import('kubernetes-types/batch/v1').JobTemplateSpec",
    (runtime) =>
      [...objects(runtime)]
        .flatMap(({ replicatedJobs }) => (replicatedJobs as { template: unknown }[]) ?? [])
        .map(({ template }) => template),
  ],
  [
    'train-job.yaml',
    "import('kubernetes-types/core/v1').ResourceRequirements",
    (job) => [...objects(job)].flatMap(({ resourcesPerNode }) => resourcesPerNode ?? []),
  ],
  [
    'ray-job.yaml',
    "import('kubernetes-types/core/v1').PodTemplateSpec",
    (job) => [...objects(job)].flatMap(({ headGroupSpec }) => (headGroupSpec as { template: unknown })?.template ?? []),
  ],
];

it('what Kubernetes itself defines has the types of its API: no key that it does not know, no value of another kind', () => {
  // Beside this checkout's packages, where the compiler finds them.
  const folder = join(root, 'dist/test/kubernetes');
  mkdirSync(folder, { recursive: true });
  const lines = typed.flatMap(([name, type, of], i) => {
    const found = read(name).flatMap(of);
    expect(found, type).not.toHaveLength(0);
    const parts = found.map((one, j) => `export const a${i}_${j}: ${type} =\n${JSON.stringify(one)};`);
    return [...parts, '// @ts-expect-error', `export const b${i}: ${type} = { "unknownKey": 1 };`];
  });
  const wrong = JSON.stringify(read('indexed-job.yaml')[0]).replace('"parallelism":4', '"parallelism":"4"');
  lines.push('// @ts-expect-error', `export const c: import('kubernetes-types/batch/v1').Job = ${wrong};`);
  try {
    writeFileSync(join(folder, 'manifests.ts'), lines.join('\n'));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const options = ['--ignoreConfig', '--noEmit', '--strict', '--module', 'esnext', '--moduleResolution', 'bundler'];
    const { status, stdout } = spawnSync(process.execPath, [tsc, ...options, join(folder, 'manifests.ts')], {
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([0, '']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('the train job names its runtime, and starts as many ranks as there are shards and nodes', () => {
  const [runtime, job] = read('train-job.yaml') as unknown as {
    apiVersion: string;
    kind: string;
    metadata: { name: string };
    spec: {
      mlPolicy: { numNodes: number; mpi: { mpiImplementation: string; numProcPerNode: number } };
      template: {
        spec: {
          replicatedJobs: { name: string; dependsOn?: unknown }[];
          successPolicy: { targetReplicatedJobs: string[] };
        };
      };
      runtimeRef: { kind: string; name: string };
      trainer: { numNodes: number; command: string[]; args: string[] };
    };
  }[];
  expect(runtime.apiVersion).toBe('trainer.kubeflow.org/v1alpha1');
  expect(job.spec.runtimeRef).toMatchObject({ kind: runtime.kind, name: runtime.metadata.name });
  const replicated = runtime.spec.template.spec.replicatedJobs;
  const names = replicated.map(({ name }) => name);
  for (const name of runtime.spec.template.spec.successPolicy.targetReplicatedJobs) expect(names).toContain(name);
  // mpirun finds nobody before the others listen.
  expect(replicated.find(({ name }) => name === 'launcher')?.dependsOn).toEqual([{ name: 'node', status: 'Ready' }]);
  const command = [...job.spec.trainer.command, ...job.spec.trainer.args];
  const { numNodes, mpi } = runtime.spec.mlPolicy;
  expect(command.slice(0, 3)).toEqual(['mpirun', '-n', String(numNodes * mpi.numProcPerNode)]);
  expect(job.spec.trainer.numNodes).toBe(numNodes);
  expect(command).toContain(`training.shards=${numNodes}`);
  expectOurs(command.join(' '));
});

it('the Ray job: its entrypoint is our worker, by a name that it finds its run by again', () => {
  const [{ apiVersion, kind, spec }] = read('ray-job.yaml') as unknown as {
    apiVersion: string;
    kind: string;
    spec: { entrypoint: string; backoffLimit: number };
  }[];
  expect([apiVersion, kind]).toEqual(['ray.io/v1', 'RayJob']);
  expect(spec.entrypoint).toMatch(/--auto-resume \S+$/);
  expect(spec.backoffLimit).toBeGreaterThan(0);
  expectOurs(spec.entrypoint);
});
