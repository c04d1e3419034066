/**
 * @file An experiment on this machine: its file read, its paths made absolute, and the missing ones named (paths.ts).
 * The only file of this room that touches the disk.
 */
import { open, readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { diskFault } from '../machine.ts';
import { maxBytes } from './document.ts';
import type { Experiment } from './experiment.ts';
import { inOrder, parseExperiment } from './parse.ts';
import { type Files, findDatasets as findDatasetsIn, resolvePaths } from './paths.ts';
import type { Places } from './places.ts';

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
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw fail('config.not-found', 'there is no such file.', 'Check the path.');
    const [{ why, cure }] = diskFault('', error).problems;
    throw fail('config.not-found', why, cure);
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

const nodeFiles: Files = {
  absolute: (text, folder) => (text.startsWith('~/') ? resolve(homedir(), text.slice(2)) : resolve(folder, text)),
  parent: dirname,
  name: basename,
  join,
  async look(path) {
    try {
      const info = await stat(path);
      return info.isDirectory() ? 'folder' : info.isFile() ? 'file' : 'other';
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code;
      if (reason === 'ENOENT' || reason === 'ENOTDIR') return undefined;
      throw error;
    }
  },
  list: (path) => readdir(path),
  read: readExperimentFile,
};

/** The nearest list of datasets from `folder` upward; none lies beyond a folder with `.git` or `.milore`. */
export const findDatasets = (folder: string) => findDatasetsIn(nodeFiles, resolve(folder));

/** Paths made absolute against `baseDir`, names looked up; see `resolvePaths`. */
export const resolveExperiment = (experiment: Experiment, baseDir: string, places?: Places) =>
  resolvePaths(nodeFiles, experiment, resolve(baseDir), places);

/** From a file to an experiment that can run; a UserError that carries every problem otherwise. */
export async function loadExperiment(
  file: string,
  overrides: readonly string[] = [],
): Promise<{ experiment: Experiment; text: string }> {
  const text = await readExperimentFile(file);
  const { experiment, partial, problems, places } = parseExperiment(text, file, overrides);
  const known = experiment ?? partial;
  if (!known) throw new UserError(problems);
  const resolved = await resolveExperiment(known, dirname(resolve(file)), places);
  const all = [...problems, ...resolved.problems];
  if (all.length > 0 || !resolved.experiment) throw new UserError(inOrder(all, file));
  return { experiment: resolved.experiment, text };
}
