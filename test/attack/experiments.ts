/** @file Broken experiment files. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { experiment } from './corpora.ts';
import { type Attack, put, speech, tiny } from './harness.ts';

const FILE = 'broken.milore.yaml';
const yaml = (name: string, content: string | Uint8Array): Attack => ({
  name: `experiment: ${name}`,
  names: FILE,
  make: (root) => ['train', join(put(root, { [FILE]: content, 'data/a.wav': speech }), FILE)],
});
const more = (name: string, text: string) => yaml(name, experiment() + text);

const bomb = (depth: number, width: number) =>
  Array.from({ length: depth }, (_, i) => {
    const items = new Array(width).fill(i === 0 ? 'lol' : `*a${i - 1}`).join(', ');
    return `a${i}: &a${i} [${items}]`;
  }).join('\n');

export const experiments: Attack[] = [
  yaml('an anchor bomb', `${bomb(9, 9)}\nbase: *a8\n`),
  yaml('an anchor bomb of merges', `a: &a {x: 1}\n${'b: {<<: *a}\n'.repeat(5000)}`),
  yaml('an anchor inside itself', 'base: &a [*a]\nlanguages: {}\n'),
  yaml('an alias of nothing', 'base: *nobody\nlanguages: {}\n'),
  yaml('empty', ''),
  yaml('a list', '- base\n- languages\n'),
  yaml('a word', 'hello\n'),
  yaml('a tab', 'base:\n\tmodel: x\n'),
  yaml('an open quote', 'base: { model: "x }\n'),
  yaml('an open bracket', 'base: { model: x\n'),
  yaml('two documents', `${experiment()}---\n${experiment()}`),
  yaml('NUL bytes', new Uint8Array(1000)),
  yaml('not UTF-8', Buffer.from('base: \xff\xfe\n', 'latin1')),
  yaml('2 MB', ' '.repeat(2 << 20)),
  yaml('2 MB of lists', '- '.repeat(400_000)),
  yaml('nested 10 000 deep', '['.repeat(10_000)),
  yaml('100 000 brackets, closed', `seed: ${'['.repeat(100_000)}${']'.repeat(100_000)}\n`),
  yaml('a function', `${experiment()}name: !!js/function 'function(){ return 1 }'\nsteps: 1\n`),
  yaml('no base', 'languages: { eng: { role: new, data: data } }\n'),
  yaml('no language', `base: { model: ${JSON.stringify(tiny())} }\nlanguages: {}\n`),
  yaml('a language with a name', experiment().replace('eng:', 'English:')),
  yaml('data that is not there', experiment().replace('data: data', 'data: ../nowhere')),
  yaml('a path with a NUL', experiment().replace('data: data', 'data: "a\\0b"')),
  yaml('a base that is not there', experiment().replace(JSON.stringify(tiny()), 'models/none')),
  yaml('a base that is a file', experiment().replace(JSON.stringify(tiny()), FILE)),
  more('an unknown key', 'stepz: 100\n'),
  more('a key named __proto__', '__proto__: { steps: 1 }\n'),
  more('a key twice', 'seed: 1\nseed: 2\n'),
  more('steps: -1', 'training: { steps: -1 }\n'),
  more('steps: many', 'training: { steps: many }\n'),
  more('a rate of .inf', 'training: { learningRate: .inf }\n'),
  more('a rate of .nan', 'training: { learningRate: .nan }\n'),
  more('no target', 'adapter: { targets: [] }\n'),
  more('an unknown target', 'adapter: { targets: [fc3] }\n'),
  more('replay of nobody', 'replay: { fraction: 0.5 }\n'),
  more('replay of a stranger', 'replay: { languages: [fra] }\n'),
  more('clips that end before they start', 'audio: { minSeconds: 20 }\n'),
  more('an unknown device', 'seed: 1\nreplay: { languages: [eng], fraction: 0.1 }\n'),
  { name: 'experiment: not there', names: FILE, make: (root) => ['train', join(root, FILE)] },
  {
    name: 'experiment: a folder',
    names: FILE,
    make(root) {
      mkdirSync(join(root, FILE));
      return ['train', join(root, FILE)];
    },
  },
];
