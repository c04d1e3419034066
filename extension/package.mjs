// npm run package: one .vsix for each platform that onnxruntime-node ships, each with that platform's binaries alone.
// Arguments name platforms (linux-x64 …); without any, all are packed. They are written to dist/packages/.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createVSIX } from '@vscode/vsce';
import { thirdParty } from './licences/list.mjs';
import { readmeForEditor } from './readme.mjs';

const out = resolve('dist/packages');
const binaries = 'node_modules/onnxruntime-node/bin/napi-v6';
const all = readdirSync(binaries).flatMap((os) => readdirSync(join(binaries, os)).map((arch) => `${os}-${arch}`));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((platform) => !all.includes(platform));
if (unknown.length > 0) {
  console.error(`onnxruntime-node has no binaries for ${unknown.join(', ')}. Known: ${all.join(', ')}.`);
  process.exit(2);
}

mkdirSync(out, { recursive: true });
for (const platform of wanted.length > 0 ? wanted : all) {
  const stage = join(out, `stage-${platform}`);
  rmSync(stage, { recursive: true, force: true });
  fill(stage, platform);
  const packagePath = join(out, `milore-${platform}.vsix`);
  await createVSIX({
    cwd: stage,
    target: platform,
    packagePath,
    dependencies: false,
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
    skipLicense: false,
  });
  rmSync(stage, { recursive: true });
  console.log(`${packagePath}: ${(statSync(packagePath).size / 1e6).toFixed(1)} MB`);
}

/** Everything that runs, and nothing that only builds or tests. */
function fill(stage, platform) {
  const take = (from, filter) => {
    if (existsSync(from)) cpSync(from, join(stage, from), { recursive: true, filter });
  };
  for (const file of ['CHANGELOG.md', 'LICENSE']) take(file);
  const readme = readmeForEditor(readFileSync('README.md', 'utf8'), (path) => readFileSync(path));
  writeFileSync(join(stage, 'README.md'), readme);
  for (const name of readdirSync('.')) if (/^package\.nls.*\.json$/.test(name)) take(name);
  for (const name of readdirSync('dist'))
    if (/\.(c?js|css|wasm)$/.test(name) && name !== 'bench.js') take(join('dist', name));
  // Its licence, its build and what of its sources is ours: LGPL. The module itself lies in dist.
  take('sidecar/audio/libav-audio', (from) => !from.endsWith('.wasm'));
  for (const name of readdirSync('extension/language'))
    if (name.endsWith('.json')) take(join('extension/language', name));
  for (const folder of ['extension/media', 'extension/l10n']) take(folder);
  // What the README and the pages show.
  const pages = [
    'README.md',
    ...readdirSync('docs').flatMap((name) => (name.endsWith('.md') ? [join('docs', name)] : [])),
  ];
  for (const page of pages)
    for (const [path] of readFileSync(page, 'utf8').matchAll(/test\/editor\/[\w/-]+\.(png|txt)/g)) take(path);
  // Where it leads on.
  take('docs');
  take('extension/sample', (from) => !from.split(/[\\/]/).includes('.milore'));

  const modules = join(stage, 'dist', 'node_modules');
  const [os, arch] = platform.split('-');
  const ort = 'node_modules/onnxruntime-node';
  const give = (from, to) =>
    cpSync(from, join(modules, to), { recursive: true, filter: (path) => !/\.(map|d\.ts)$/.test(path) });
  give(`${ort}/package.json`, 'onnxruntime-node/package.json');
  give(`${ort}/dist`, 'onnxruntime-node/dist');
  // Where CUDA's provider is to be had: `milore cuda` reads it.
  for (const name of ['install-metadata.js', 'install-metadata-versions.js'])
    give(`${ort}/script/${name}`, `onnxruntime-node/script/${name}`);
  give(`${binaries}/${os}/${arch}`, `onnxruntime-node/bin/napi-v6/${os}/${arch}`);
  give('node_modules/onnxruntime-common/package.json', 'onnxruntime-common/package.json');
  give('node_modules/onnxruntime-common/dist/cjs', 'onnxruntime-common/dist/cjs');

  const bundled = JSON.parse(readFileSync('dist/bundled.json', 'utf8'));
  const packed = readdirSync(join(stage, 'dist'));
  const folders = [...packed.flatMap((name) => bundled[name] ?? []), ort, 'node_modules/onnxruntime-common'];
  writeFileSync(join(stage, 'ThirdPartyNotices.txt'), thirdParty(folders, packed, platform));

  const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const key of ['scripts', 'devDependencies', 'dependencies', 'private']) delete manifest[key];
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}
