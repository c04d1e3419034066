/**
 * @file The paths and names of an experiment against the files that are there, whoever reads them: Node's file system for
 * the terminal, the editor's for the language server. It must not know which.
 */
import type { Place, Problem } from '../errors.ts';
import { datasetsFileName, emptyRegistry, type ParsedDatasets, parseDatasets } from './datasets.ts';
import { type Experiment, eachOf, layoutsOf } from './experiment.ts';
import { nearest } from './nearest.ts';
import type { Places } from './places.ts';
import { lookUp, referencesIn } from './references.ts';
import { UNKNOWN } from './repair.ts';

/** What is asked of a file system. Paths are absolute. */
export interface Files {
  /** A path as a person writes it, against `folder`; `~/` is the home folder. */
  absolute(text: string, folder: string): string;
  /** The root is its own parent. */
  parent(path: string): string;
  name(path: string): string;
  join(folder: string, name: string): string;
  /** Undefined where there is nothing. @throws Error whose message says why it cannot be known */
  look(path: string): Promise<'file' | 'folder' | 'other' | undefined>;
  /** Names in a folder. @throws Error where there is no such folder, or it cannot be read */
  list(path: string): Promise<string[]>;
  /** @throws UserError where it is no text, too large, or cannot be read */
  read(path: string): Promise<string>;
}

export type Kind = 'file' | 'folder' | 'either';

/** Why a path cannot be used, and what was probably meant; undefined where it can. `listed`: it stands in the list. */
export async function missing(
  files: Files,
  path: string,
  kind: Kind,
  listed: boolean,
): Promise<{ why: string; cure: string } | undefined> {
  try {
    const found = await files.look(path);
    if (found !== undefined) {
      if (kind === 'folder' && found !== 'folder') return { why: `${path} is not a folder.`, cure: 'Name the folder.' };
      if (kind === 'file' && found !== 'file') return { why: `${path} is not a file.`, cure: 'Name the file.' };
      return undefined;
    }
  } catch (error) {
    return { why: `${path}: ${(error as Error).message}.`, cure: 'Check its permissions.' };
  }
  const relative = `Paths are relative to the ${listed ? 'list of datasets' : 'experiment file'}.`;
  let there = files.parent(path);
  let wanted = files.name(path);
  for (;;) {
    try {
      const names = (await files.list(there)).filter((name) => !name.startsWith('.')).slice(0, 2000);
      const near = nearest(wanted, names);
      const cure = near
        ? `Did you mean ${near}?`
        : names.length
          ? `${there} holds ${names.slice(0, 8).join(', ')}${names.length > 8 ? ', …' : ''}.`
          : `${there} is empty.`;
      return { why: `${path} does not exist.`, cure: `${cure} ${relative}` };
    } catch {
      if (files.parent(there) === there) return { why: `${path} does not exist.`, cure: relative };
      wanted = files.name(there);
      there = files.parent(there);
    }
  }
}

/** More folders than any path has. */
const highest = 128;

/** The nearest list of datasets from `folder` upward; none lies beyond a folder with `.git` or `.milore`. */
export async function findDatasets(files: Files, folder: string): Promise<DatasetsFile | undefined> {
  const isThere = async (name: string) =>
    (await files.look(files.join(here, name)).catch(() => undefined)) !== undefined;
  let here = folder;
  for (let level = 0; level < highest; level++) {
    const file = files.join(here, datasetsFileName);
    if (await isThere(datasetsFileName)) return { ...parseDatasets(await files.read(file), file), file };
    if ((await isThere('.git')) || (await isThere('.milore'))) return undefined;
    if (files.parent(here) === here) return undefined;
    here = files.parent(here);
  }
  return undefined;
}

export type DatasetsFile = ParsedDatasets & { file: string };

interface Followed {
  experiment: Experiment;
  problems: Problem[];
  /** Where the list has the entry of a key path that was a reference; paths joined by dots. */
  listed: Map<string, Place | undefined>;
}

