/** @file Which data set `milore superb` was given: a path, or a name of the workspace's list with all that stands there. */
import { dirname, resolve } from 'node:path';
import { emptyRegistry } from '../config/datasets.ts';
import { lookUp, parseReference } from '../config/references.ts';
import { findDatasets } from '../config/resolve.ts';
import type { LanguageSpec } from '../corpus/index.ts';
import { UserError } from '../errors.ts';

export interface DataOptions {
  language?: string;
  /** Column of its table that holds the transcripts. */
  text?: string;
}

/** @throws UserError where a name is not listed, or is listed as another language */
export async function dataSet(data: string, { language, text }: DataOptions): Promise<LanguageSpec> {
  const reference = parseReference(data);
  if (!reference) return { code: language!, root: resolve(data), textColumn: text };
  const list = await findDatasets('.');
  const registry = list ?? emptyRegistry();
  const listed = Object.hasOwn(registry.datasets, reference.name) ? registry.datasets[reference.name] : undefined;
  const code = language ?? listed?.language ?? '';
  const found = lookUp({ ...reference, path: ['data'], code }, registry, undefined, list?.file);
  if (found.problem) {
    const { tried: _, ...problem } = found.problem;
    throw new UserError([...(list?.problems ?? []), { ...problem, tried: `find ${data}` }]);
  }
  const { path, layout, tiers, text: column } = found.dataset!;
  return {
    code,
    root: resolve(dirname(list!.file), path),
    layout: layout === 'auto' ? undefined : layout,
    tiers,
    textColumn: text ?? column,
  };
}
