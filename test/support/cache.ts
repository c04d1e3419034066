import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of the one base that a workspace has compiled graphs for. */
export function graphsFolderOf(root: string): string {
  const graphs = join(root, '.milore', 'cache', 'graphs');
  const bases = readdirSync(graphs);
  if (bases.length !== 1) throw new Error(`${bases.length} bases in ${graphs}`);
  return join(graphs, bases[0]);
}
