// Bundles every process into dist/. onnxruntime-node stays outside: it carries native binaries. With --watch it goes on
// and bundles again whatever is saved; a file that is newly loaded with import() in the extension needs another start.
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { build, context } from 'esbuild';
import { bundledIn } from './extension/licences/list.mjs';

mkdirSync('dist', { recursive: true });
copyFileSync('sidecar/audio/libav-audio/libav-audio.wasm', 'dist/libav-audio.wasm');
// Chunks are named by their content: those of an earlier build would be packed too.
for (const name of readdirSync('dist')) if (/\.(c?js|css|map)$/.test(name)) rmSync(join('dist', name));

const common = {
  bundle: true,
  metafile: true,
  outdir: 'dist',
  sourcemap: 'linked',
  logLevel: 'warning',
  target: 'node20',
};

/** The terminal, the service and its worker, which share nearly everything. */
const sidecar = {
  ...common,
  platform: 'node',
  format: 'esm',
  splitting: true,
  chunkNames: 'chunk-[hash]',
  // Four megabytes that ogg-opus-decoder loads only when asked to beautify speech, which would change it.
  external: ['onnxruntime-node', '@wasm-audio-decoders/opus-ml', 'koffi'],
  // Some dependencies are CommonJS and call require() on Node's own modules.
  banner: { js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);" },
};

/** The extension host loads CommonJS; package.json says module, hence .cjs. */
const extension = {
  ...common,
  platform: 'node',
  format: 'cjs',
  external: ['vscode'],
  outExtension: { '.js': '.cjs' },
  mainFields: ['module', 'main'],
  // zod looks for a browser's; VS Code logs an error with a stack for everyone who does.
  define: { navigator: 'undefined' },
  minify: true,
  keepNames: true,
  // In CommonJS, as require().
  supported: { 'dynamic-import': false },
};

/**
 * What main.ts and others load with `import()` becomes a file of its own: a window that starts reads and parses the
 * small one alone. Nothing is shared between such files but what is passed to their functions.
 */
const later = new Map();
const lazily = {
  name: 'lazily',
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
      if (kind !== 'dynamic-import') return undefined;
      const file = resolve(resolveDir, path);
      const name = `extension-${relative('.', file).replace(/\.ts$/, '').split(sep).slice(1).join('-')}`;
      later.set(name, file);
      return { path: `./${name}.cjs`, external: true };
    });
  },
};

const webview = { ...common, platform: 'browser', format: 'iife', target: 'es2022', minify: true };

const bundles = [
  {
    ...sidecar,
    entryPoints: {
      milore: 'sidecar/cli.ts',
      worker: 'sidecar/server/worker.ts',
      'ranks-watchdog': 'sidecar/ranks/watchdog.ts',
      helper: 'sidecar/helper.ts',
      bench: 'sidecar/bench/main.ts',
    },
  },
  {
    ...extension,
    plugins: [lazily],
    entryPoints: { extension: 'extension/main.ts', 'language-server': 'extension/language/server.ts' },
  },
  { ...webview, entryPoints: { webview: 'webview/main.ts' } },
  { ...webview, entryPoints: { guide: 'webview/guide/main.ts' } },
];
const built = await Promise.all(bundles.map(build));
const lazy = { ...extension, entryPoints: Object.fromEntries(later) };
built.push(await build(lazy));
// Whose sources each file holds, for the licences that the package carries.
writeFileSync('dist/bundled.json', JSON.stringify(bundledIn(built.map(({ metafile }) => metafile)), null, 2));

if (process.argv.includes('--watch')) {
  // VS Code's task reads these two lines as the beginning and the end of a build.
  const told = {
    name: 'told',
    setup({ onStart, onEnd }) {
      onStart(() => console.log('build begins'));
      onEnd(({ errors }) => console.log(`build ends: ${errors.length === 0 ? 'done' : `${errors.length} errors`}`));
    },
  };
  for (const bundle of [...bundles, lazy]) {
    const watched = await context({ ...bundle, plugins: [...(bundle.plugins ?? []), told] });
    await watched.watch();
  }
}
