import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importsOf, roomOf, rooms, sources } from '../support/house.ts';

/** Leaves beside the rooms: every room but protocol may import them, and they import nothing of ours but errors, machine and processes. */
const leaves = [
  'sidecar/errors.ts',
  'sidecar/machine.ts',
  'sidecar/allocation.ts',
  'sidecar/disk.ts',
  'sidecar/inside.ts',
  'sidecar/json.ts',
  'sidecar/layouts.ts',
  'sidecar/random.ts',
  'sidecar/endpoint.ts',
  'sidecar/processes.ts',
  'sidecar/version.ts',
  'sidecar/threads.ts',
];
/** Files of config that touch the disk, for the sidecar alone. */
const onDisk = ['sidecar/config/resolve.ts'];
const builtins = new Set(builtinModules);

const isBuiltin = (target: string) => target.startsWith('node:') || builtins.has(target);
const isPackage = (target: string, name: string) => target === name || target.startsWith(`${name}/`);

/** Why `file` may not import `target`, or undefined where it may. Paths run from the repository's root, with `/`. */
function forbidden(file: string, target: string): string | undefined {
  const from = roomOf(file);
  if (!target.startsWith('.')) {
    if (isPackage(target, 'onnxruntime-node') && from !== 'engine') return 'onnxruntime-node belongs to sidecar/engine';
    if (target === 'vscode' && from !== 'extension') return 'vscode belongs to extension';
    if (isBuiltin(target)) {
      if (['webview', 'protocol', 'architecture'].includes(from)) return `${from} has no Node`;
      if (from === 'config' && !onDisk.includes(file)) return 'config is read by the editor and has no file system';
    }
    if (from === 'protocol') return 'protocol imports nothing';
    return undefined;
  }
  const path = posix.normalize(posix.join(posix.dirname(file), target));
  if (path.startsWith('..')) return 'it leads out of the repository';
  if (leaves.includes(file))
    return [
      'package.json',
      'sidecar/errors.ts',
      'sidecar/machine.ts',
      'sidecar/allocation.ts',
      'sidecar/processes.ts',
    ].includes(path)
      ? undefined
      : 'a leaf imports nothing of ours';
  const into = roomOf(path);
  if (from === into && roomOf(file) !== 'cli') return undefined;
  if (leaves.includes(path))
    return from === 'protocol' || from === 'webview' ? `${from} may not import ${path}` : undefined;
  if (from === 'extension' || from === 'webview') {
    if (into === 'protocol') return undefined;
    if (into === 'architecture' && from === 'extension') return undefined;
    // The extension shows runs from their files, with no sidecar and without trust: one reader of logs, not two.
    if ((into === 'runs' || into === 'jobs') && from === 'extension') return undefined;
    if (into === 'config') return from === 'webview' && onDisk.includes(path) ? 'webview has no Node' : undefined;
    return `${from} may import only protocol and config of the sidecar${from === 'extension' ? ', architecture, runs and jobs' : ''}`;
  }
  if (from === 'cli' && (into === 'cli' || path === 'package.json')) return undefined;
  if (!(from in rooms)) return `${from} is not a room of the house`;
  return rooms[from].includes(into) ? undefined : `${from} may not know ${into}`;
}

const root = resolve(import.meta.dirname, '../..');

it('every import in sidecar, extension and webview is one that the house allows', () => {
  const files = ['sidecar', 'extension', 'webview'].flatMap((folder) => sources(join(root, folder)));
  expect(files.length).toBeGreaterThan(0);
  const wrong = files.flatMap((file) => {
    const name = relative(root, file).split(sep).join('/');
    return importsOf(readFileSync(file, 'utf8')).flatMap((target) => {
      const why = forbidden(name, target);
      return why ? [`${name} imports ${target}: ${why}`] : [];
    });
  });
  expect(wrong).toEqual([]);
});

it('every relative import names a file that is there', () => {
  const files = sources(join(root, 'sidecar'));
  const absent = files.flatMap((file) =>
    importsOf(readFileSync(file, 'utf8'))
      .filter((target) => target.startsWith('.') && !existsSync(resolve(dirname(file), target)))
      .map((target) => `${relative(root, file)} imports ${target}`),
  );
  expect(absent).toEqual([]);
});

