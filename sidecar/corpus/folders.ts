/** @file Readers of layouts that are folders: plain ones, and ML-SUPERB's. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { UserError } from '../errors.ts';
import { type Folder, resolveInside } from './paths.ts';
import { at, lineError, readLines, splitFirst, UniqueIds } from './tables.ts';
import { tidy } from './tabular.ts';
import type { Utterance } from './types.ts';

/** Also formats that cannot be decoded: those are listed as skipped, not passed over in silence. */
const audioExtensions = new Set(
  '.wav .wave .flac .mp3 .mp2 .ogg .oga .opus .m4a .mp4 .aac .wma .aif .aiff .amr .webm .caf .sph .wv'.split(' '),
);
const maxDepth = 16;

/** Every audio file below the folder, in order of path. Where there are sub-folders, the first one names the speaker. */
export function readPlain(folder: Folder): Utterance[] {
  const utterances: Utterance[] = [];
  const walk = (directory: string, depth: number) => {
    if (depth > maxDepth) {
      const why = `it is more than ${maxDepth} folders deep.`;
      throw new UserError({ code: 'corpus.too-deep', tried: `list ${directory}`, why, cure: 'Flatten the folders.' });
    }
    const entries = readdirSync(directory, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.'));
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) walk(path, depth + 1);
      else if (audioExtensions.has(extname(entry.name).toLowerCase()) && isFileLike(path, entry.isSymbolicLink())) {
        const id = relative(folder.path, path).split(sep).join('/');
        const slash = id.indexOf('/');
        const speaker = slash > 0 ? id.slice(0, slash) : undefined;
        utterances.push(tidy({ id, path: resolveInside(folder, id, undefined), speaker }));
      }
    }
  };
  walk(folder.path, 0);
  return utterances;
}

/** A link to a folder is not followed: it could go in circles. */
function isFileLike(path: string, isLink: boolean): boolean {
  return !isLink || !statSync(path, { throwIfNoEntry: false })?.isDirectory();
}

const superb = {
  train: ['transcript_1h_train.txt', 'transcript_10min_train.txt'],
  dev: ['transcript_10min_dev.txt'],
  test: ['transcript_10min_test.txt'],
} as const;

export function looksLikeMlSuperb(root: string): boolean {
  return existsSync(join(root, 'wav')) && superb.train.some((name) => existsSync(join(root, name)));
}

/** `<corpus>/<iso>/`: lines of `utterance _ text`, audio in `wav/`. The hour is read where it is there, else the ten minutes. */
export function readMlSuperb(folder: Folder): Utterance[] {
  const ids = new UniqueIds();
  return (['train', 'dev', 'test'] as const).flatMap((split) => {
    const name = superb[split].find((candidate) => existsSync(join(folder.path, candidate)));
    if (!name) return [];
    const file = join(folder.path, name);
    return readLines(file).map(({ number, text }) => {
      const [id, rest] = splitFirst(text);
      const [underscore, transcript] = splitFirst(rest);
      if (!underscore) {
        throw lineError('column-count', file, number, 'a line is "utterance _ text".', 'Correct the line.');
      }
      ids.add(id, file, number);
      const path = resolveInside(folder, `${id}.wav`, at(file, number), join(folder.path, 'wav'));
      return tidy({ id, path, text: transcript || undefined, split });
    });
  });
}
