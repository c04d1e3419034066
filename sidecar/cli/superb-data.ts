/** @file Which data set `milore superb` was given: a path, or a name of the workspace's list with all that stands there. */
import { basename, dirname, extname, resolve } from 'node:path';
import { emptyRegistry } from '../config/datasets.ts';
import { lookUp, parseReference } from '../config/references.ts';
import { findDatasets } from '../config/resolve.ts';
import type { LanguageSpec } from '../corpus/index.ts';
import { UserError } from '../errors.ts';
import { slug } from '../runs/run.ts';

export interface DataOptions {
  language?: string;
  /** Column of its table that holds the transcripts. */
  text?: string;
}

/** `fin=recordings/finnish`: a path with its language. */
const withCode = /^([A-Za-z0-9][A-Za-z0-9_-]{0,31})=(.+)$/s;

/** Whether the language need not be told beside it. */
export const saysLanguage = (data: string): boolean => parseReference(data) !== undefined || withCode.test(data);

/** @throws UserError where a name is not listed, or is listed as another language */
export async function dataSet(data: string, { language, text }: DataOptions): Promise<LanguageSpec & { name: string }> {
  const reference = parseReference(data);
  if (!reference) {
    const [, code = '', path = data] = (language ? undefined : withCode.exec(data)) ?? [];
    const root = resolve(path);
    return { code: language ?? code, root, textColumn: text, name: slug(basename(root, extname(root))) };
  }
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
    name: slug(reference.name),
    code,
    root: resolve(dirname(list!.file), path),
    layout: layout === 'auto' ? undefined : layout,
    tiers,
    textColumn: text ?? column,
  };
}
