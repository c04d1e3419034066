// Runs a TypeScript script of this project: bundles it with esbuild beside the sources' dependencies, then imports it.
import { mkdirSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const script = process.argv[2];
const outfile = resolve('dist/sample', `${basename(script, '.ts')}.mjs`);
mkdirSync('dist/sample', { recursive: true });
await build({
  entryPoints: [script],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  logLevel: 'warning',
});
await import(pathToFileURL(outfile).href);
