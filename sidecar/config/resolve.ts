/**
 * @file An experiment on this machine: its file read, its paths made absolute, and the missing ones named.
 * The only file of this room that touches the disk.
 */
import { open, readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import { type Problem, UserError } from '../errors.ts';
import { maxBytes } from './document.ts';
import type { Experiment } from './experiment.ts';
import { nearest } from './nearest.ts';
import { parseExperiment } from './parse.ts';
import type { Places } from './places.ts';

type Kind = 'file' | 'folder' | 'either';

/** The text of an experiment file; a UserError where it cannot be read, is over 1 MB, or is not UTF-8. */
export async function readExperimentFile(file: string): Promise<string> {
  const fail = (code: string, why: string, cure: string, line = 1, column = 1) =>
    new UserError({ code, tried: `read ${file}`, why, cure, place: { file, line, column } });
  let bytes: Buffer;
  try {
    const handle = await open(file, 'r');
    try {
      const info = await handle.stat();
      if (info.isDirectory()) throw fail('config.not-a-file', 'it is a folder.', 'Name a *.milore.yaml file.');
      if (info.size > maxBytes) {
        throw fail(
          'config.too-large',
          `it has ${info.size} bytes; ${maxBytes} is the most.`,
          'Is this the right file?',
        );
      }
      // A device or a pipe says size 0: read no more than allowed whatever it says.
      bytes = Buffer.alloc(maxBytes + 1);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, info.isFile() ? 0 : null);
      bytes = bytes.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    const why =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file.' : `${(error as Error).message}.`;
    throw fail('config.not-found', why, 'Check the path.');
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const lossy = new TextDecoder('utf-8').decode(bytes);
    const before = lossy.slice(0, lossy.indexOf('\ufffd')).split('\n');
    throw fail(
      'config.not-text',
      'it is not UTF-8 text.',
      'Save the file as UTF-8.',
      before.length,
      before[before.length - 1].length + 1,
    );
  }
}

async function missing(path: string, kind: Kind): Promise<{ why: string; cure: string } | undefined> {
  try {
    const info = await stat(path);
    if (kind === 'folder' && !info.isDirectory()) return { why: `${path} is not a folder.`, cure: 'Name the folder.' };
    if (kind === 'file' && !info.isFile()) return { why: `${path} is not a file.`, cure: 'Name the file.' };
    return undefined;
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code;
    if (reason !== 'ENOENT' && reason !== 'ENOTDIR')
      return { why: `${path}: ${(error as Error).message}.`, cure: 'Check its permissions.' };
    let there = dirname(path);
    let wanted = basename(path);
    for (;;) {
      try {
        const names = (await readdir(there)).filter((name) => !name.startsWith('.')).slice(0, 2000);
        const near = nearest(wanted, names);
        const cure = near
          ? `Did you mean ${near}?`
          : names.length
            ? `${there} holds ${names.slice(0, 8).join(', ')}${names.length > 8 ? ', …' : ''}.`
            : `${there} is empty.`;
        return { why: `${path} does not exist.`, cure: `${cure} Paths are relative to the experiment file.` };
      } catch {
        if (dirname(there) === there)
          return { why: `${path} does not exist.`, cure: 'Paths are relative to the experiment file.' };
        wanted = basename(there);
        there = dirname(there);
      }
    }
  }
}

/**
 * Paths made absolute against `baseDir` (the experiment file's folder; `~/` is the home folder). All missing ones are
 * reported, each at its place; `experiment` is present only where none is.
 */
export async function resolveExperiment(
  experiment: Experiment,
  baseDir: string,
  places?: Places,
): Promise<{ experiment?: Experiment; problems: Problem[] }> {
  const problems: Problem[] = [];
  const absolute = async (text: string, path: (string | number)[], kind: Kind): Promise<string> => {
    const full = text.startsWith('~/') ? resolve(homedir(), text.slice(2)) : resolve(baseDir, text);
    const fault = await missing(full, kind);
    if (fault) {
      problems.push({
        code: 'config.path-missing',
        tried: `find ${path.filter((part) => typeof part === 'string').join('.')}`,
        ...fault,
        place: places?.value(places.has(path) ? path : path.slice(0, typeof path.at(-1) === 'number' ? -1 : undefined)),
      });
    }
    return full;
  };
  const base = { ...experiment.base, model: await absolute(experiment.base.model, ['base', 'model'], 'folder') };
  if (base.head !== undefined) base.head = await absolute(base.head, ['base', 'head'], 'file');
  const languages: Experiment['languages'] = {};
  for (const [code, spec] of Object.entries(experiment.languages)) {
    const data: string[] = [];
    for (const [index, path] of spec.data.entries()) {
      data.push(await absolute(path, ['languages', code, 'data', index], 'either'));
    }
    languages[code] = { ...spec, data };
  }
  return problems.length > 0 ? { problems } : { experiment: { ...experiment, base, languages }, problems };
}

/** From a file to an experiment that can run; a UserError that carries every problem otherwise. */
export async function loadExperiment(
  file: string,
  overrides: readonly string[] = [],
): Promise<{ experiment: Experiment; text: string }> {
  const text = await readExperimentFile(file);
  const parsed = parseExperiment(text, file, overrides);
  if (!parsed.experiment) throw new UserError(parsed.problems);
  const resolved = await resolveExperiment(parsed.experiment, dirname(resolve(file)), parsed.places);
  if (!resolved.experiment) throw new UserError(resolved.problems);
  return { experiment: resolved.experiment, text };
}
