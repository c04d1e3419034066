import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ignoreInGit } from '../../../sidecar/runs/git-ignore.ts';
import { newRun, temporaryFolder } from './folder.ts';

const file = (root: string) => join(root, '.milore', '.gitignore');
const git = (root: string, ...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' });

it('git sees nothing of .milore, the file itself included, and a person’s own file is as it was', () => {
  const root = temporaryFolder();
  git(root, 'init', '--quiet');
  writeFileSync(join(root, '.gitignore'), 'own\n');
  expect(ignoreInGit(root)).toBe(true);
  newRun('x', root);
  expect(git(root, 'status', '--porcelain', '--untracked-files=all')).toBe('?? .gitignore\n');
  expect(readFileSync(join(root, '.gitignore'), 'utf8')).toBe('own\n');
});

it('is written with the first run alone: emptied or removed it stays so', () => {
  const root = temporaryFolder();
  mkdirSync(join(root, '.milore', 'cache'), { recursive: true });
  expect(ignoreInGit(root)).toBe(true);
  newRun('x', root);
  writeFileSync(file(root), '');
  expect(ignoreInGit(root)).toBe(false);
  expect(readFileSync(file(root), 'utf8')).toBe('');
  rmSync(file(root));
  expect(ignoreInGit(root)).toBe(false);
  expect(existsSync(file(root))).toBe(false);
});

it('is not written over what is there, nor through a link', () => {
  const own = temporaryFolder();
  mkdirSync(join(own, '.milore'));
  writeFileSync(file(own), '!*\n');
  expect(ignoreInGit(own)).toBe(false);
  expect(readFileSync(file(own), 'utf8')).toBe('!*\n');
  const linked = temporaryFolder();
  mkdirSync(join(linked, '.milore'));
  symlinkSync(join(linked, 'elsewhere'), file(linked));
  expect(ignoreInGit(linked)).toBe(false);
  expect(existsSync(join(linked, 'elsewhere'))).toBe(false);
});