/** Modules that a source needs when it runs: `import type`, and lists of types alone, are gone by then. */
function neededBy(source: string): string[] {
  const withoutTypes = source
    .replace(/^\s*(?:import|export)\s+type\s[^'"`;]*?from\s*['"][^'"]+['"]/gm, '')
    .replace(/^\s*(?:import|export)\s*\{(?:\s*type\s[^,}]*,?)+\s*\}\s*from\s*['"][^'"]+['"]/gm, '');
  return importsOf(withoutTypes).filter((target) => target.startsWith('.'));
}

/** Groups of modules that reach each other (Tarjan 1972), each in order of names. */
function circles(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const visit = (module: string) => {
    order.set(module, order.size);
    low.set(module, order.get(module)!);
    stack.push(module);
    for (const next of edges.get(module) ?? []) {
      if (!order.has(next)) visit(next);
      if (stack.includes(next)) low.set(module, Math.min(low.get(module)!, low.get(next)!));
    }
    if (low.get(module) !== order.get(module)) return;
    const group = stack.splice(stack.indexOf(module));
    if (group.length > 1 || edges.get(module)?.includes(module)) found.push(group.sort());
  };
  for (const module of edges.keys()) if (!order.has(module)) visit(module);
  return found;
}

it('no modules need each other in a circle', () => {
  const edges = new Map<string, string[]>();
  for (const file of ['sidecar', 'extension', 'webview'].flatMap((folder) => sources(join(root, folder)))) {
    const name = relative(root, file).split(sep).join('/');
    const targets = neededBy(readFileSync(file, 'utf8'));
    edges.set(
      name,
      targets.map((target) => posix.normalize(posix.join(posix.dirname(name), target))),
    );
  }
  expect(circles(edges)).toEqual([]);
});

describe('the finder of circles', () => {
  it('finds a circle of two, of three and of one, and none in a tree', () => {
    const edges = (text: string) =>
      new Map(text.split(' ').map((pair) => [pair[0], pair.slice(2).split('')] as [string, string[]]));
    expect(circles(edges('a>b b>a c>a'))).toEqual([['a', 'b']]);
    expect(circles(edges('a>b b>c c>a d>abc'))).toEqual([['a', 'b', 'c']]);
    expect(circles(edges('a>a'))).toEqual([['a']]);
    expect(circles(edges('a>bc b>d c>d'))).toEqual([]);
  });

  it('looks past types, and past nothing else', () => {
    const source = `import type { A } from './a.ts';
import { type B, type C } from './b.ts';
import {
  type D,
  e,
} from './d.ts';
export type { F } from './f.ts';
export * from './g.ts';
const h = await import('./h.ts');
`;
    expect(neededBy(source).sort()).toEqual(['./d.ts', './g.ts', './h.ts']);
  });
});

describe('the reader of imports', () => {
  it('sees every way to name a module, and none in a comment', () => {
    const source = `import a from 'a';
import type { B } from "b";
import {
  c,
} from './c.ts';
import 'd';
export * from './e.ts';
export { f } from 'f';
const g = await import('g');
const h = require('h');
new Worker(new URL('./i.ts', import.meta.url));
// import x from 'x';
/* import y from 'y'; */
`;
    expect(importsOf(source).sort()).toEqual(['./c.ts', './e.ts', './i.ts', 'a', 'b', 'd', 'f', 'g', 'h']);
  });

  it.each([
    ['sidecar/model/config.ts', 'onnxruntime-node'],
    ['sidecar/cli.ts', 'onnxruntime-node'],
    ['sidecar/server/main.ts', 'vscode'],
    ['webview/main.ts', 'node:fs'],
    ['webview/charts/line.ts', 'path'],
    ['webview/main.ts', '../sidecar/engine/graph.ts'],
    ['webview/main.ts', '../sidecar/config/resolve.ts'],
    ['extension/main.ts', '../sidecar/training/trainer.ts'],
    ['webview/main.ts', '../sidecar/runs/run.ts'],
    ['extension/main.ts', '../webview/state.ts'],
    ['sidecar/protocol/messages.ts', '../errors.ts'],
    ['sidecar/protocol/messages.ts', 'zod'],
    ['sidecar/architecture/time.ts', 'node:fs'],
    ['sidecar/architecture/time.ts', '../engine/graph.ts'],
    ['sidecar/architecture/time.ts', '../config/schema.ts'],
    ['sidecar/weights/file.ts', '../model/learnable.ts'],
    ['sidecar/model/families/wavlm.ts', '../../objectives/objective.ts'],
    ['sidecar/config/schema.ts', 'node:fs'],
    ['sidecar/config/schema.ts', '../runs/run.ts'],
    ['sidecar/engine/graph.ts', '../model/config.ts'],
    ['sidecar/model/config.ts', '../training/loop.ts'],
    ['sidecar/runs/run.ts', '../config/parse.ts'],
    ['sidecar/evaluation/table.ts', '../server/sessions.ts'],
    ['sidecar/evaluation/table.ts', '../training/loop.ts'],
    ['sidecar/model/config.ts', '../corpus/scan.ts'],
    ['sidecar/corpus/manifest.ts', '../units/kmeans.ts'],
    ['sidecar/errors.ts', './engine/graph.ts'],
    ['sidecar/attic/old.ts', '../engine/graph.ts'],
    ['sidecar/model/config.ts', '../cli.ts'],
    ['sidecar/cli.ts', '../../elsewhere.ts'],
  ])('%s may not import %s', (file, target) => expect(forbidden(file, target)).toBeTypeOf('string'));

  it.each([
    ['sidecar/engine/session.ts', 'onnxruntime-node'],
    ['sidecar/training/loop.ts', '../runs/run.ts'],
    ['sidecar/training/loop.ts', '../corpus/scan.ts'],
    ['sidecar/units/kmeans.ts', '../corpus/scan.ts'],
    ['sidecar/model/config.ts', '../errors.ts'],
    ['sidecar/cli.ts', './training/loop.ts'],
    ['sidecar/main.ts', './cli.ts'],
    ['sidecar/config/resolve.ts', 'node:fs/promises'],
    ['extension/main.ts', 'vscode'],
    ['extension/main.ts', '../sidecar/runs/run.ts'],
    ['extension/main.ts', '../sidecar/errors.ts'],
    ['extension/language/server.ts', '../../sidecar/config/parse.ts'],
    ['webview/main.ts', '../sidecar/protocol/messages.ts'],
  ])('%s may import %s', (file, target) => expect(forbidden(file, target)).toBeUndefined());
});
