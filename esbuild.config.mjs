// Bundles the sidecar's entry points into dist/. onnxruntime-node stays outside: it carries native binaries.
import { build } from 'esbuild';

const sidecar = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  outdir: 'dist',
  sourcemap: 'linked',
  external: ['onnxruntime-node'],
  logLevel: 'warning',
  // Some dependencies are CommonJS and call require() on Node's own modules.
  banner: { js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);" },
};

await build({ ...sidecar, entryPoints: { milore: 'sidecar/cli.ts', bench: 'sidecar/bench.ts' } });
