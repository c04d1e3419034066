/**
 * @file What was submitted from a workspace: `.milore/slurm/<job>.json`, a file a job, so that nobody waits for anybody.
 * Whoever reads it finds what Slurm will not say for ever. It must not know Slurm.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { slurmWord } from '../config/clusters.ts';
import { makeFolder, writeFileAtomic } from '../disk.ts';
import { isRecord, readJson } from '../runs/files.ts';
import type { JobOptions } from './script.ts';

export interface JobRecord {
  version: 1;
  /** Slurm's number of it; of a sweep that of the whole array. */
  job: string;
  /** The first of the jobs that this one goes on from; its own number where it began. Its runs are found by it. */
  first: string;
  name: string;
  /** The file relative to the workspace, with `/`. */
  experiment: string;
  /** Of a sweep: how many jobs the array has. */
  points?: number;
  /** The place of milore.clusters.yaml. */
  place?: string;
  options: JobOptions;
  submitted: string;
}

export const jobsFolder = (root: string) => join(root, '.milore', 'slurm');

/** Slurm's own words for a job: `17`, or `17_3` of an array. Nothing else is ever handed to its commands. */
export const isJobId = (text: string): boolean => /^\d{1,12}(_\d{1,9})?$/.test(text);

export function writeRecord(root: string, record: JobRecord): void {
  makeFolder(jobsFolder(root));
  writeFileAtomic(join(jobsFolder(root), `${record.job}.json`), `${JSON.stringify(record, null, 2)}\n`);
}

/** With those that it goes on from, which it hides. The runs and what the jobs said stay. */
export function forgetRecord(root: string, job: string): void {
  const records = readRecords(root);
  const first = records.find((record) => record.job === job)?.first;
  for (const record of records)
    if (record.first === first) rmSync(join(jobsFolder(root), `${record.job}.json`), { force: true });
}

const most = 500;

/** Newest first; anyone may have written them, and what is no record is left out. */
export function readRecords(root: string): JobRecord[] {
  let names: string[];
  try {
    names = readdirSync(jobsFolder(root));
  } catch {
    return [];
  }
  return names
    .filter((name) => /^\d{1,12}\.json$/.test(name))
    .sort((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10))
    .slice(0, most)
    .flatMap((name) => recordIn(readJson(join(jobsFolder(root), name), 1_000_000), name.slice(0, -'.json'.length)));
}

const text = (value: unknown, longest = 4096): value is string => typeof value === 'string' && value.length <= longest;

function recordIn(value: unknown, job: string): JobRecord[] {
  if (!isRecord(value) || value.version !== 1 || value.job !== job) return [];
  const { first, name, experiment, points, place, options, submitted } = value;
  if (!text(first, 30) || !isJobId(first) || !text(name, 400) || !text(experiment) || !isOptions(options)) return [];
  if (points !== undefined && !(Number.isSafeInteger(points) && (points as number) > 0 && (points as number) <= 1e6))
    return [];
  return [
    {
      version: 1,
      job,
      first,
      name,
      experiment,
      ...(points === undefined ? {} : { points: points as number }),
      ...(text(place, 200) ? { place } : {}),
      options,
      submitted: text(submitted, 40) ? submitted : '',
    },
  ];
}

/** They go into a script again when the job goes on: words as the terminal would take them. */
function isOptions(value: unknown): value is JobOptions {
  if (!isRecord(value) || !Array.isArray(value.set) || !value.set.every((one) => text(one, 10_000))) return false;
  const { set, goOn, ...words } = value;
  if (goOn !== undefined && !text(goOn, 200)) return false;
  return (
    text(words.time) && text(words.requeue) && Object.values(words).every((one) => text(one) && slurmWord.test(one))
  );
}
