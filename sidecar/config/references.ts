/**
 * @file `dataset:NAME` and `model:NAME` in an experiment, looked up in the workspace's list. No file system here.
 */
import type { Problem } from '../errors.ts';
import { datasetsFileName, type Registry } from './datasets.ts';
import type { Experiment } from './experiment.ts';
import { languageName } from './iso639.ts';
import { nearest } from './nearest.ts';
import type { Places } from './places.ts';

export interface Reference {
  kind: 'dataset' | 'model';
  name: string;
}

/** What a path of an experiment names, where it is no path. A file that is called so is reached by `./dataset:x`. */
export function parseReference(text: string): Reference | undefined {
  const match = /^(dataset|model):(.*)$/s.exec(text);
  return match ? { kind: match[1] as Reference['kind'], name: match[2].trim() } : undefined;
}

export const referenceTo = ({ kind, name }: Reference): string => `${kind}:${name}`;

/** A reference as it stands in an experiment, with the key path of its text. */
export interface UsedReference extends Reference {
  path: (string | number)[];
  /** The language that it is data of. */
  code?: string;
}

/** Every reference of an experiment, in its order. */
export function referencesIn(experiment: Pick<Experiment, 'base' | 'languages'>): UsedReference[] {
  const used: UsedReference[] = [];
  const base = parseReference(experiment.base.model);
  if (base) used.push({ ...base, path: ['base', 'model'] });
  for (const [code, { data }] of Object.entries(experiment.languages)) {
    for (const [index, text] of data.entries()) {
      const reference = parseReference(text);
      if (reference) used.push({ ...reference, path: ['languages', code, 'data', index], code });
    }
  }
  return used;
}

export type Found =
  | { dataset: Registry['datasets'][string]; problem?: undefined }
  | { model: Registry['models'][string]; dataset?: undefined; problem?: undefined }
  | { problem: Problem; dataset?: undefined };

/** What a reference stands for, or why for nothing. `listed`: the list that was read, undefined where there is none. */
export function lookUp(used: UsedReference, registry: Registry, places?: Places, listed?: string): Found {
  const { kind, name, path, code } = used;
  const key = path.filter((part) => typeof part === 'string').join('.');
  // A single value stands at `data` itself, though it is read as a list of one.
  const at = places?.value(places.has(path) || typeof path.at(-1) !== 'number' ? path : path.slice(0, -1));
  const fault = (code: string, why: string, cure: string): Found => ({
    problem: { code, tried: `read the key ${key}`, why, cure, place: at },
  });
  const wanted = code === undefined ? 'model' : 'dataset';
  if (kind !== wanted) {
    return fault('config.reference-kind', `${kind}:${name} is no ${wanted}.`, `Write ${wanted}:NAME, or a path.`);
  }
  const entries = kind === 'dataset' ? registry.datasets : registry.models;
  if (!Object.hasOwn(entries, name)) {
    const names = Object.keys(entries);
    const near = nearest(name, names.slice(0, 2000));
    const has = names.length ? `Listed: ${names.slice(0, 8).join(', ')}${names.length > 8 ? ', …' : ''}. ` : '';
    return fault(
      `config.unknown-${kind}`,
      listed ? `${listed} lists no ${kind} "${name}".` : `no ${datasetsFileName} is in the folder or above it.`,
      `${near ? `Did you mean ${referenceTo({ kind, name: near })}? ` : has}Add it to ${datasetsFileName}, or write a path.`,
    );
  }
  if (kind === 'model') return { model: registry.models[name] };
  const dataset = registry.datasets[name];
  if (dataset.language !== code) {
    const spoken = `${dataset.language} (${languageName(dataset.language) ?? 'unknown'})`;
    return fault(
      'config.dataset-language',
      `the dataset "${name}" is listed as ${spoken}, and is used for ${code}.`,
      `Use it under ${dataset.language}, or correct its language in ${datasetsFileName}.`,
    );
  }
  return { dataset };
}
