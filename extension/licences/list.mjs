// The list of everything in the package that others wrote, with its licences: ThirdPartyNotices.txt. It is made from what
// esbuild bundled (dist/bundled.json) and what is copied, never by hand; what compiled modules hold stands in parts.mjs.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parts } from './parts.mjs';

/** What may be combined with and given on beside MIT. Another one stops the packaging until a person has looked. */
const allowed = /^(MIT|ISC|0BSD|BSD-2-Clause|BSD-3-Clause|Apache-2\.0|BlueOak-1\.0\.0|LGPL-3\.0-or-later)$/;
/** Their packages have no licence file: who holds the copyright, as package.json or the repository says. */
const holders = {
  'gearhash-jit': 'the authors of gearhash-jit (https://www.npmjs.com/package/gearhash-jit)',
  'onnxruntime-node': 'Microsoft Corporation',
  'onnxruntime-common': 'Microsoft Corporation',
};
const named = /^(licen[cs]e|copying|copyright|notice|third-?party-?notices?)/i;
const texts = 'extension/licences/texts';

/** The folder of an npm package that a path lies in: the innermost, wherever node_modules really is. */
export const packageOf = (path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path.replaceAll('\\', '/'))?.[0];

/** Of each output of esbuild's metafiles, the packages that any byte of it comes from. */
export function bundledIn(metafiles) {
  const bundled = {};
  for (const { outputs } of metafiles)
    for (const [output, { inputs }] of Object.entries(outputs)) {
      const folders = Object.entries(inputs).flatMap(([path, { bytesInOutput }]) =>
        bytesInOutput > 0 ? (packageOf(path) ?? []) : [],
      );
      if (folders.length > 0) bundled[output.split('/').pop()] = [...new Set(folders)].sort();
    }
  return bundled;
}

/**
 * @param folders of npm packages
 * @param files names in dist/ that hold parts of others
 * @throws where a licence is unknown, not allowed, or has no text
 */
export function thirdParty(folders, files, platform) {
  const packages = new Map();
  for (const folder of folders) {
    const about = described(folder);
    packages.set(`${about.name} ${about.version}`, about);
  }
  const all = [...packages.values()];
  const within = new Set([...files, ...all.map(({ name }) => name)]);
  const inside = parts.filter((part) => within.has(part.within) && (part.on?.test(platform) ?? true)).map(withText);
  const entries = [...inside, ...all.sort((a, b) => a.title.localeCompare(b.title, 'en'))];
  const line = '='.repeat(80);
  const head = [
    'MiLorE is under the MIT licence (LICENSE.txt). This package also contains the following, each under its own licence.',
    'The list is made at packaging from what is really bundled.',
    '',
    ...entries.map(({ title, licence }) => `- ${title}: ${licence}`),
  ];
  const body = entries.map(({ title, licence, source, text }) =>
    [line, title, `Licence: ${licence}`, `Source: ${source}`, '', text].join('\n').trimEnd(),
  );
  return `${[head.join('\n'), ...body].join('\n\n')}\n`;
}

function described(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { name, version, license: licence, repository, homepage } = manifest;
  if (!allowed.test(licence ?? ''))
    throw new Error(`${folder} is under ${licence}: look whether it may be packed, and name it in list.mjs.`);
  const files = readdirSync(folder).filter((file) => named.test(file));
  const source = address(repository) ?? homepage ?? `https://www.npmjs.com/package/${name}`;
  return {
    name,
    version,
    licence,
    title: `${name} ${version}`,
    source: `${source}; npm package ${name} ${version}, unchanged`,
    text: files.length > 0 ? files.map((file) => plain(join(folder, file))).join('\n\n') : standard(manifest),
  };
}

/** Many packages by one hand carry no licence file: the standard text then, with who holds the copyright. */
function standard({ name, license: licence, author }) {
  const holder = holders[name] ?? (typeof author === 'string' ? author.replace(/ *[<(].*/, '') : author?.name);
  const microsoft = name.startsWith('@microsoft/') ? 'Microsoft Corporation' : holder;
  if (licence !== 'MIT' || !microsoft) throw new Error(`${name} has no licence file: name its copyright in list.mjs.`);
  return `MIT License\n\nCopyright (c) ${microsoft}\n\n${plain(join(texts, 'mit.txt'))}`;
}

const withText = ({ name, licence, source, texts: files }) => ({
  title: name,
  licence,
  source,
  text: files.map((file) => plain(existsSync(file) ? file : join(texts, file))).join('\n\n'),
});

const plain = (file) => readFileSync(file, 'utf8').replaceAll('\r\n', '\n').trim();

function address(repository) {
  const url = typeof repository === 'string' ? repository : repository?.url;
  if (!url) return undefined;
  return /^[\w-]+\/[\w.-]+$/.test(url) ? `https://github.com/${url}` : url.replace(/^git\+/, '').replace(/\.git$/, '');
}
