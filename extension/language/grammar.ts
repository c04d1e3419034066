/**
 * @file The three kinds of file that the server knows, and what may be written where. It must not know YAML or files.
 */
import { clustersFileName, clustersKeys } from '../../sidecar/config/clusters.ts';
import { datasetsFileName, datasetsKeys } from '../../sidecar/config/datasets.ts';
import { experimentKeys, type KeyInfo, type KeyTable } from '../../sidecar/config/describe.ts';

export type Path = readonly (string | number)[];

/** What the text of a value names, beyond what its key's row says. */
export type Role =
  | { names: 'language' }
  | { names: 'languages'; only?: 'existing' }
  /** `references`: dataset:NAME may stand there too; `code`: the language it is for. */
  | { names: 'audio'; references: boolean; code?: string }
  | { names: 'model'; references: boolean }
  | { names: 'head' }
  | { names: 'experiment' };

export interface Grammar {
  kind: 'experiment' | 'datasets' | 'clusters';
  keys: KeyTable;
  /** What a person's own keys under a path name. */
  named(path: Path): 'language' | 'dataset' | 'model' | 'place' | 'key' | 'point' | undefined;
  role(path: Path): Role | undefined;
}

const experiment: Grammar = {
  kind: 'experiment',
  keys: experimentKeys,
  named(path) {
    const [top, second] = path;
    if (path.length === 1 && top === 'languages') return 'language';
    if (top !== 'sweep') return undefined;
    if (path.length === 2 && (second === 'keys' || second === 'ranges')) return 'key';
    if (path.length === 2 && second === 'points') return 'point';
    return path.length === 3 && second === 'points' ? 'key' : undefined;
  },
  role([top, second, third]) {
    if (top === 'sweep' && second === 'experiment') return { names: 'experiment' };
    if (top === 'base' && second === 'model') return { names: 'model', references: true };
    if (top === 'base' && second === 'head') return { names: 'head' };
    if (top === 'languages' && third === 'data') return { names: 'audio', references: true, code: String(second) };
    if (top === 'units' && second === 'fitOn') return { names: 'languages' };
    if (top === 'replay' && second === 'languages') return { names: 'languages', only: 'existing' };
    return undefined;
  },
};

const datasets: Grammar = {
  kind: 'datasets',
  keys: datasetsKeys,
  named(path) {
    if (path.length !== 1) return undefined;
    return path[0] === 'datasets' ? 'dataset' : path[0] === 'models' ? 'model' : undefined;
  },
  role([top, , third]) {
    if (top === 'datasets' && third === 'language') return { names: 'language' };
    if (top === 'datasets' && third === 'path') return { names: 'audio', references: false };
    if (top === 'models' && third === 'path') return { names: 'model', references: false };
    return undefined;
  },
};

const clusters: Grammar = {
  kind: 'clusters',
  keys: clustersKeys,
  named: (path) => (path.length === 1 && path[0] === 'places' ? 'place' : undefined),
  role: () => undefined,
};

/** The keys of an experiment that a sweep can vary, as it writes them: `adapter.rank`. */
export const variable = (): readonly KeyInfo[] =>
  experimentKeys
    .rows()
    .filter(({ path, type }) => type !== 'section' && !/<|^(sweep|name|seed)\b/.test(path) && path !== 'stages');

/** By the last part of a path or URI. */
export const grammarOf = (name: string): Grammar =>
  name.endsWith(datasetsFileName) ? datasets : name.endsWith(clustersFileName) ? clusters : experiment;

/** The row of exactly this key; a list's item has its list's row. */
export function rowOf({ keys }: Grammar, path: Path): KeyInfo | undefined {
  const words = path.filter((part, depth) => typeof part === 'string' || depth < 2);
  const row = keys.info(words);
  return row?.path.split('.').length === words.length ? row : undefined;
}
