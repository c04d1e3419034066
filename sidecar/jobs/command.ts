/**
 * @file The terminal's command for a run, for a person to copy: what goes on with it where it was stopped, else what
 * trains the same settings again. Every word is data, whatever it holds.
 */
import { dirname, join, resolve } from 'node:path';
import { devices } from '../config/schema.ts';
import { type Parent, runFiles, runsFolder } from '../runs/run.ts';
import type { Status } from '../runs/status.ts';
import { quoted } from './script.ts';

export interface CommandRun {
  /** Absolute folder of the run. */
  path: string;
  state: Status['state'];
  /** Where it computed: `cpu`, or `cpu, float16`. */
  device: string;
  parent?: Parent;
}

export interface Program {
  /** What runs MiLorE, as words. */
  words: readonly string[];
  /** VS Code's own program is Node only where it is told so. */
  asNode: boolean;
  shell: Shell;
}

export type Shell = 'sh' | 'powershell';

/** A run keeps its own settings, so `resolved.json` is trained again: its file may have changed since. */
export function commandOf(run: CommandRun, { words, asNode, shell }: Program): string {
  const { path, state, parent } = run;
  const goesOn = state === 'interrupted' || state === 'failed';
  const name = run.device.split(',')[0];
  const device = devices.find((one) => one === name);
  const args = goesOn
    ? ['train', '--resume', path]
    : [
        'train',
        join(path, runFiles.resolved),
        '--workspace',
        rootOf(path),
        ...(parent ? ['--from', join(dirname(path), parent.run), '--from-step', String(parent.step)] : []),
      ];
  const all = [...words, ...args, ...(device ? ['--device', device] : [])];
  if (shell === 'powershell') {
    const node = asNode ? "$env:ELECTRON_RUN_AS_NODE='1'; " : '';
    return `${node}& ${all.map(inPowerShell).join(' ')}`;
  }
  return `${asNode ? 'ELECTRON_RUN_AS_NODE=1 ' : ''}${all.map(pasted).join(' ')}`;
}

/** `.milore/runs/<id>` lies in the workspace. */
const rootOf = (path: string): string => {
  const root = resolve(path, '..', '..', '..');
  return runsFolder(root) === dirname(resolve(path)) ? root : dirname(resolve(path));
};

const plain = /^[A-Za-z0-9_@%+=:,./-]+$/;

/**
 * As one word of a POSIX shell that a person pastes into a terminal: a control character would be a key there, and could
 * end the paste, so printf makes it. A line's end within quotes is one.
 */
export function pasted(text: string): string {
  if (plain.test(text)) return text;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  return quoted(text).replace(/[\u0001-\u0009\u000b-\u001f\u007f-\u009f]+/g, (controls) => {
    const octal = [...Buffer.from(controls)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`);
    return `'"$(printf '${octal.join('')}')"'`;
  });
}

/** PowerShell takes typographic quotes for its own, and knows no other character within them. */
const inPowerShell = (text: string): string =>
  /^[A-Za-z0-9_:./\\-]+$/.test(text) ? text : `'${text.replace(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`;
