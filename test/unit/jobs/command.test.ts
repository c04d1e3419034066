import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type CommandRun, commandOf, type Program, pasted } from '../../../sidecar/jobs/command.ts';
import { scratch } from '../../support/reference.ts';

const folder = scratch();
afterAll(() => rmSync(folder, { recursive: true }));

const teller: Program = {
  words: ['sh', '-c', 'printf "%s\\0" "$ELECTRON_RUN_AS_NODE" "$@"', '-'],
  asNode: false,
  shell: 'sh',
};
const run = (root: string, more: Partial<CommandRun> = {}): CommandRun => ({
  path: join(root, '.milore', 'runs', '20260101-000000-x-ab12'),
  state: 'done',
  device: 'cpu, float16',
  ...more,
});
const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env;
/** What a program hears that the shell starts from the line. */
const heard = (line: string, shell: string): string[] =>
  execFileSync(shell, ['-c', line], { cwd: folder, encoding: 'utf8', env }).split('\0').slice(0, -1);

const hostile = [
  "it's",
  '$(touch touched)',
  '`touch touched`',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell must not take it for its own either.
  'a"b$HOME${PATH}',
  'two\nlines',
  '; touch touched #',
  '!!',
  '-rf ~ * ? [a]',
  'back\\slash\\',
  'ümläut 語',
  '\u001b[201~touch touched\r',
  '\u0003\u0009tab\u007f\u009b31m',
  "'\u0007'",
];

describe.each(['sh', 'bash'])('the command in %s', (shell) => {
  it.each(hostile)('takes a workspace called %j for what it is', (name) => {
    const root = join(folder, name);
    const { path } = run(root);
    const again = commandOf(run(root), teller);
    expect(heard(again, shell)).toEqual([
      '',
      'train',
      join(path, 'resolved.json'),
      '--workspace',
      root,
      '--device',
      'cpu',
    ]);
    const onward = commandOf(run(root, { state: 'interrupted' }), { ...teller, asNode: true });
    expect(heard(onward, shell)).toEqual(['1', 'train', '--resume', path, '--device', 'cpu']);
    // Pasted into a terminal every control character but a line's end is a key.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
    expect(again + onward).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(existsSync(join(folder, 'touched'))).toBe(false);
  });
});

it('begins where a fork began', () => {
  const forked = run('/lab', { parent: { run: "20260101-000000-p'-cd34", step: 40 } });
  expect(heard(commandOf(forked, teller), 'sh').slice(5)).toEqual([
    '--from',
    "/lab/.milore/runs/20260101-000000-p'-cd34",
    '--from-step',
    '40',
    '--device',
    'cpu',
  ]);
});

it('names no device that there is not, and leaves plain words plain', () => {
  const odd = commandOf(run('/lab', { device: '--help' }), {
    words: ['node', 'milore.js'],
    asNode: false,
    shell: 'sh',
  });
  expect(odd).toBe('node milore.js train /lab/.milore/runs/20260101-000000-x-ab12/resolved.json --workspace /lab');
  expect(pasted("a'b")).toBe(`'a'\\''b'`);
});

it('in PowerShell doubles every kind of single quote', () => {
  const program: Program = { words: ['C:\\VS Code\\Code.exe', 'C:\\x\\milore.js'], asNode: true, shell: 'powershell' };
  expect(commandOf(run("/it's ‘a’ $(x)", { state: 'failed' }), program)).toBe(
    "$env:ELECTRON_RUN_AS_NODE='1'; & 'C:\\VS Code\\Code.exe' C:\\x\\milore.js train --resume " +
      "'/it''s ‘‘a’’ $(x)/.milore/runs/20260101-000000-x-ab12' --device cpu",
  );
});

it('of a run whose folder was moved elsewhere trains beside it', () => {
  const moved = { ...run('/x'), path: resolve('/elsewhere/run') };
  expect(heard(commandOf(moved, teller), 'sh').slice(2, 5)).toEqual([
    '/elsewhere/run/resolved.json',
    '--workspace',
    '/elsewhere',
  ]);
});