/** `dataset:NAME` and `model:NAME` as the paths that they stand for; the list is read only where one is used. */
async function followReferences(
  files: Files,
  experiment: Experiment,
  baseDir: string,
  places?: Places,
): Promise<Followed> {
  const listed: Followed['listed'] = new Map();
  const problems: Problem[] = [];
  const used = referencesIn(experiment);
  if (used.length === 0) return { experiment, problems, listed };
  const list = await findDatasets(files, baseDir);
  const base = { ...experiment.base };
  const languages: Experiment['languages'] = {};
  for (const [code, spec] of Object.entries(experiment.languages)) languages[code] = { ...spec, data: [...spec.data] };
  const folder = list ? files.parent(list.file) : baseDir;
  for (const reference of used) {
    const found = lookUp(reference, list ?? emptyRegistry(), places, list?.file);
    if (found.problem) {
      problems.push(found.problem);
      if (reference.code === undefined) base.model = UNKNOWN;
      else languages[reference.code].data[reference.path.at(-1) as number] = UNKNOWN;
      continue;
    }
    const entry = found.dataset ?? found.model;
    listed.set(reference.path.join('.'), entry.place);
    if (found.dataset) {
      const spec = languages[reference.code!];
      const index = reference.path.at(-1) as number;
      spec.data[index] = files.absolute(entry.path, folder);
      const each = layoutsOf(spec);
      if (each[index] === 'auto') each[index] = found.dataset.layout ?? 'auto';
      spec.layout = each.every((layout) => layout === each[0]) ? each[0] : each;
      for (const key of ['text', 'licence'] as const) {
        const listed = found.dataset[key];
        const own = eachOf(spec, key);
        if (listed === undefined || own[index] !== undefined) continue;
        own[index] = listed;
        spec[key] = own.map((one) => one ?? '');
      }
      spec.unannotated ??= found.dataset.unannotated;
      // By name: a tier that only another data set has does no harm.
      if (found.dataset.tiers) spec.tiers = [...new Set([...(spec.tiers ?? []), ...found.dataset.tiers])];
    } else base.model = files.absolute(entry.path, folder);
  }
  // A name may be unknown only because its entry is at fault.
  if (problems.length > 0) problems.unshift(...(list?.problems ?? []));
  return { experiment: { ...experiment, base, languages }, problems, listed };
}

/**
 * Paths made absolute against `baseDir` (the experiment file's folder; `~/` is the home folder), names looked up
 * in the nearest list of datasets. All missing ones are reported, each at its place; `experiment` is present only where none is.
 */
export async function resolvePaths(
  files: Files,
  parsed: Experiment,
  baseDir: string,
  places?: Places,
): Promise<{ experiment?: Experiment; problems: Problem[] }> {
  const { experiment, problems, listed } = await followReferences(files, parsed, baseDir, places);
  const absolute = async (text: string, path: (string | number)[], kind: Kind): Promise<string> => {
    if (text === UNKNOWN) return text;
    const full = files.absolute(text, baseDir);
    const key = path.join('.');
    const fault = await missing(files, full, kind, listed.has(key));
    if (fault) {
      problems.push({
        code: 'config.path-missing',
        tried: `find ${path.filter((part) => typeof part === 'string').join('.')}`,
        ...fault,
        place:
          listed.get(key) ??
          places?.value(places.has(path) ? path : path.slice(0, typeof path.at(-1) === 'number' ? -1 : undefined)),
      });
    }
    return full;
  };
  // A checkpoint of fairseq is a file; every other model is a folder.
  const kind = experiment.base.model.endsWith('.pt') ? 'either' : 'folder';
  const base = { ...experiment.base, model: await absolute(experiment.base.model, ['base', 'model'], kind) };
  if (base.head !== undefined) base.head = await absolute(base.head, ['base', 'head'], 'file');
  const languages: Experiment['languages'] = {};
  for (const [code, spec] of Object.entries(experiment.languages)) {
    const data: string[] = [];
    for (const [index, path] of spec.data.entries()) {
      data.push(await absolute(path, ['languages', code, 'data', index], 'either'));
    }
    languages[code] = { ...spec, data };
  }
  const evaluation = { ...experiment.evaluation };
  if (evaluation.abx) {
    const abx: typeof evaluation.abx = {};
    for (const [code, { items, audio }] of Object.entries(evaluation.abx))
      abx[code] = {
        items: await absolute(items, ['evaluation', 'abx', code, 'items'], 'file'),
        audio: await absolute(audio, ['evaluation', 'abx', code, 'audio'], 'folder'),
      };
    evaluation.abx = abx;
  }
  if (evaluation.alone) {
    const alone: typeof evaluation.alone = {};
    for (const [code, run] of Object.entries(evaluation.alone))
      alone[code] = await absolute(run, ['evaluation', 'alone', code], 'folder');
    evaluation.alone = alone;
  }
  return problems.length > 0 ? { problems } : { experiment: { ...experiment, base, languages, evaluation }, problems };
}
