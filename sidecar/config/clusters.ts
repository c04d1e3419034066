/**
 * @file `milore.clusters.yaml`: the places that a workspace's experiments can be trained on. No file system here: the
 * editor calls it on every keystroke.
 */
import * as z from 'zod';
import type { Place, Problem } from '../errors.ts';
import { nameFault } from './datasets.ts';
import { keyTable } from './describe.ts';
import { bounded, type FileKind, readDocument } from './document.ts';
import { devices } from './schema.ts';
import { fromIssue } from './schema-faults.ts';

export const clustersFileName = 'milore.clusters.yaml';

/** What may stand in a #SBATCH line, where nothing could be quoted. */
export const slurmWord = /^[\w.,:+-]{1,200}$/;

const word = () => z.string().regex(slurmWord);
const whole = (most: number) => z.int().min(1).max(most);

const placeSchema = z
  .strictObject({
    kind: z.enum(['slurm', 'here']).meta({
      description: 'slurm: submitted with sbatch, where this workspace is opened; here: this machine, at once.',
    }),
    partition: word()
      .optional()
      .meta({ description: 'The partition to queue in.', otherwise: 'the cluster’s own choice' }),
    account: word().optional().meta({ description: 'The account that pays.', otherwise: 'your own default' }),
    time: z
      .union([word(), whole(1_000_000)])
      .optional()
      .meta({
        description: 'The longest that one start may run, as Slurm writes it: minutes, 12:00:00, 2-00.',
        otherwise: '24:00:00',
      }),
    cpus: whole(4096)
      .optional()
      .meta({ description: 'Processors, of each rank.', otherwise: 'the cluster’s own choice' }),
    gpus: z
      .union([whole(4096), word()])
      .optional()
      .meta({ description: 'Graphics cards, of each rank: 1, or a100:1.', otherwise: 'none' }),
    memory: word()
      .optional()
      .meta({ description: 'Memory of a node, as Slurm writes it: 32G.', otherwise: 'the cluster’s own choice' }),
    ranks: whole(4096).optional().meta({
      description: 'Processes that train together by MPI; training.shards must be as many at least.',
      otherwise: '1',
    }),
    mpi: word()
      .optional()
      .meta({ description: 'How srun starts the ranks, as “srun --mpi=list” says.', otherwise: 'pmix' }),
    requeue: z.int().min(0).max(1000).optional().meta({
      description: 'How often a job may be put back into its queue when the scheduler stops it.',
      otherwise: '50',
    }),
    atOnce: whole(100_000)
      .optional()
      .meta({ description: 'Of a sweep, how many points may run at the same time.', otherwise: 'all' }),
    device: z
      .enum(devices)
      .optional()
      .meta({ description: 'Of this machine: where to compute.', otherwise: 'as the experiment says' }),
  })
  .meta({ description: 'A place to train on; “Train Experiment on…” offers it by this name.' });

export const clustersSchema = z
  .strictObject({
    places: z.record(z.string(), placeSchema).optional().meta({ description: 'The places, by name.' }),
  })
  .meta({ title: 'MiLorE clusters', description: 'The places that experiments can be trained on.' });

/** For completion, hover and messages; a name reads `places.<name>.partition`. */
export const clustersKeys = keyTable(clustersSchema, '<name>');

export type ClusterPlace = z.output<typeof placeSchema>;

export interface ParsedClusters {
  /** In the order of the file, without prototype; entries without a fault. */
  clusters: Record<string, ClusterPlace & { place?: Place }>;
  problems: Problem[];
}

const kind: FileKind = {
  tried: 'read the list of clusters',
  size: 'Such a file needs three levels and a few hundred lines.',
  begin: 'Begin with `places:`.',
  mayBeEmpty: true,
};

const shared = new Set(['kind']);
const ofHere = new Set(['device']);

/** Reads the list. Never throws on any text; `file` is the name that messages show. */
export function parseClusters(text: string, file: string): ParsedClusters {
  const source = readDocument(text, file, undefined, kind);
  const { places } = source;
  const problems = [...source.problems];
  const clusters: ParsedClusters['clusters'] = Object.create(null);
  const raw = source.value ?? {};
  const result = clustersSchema.safeParse(raw);
  const faulty = new Set<string>();
  for (const issue of result.success ? [] : result.error.issues) {
    problems.push(...fromIssue(issue, raw, places, clustersKeys));
    if (issue.path.length < 2) continue;
    faulty.add(String(issue.path[1]));
  }
  const given = raw.places;
  const entries = typeof given === 'object' && given !== null && !Array.isArray(given) ? Object.entries(given) : [];
  for (const [name, value] of entries) {
    const fault = nameFault(name);
    if (fault)
      problems.push({
        code: 'config.name',
        tried: `read the name ${JSON.stringify(name.slice(0, 100))} under places`,
        why: fault,
        cure: 'Give it another name.',
        place: places.key(['places', name]),
      });
    const one = placeSchema.safeParse(value);
    if (fault || faulty.has(name) || !one.success) continue;
    const { kind: where } = one.data;
    const stray = Object.keys(one.data).filter((key) => !shared.has(key) && ofHere.has(key) !== (where === 'here'));
    for (const key of stray)
      problems.push({
        code: 'config.rule',
        tried: `read the key places.${name}.${key}`,
        why: `it says nothing of a place of the kind ${where}.`,
        cure: where === 'here' ? 'Leave it out, or write kind: slurm.' : 'Leave it out, or write kind: here.',
        place: places.key(['places', name, key]),
      });
    if (stray.length === 0) clusters[name] = { ...one.data, place: places.key(['places', name]) };
  }
  const order = (place?: Place) => (place ? place.line * 1e4 + place.column : -1);
  problems.sort((a, b) => order(a.place) - order(b.place));
  return { clusters, problems: bounded(problems) };
}
