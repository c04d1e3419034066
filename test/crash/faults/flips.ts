/** @file Bits flipped at random in a file of the cache: noticed, said, mended, and the result is as before. */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyedRandom } from '../../../sidecar/random.ts';
import { faultsOf, type Result, resultOf, verifyCache } from './outcome.ts';
import { command } from './processes.ts';
import { copyOf, remove, runsOf } from './scenarios.ts';
import { makeWorkspace, type Workspace } from './workspace.ts';

/** Of a file: some, so that not all can fall into the padding of a blob, which holds nothing. */
const BITS = 8;

export interface Warm {
  workspace: Workspace;
  expected: Result;
  /** Files of the cache, below the workspace. */
  files: string[];
}

/** So many steps that every clip is drawn: what nobody reads nobody looks at. */
const settings = ['training.steps=12', 'checkpoint.every=6', 'evaluation.every=12'];
const train = ({ experiment }: Workspace) =>
  command(['train', experiment, ...settings.flatMap((one) => ['--set', one])]);

/** A workspace that has trained once. */
export async function warm(data: string): Promise<Warm> {
  const workspace = makeWorkspace(data);
  const { ended, text } = await train(workspace);
  if (ended !== 'done') throw new Error(`the first training ended ${ended}: ${text}`);
  const names = readdirSync(join(workspace.root, '.milore', 'cache'), { recursive: true }) as string[];
  const files = names
    .map((name) => join('.milore', 'cache', name))
    .filter((name) => statSync(join(workspace.root, name)).isFile());
  return { workspace, expected: await resultOf(runsOf(workspace)[0]), files };
}

/** Flips bits of one file, trains twice on that cache, and says what is wrong. */
export async function flip({ workspace, expected }: Warm, file: string, turn: number): Promise<string[]> {
  const copy = copyOf(workspace);
  const path = join(copy.root, file);
  const bytes = readFileSync(path);
  // What `milore cache` calls a base: written anew without a word, since nothing is computed with it.
  const isName = file.endsWith('base.json');
  const was = bytes.toString('utf8');
  const random = keyedRandom('flips', file.replace(/\d+-[0-9a-f]{12}/, ''), turn);
  for (let i = 0; i < BITS; i++) bytes[Math.floor(random() * bytes.length)] ^= 1 << Math.floor(random() * 8);
  writeFileSync(path, bytes);
  // Whoever has features and units opens no graph that makes them.
  if (file.endsWith('.onnx'))
    for (const store of ['features', 'units']) rmSync(join(copy.root, '.milore/cache', store), { recursive: true });
  const faults: string[] = [];
  for (const time of ['first', 'second']) {
    const { ended, text } = await train(copy);
    if (ended !== 'done') faults.push(`the ${time} training ended ${ended}: ${text}`);
    const said = text.includes(`The file ${path.endsWith('.json') ? path.replace(/json$/, 'bin') : path} of the cache`);
    if (isName ? readFileSync(path, 'utf8') !== was : said !== (time === 'first'))
      faults.push(`the ${time} training ${said ? 'says it again' : 'says nothing'}: ${text}`);
    for (const fault of await faultsOf(copy, runsOf(copy).at(-1), expected))
      faults.push(`the ${time} training: ${fault}`);
  }
  // A damaged block stays where it is, and nobody believes it; all that is asked for is there once more.
  if (verifyCache(copy.root).sound < verifyCache(workspace.root).sound) faults.push('the cache was not mended');
  if (faults.length === 0) remove(copy);
  return faults;
}
