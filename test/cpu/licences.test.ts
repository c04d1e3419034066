/**
 * @file The packed .vsix names everything that it carries of others, with licence and text. Two witnesses that are not
 * the list's own: the source maps of what is packed, and the folders and binaries that lie in the archive.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import { beforeAll, expect, it } from 'vitest';

const platform = `${process.platform}-${process.arch}`;
const carried = /(?:^|\/)node_modules\/(?!.*\/node_modules\/)((?:@[^/]+\/)?[^/]+)\//;
let archive: Record<string, Uint8Array>;
let notices: string;

beforeAll(() => {
  execFileSync('node', ['extension/package.mjs', platform], { stdio: 'ignore' });
  archive = unzipSync(readFileSync(`dist/packages/milore-${platform}.vsix`));
  notices = strFromU8(archive['extension/ThirdPartyNotices.txt']);
}, 180_000);

/** Name and version as package.json beside a source says. */
function packageAt(source: string): string {
  const folder = source.slice(0, source.lastIndexOf('/node_modules/')) + carried.exec(source)![0].replace(/^\/?/, '/');
  const { name, version } = JSON.parse(readFileSync(join('dist', folder, 'package.json'), 'utf8'));
  return `${name} ${version}`;
}

it('every package whose source a packed file was made from stands in it, with a licence and its text', () => {
  const packages = new Set<string>();
  for (const path of Object.keys(archive)) {
    const map = join('dist', `${basename(path)}.map`);
    if (!/^extension\/dist\/[^/]+\.(c?js|css)$/.test(path) || !existsSync(map)) continue;
    for (const source of JSON.parse(readFileSync(map, 'utf8')).sources as string[])
      if (carried.test(source)) packages.add(packageAt(source));
  }
  expect(packages.size).toBeGreaterThan(40);
  const chapters = notices.split(`${'='.repeat(80)}\n`);
  for (const each of packages) {
    const chapter = chapters.find((text) => text.startsWith(`${each}\nLicence: `));
    expect(chapter, `${each} has no chapter`).toBeDefined();
    expect(chapter, each).toMatch(/permi(ssion|tted)|License|conditions/i);
    expect(chapter!.length, `${each} has no text`).toBeGreaterThan(400);
  }
});

it('so does every folder of modules and every compiled module in it; LGPL parts with their source', () => {
  const folders = new Set(Object.keys(archive).flatMap((path) => carried.exec(path)?.[1] ?? []));
  expect([...folders].sort()).toEqual(['onnxruntime-common', 'onnxruntime-node']);
  for (const each of folders) expect(notices).toMatch(new RegExp(`\n${each} [\\d.]+\nLicence: MIT\n`));
  const wasm = Object.keys(archive).filter((path) => path.endsWith('.wasm'));
  expect(wasm).toEqual(['extension/dist/libav-audio.wasm']);
  for (const [name, source] of [
    ['FFmpeg 9.0', 'https://ffmpeg.org'],
    ['mpg123', 'https://www.mpg123.de'],
    ['codec-parser', 'https://github.com/eshaz/codec-parser'],
  ])
    expect(notices).toMatch(new RegExp(`=\n${name}[^\n]*\nLicence: LGPL[^\n]*\nSource: [^\n]*${source}`));
  for (const name of ['libsamplerate', 'Opus', 'libvorbis', 'What onnxruntime itself contains'])
    expect(notices).toMatch(new RegExp(`=\n${name.replace(/[()]/g, '\\$&')}`));
  expect(notices).toContain('GNU GENERAL PUBLIC LICENSE\n                       Version 3');
});

it('what compiled modules hold has its text on every platform, those of Windows among them', () => {
  const script = `import { thirdParty } from './extension/licences/list.mjs';
    process.stdout.write(thirdParty(['node_modules/onnxruntime-node', 'node_modules/iso-639-3'], [], process.argv[1]));`;
  const of = (on: string) => execFileSync('node', ['--input-type=module', '-e', script, on], { encoding: 'utf8' });
  const windows = of('win32-x64').split(`${'='.repeat(80)}\n`);
  for (const [title, says] of [
    ['DirectML 1.15.4', 'MICROSOFT SOFTWARE LICENSE TERMS'],
    ['DirectX validator', 'University of Illinois'],
    ['ISO 639-3 code tables', 'SIL International'],
  ])
    expect(windows.find((chapter) => chapter.startsWith(title))).toContain(says);
  for (const chapter of windows.slice(1)) expect(chapter.length, chapter.slice(0, 60)).toBeGreaterThan(400);
  expect(of('linux-x64')).not.toContain('DirectML.dll');
});

it('what has no known licence, or no text, is not packed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'licence-'));
  const list = (manifest: object) => {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'x', version: '1', ...manifest }));
    const script = `import { thirdParty } from './extension/licences/list.mjs'; thirdParty([process.argv[1]], [], 'linux-x64');`;
    execFileSync('node', ['--input-type=module', '-e', script, folder], { stdio: 'pipe' });
  };
  try {
    expect(() => list({ license: 'GPL-3.0-only' })).toThrow(/is under GPL-3.0-only/);
    expect(() => list({})).toThrow(/is under undefined/);
    expect(() => list({ license: 'MIT' })).toThrow(/has no licence file/);
    expect(() => list({ license: 'MIT', author: 'Someone' })).not.toThrow();
    expect(readdirSync(folder)).toEqual(['package.json']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
