/** @file Readers of layouts that are folders: plain ones, and ML-SUPERB's. */
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { isAudioHead } from '../audio/index.ts';
import { UserError } from '../errors.ts';
import { type Folder, resolveInside } from './paths.ts';
import { at, lineError, readLines, splitFirst, UniqueIds } from './tables.ts';
import { tidy } from './tabular.ts';
import type { Utterance } from './types.ts';

/** Also formats that cannot be decoded: those are listed as skipped, not passed over in silence. */
const audioExtensions = new Set(
  `.wav .wave .bwf .rf64 .bw64 .w64 .flac .fla .mp3 .mp2 .mp1 .mpga .ogg .oga .ogv .ogx .opus .spx .m4a .m4b .mp4 .m4v .mov .qt
   .3gp .3g2 .aac .adts .alac .wma .wmv .asf .aif .aiff .aifc .amr .awb .webm .mka .mkv .caf .sph .nist .wv1 .wv2 .au .snd .wv
   .ape .tta .shn .voc .dss .ds2 .dsf .dff .gsm .ra .rm .mpc .ac3 .eac3 .avi .mpg .mpeg .mts .m2ts .vob .xwma .iff .8svx .tak`
    .trim()
    .split(/\s+/),
);
/** What lies beside recordings and is none: not looked into. */
const otherExtensions = new Set(
  `.txt .lab .trn .tsv .csv .json .jsonl .yaml .yml .xml .html .htm .md .rst .pdf .doc .docx .xls .xlsx .rtf .eaf .pfsx .etf
   .textgrid .trs .cha .lexicon .dict .npy .npz .pt .bin .safetensors .km .ltr .phn .wrd .jpg .jpeg .png .gif .svg .zip .gz
   .tar .tgz .py .sh .log .lock .ini .cfg .sha256 .md5`
    .trim()
    .split(/\s+/),
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
      else if (mayBeAudio(path) && isFileLike(path, entry.isSymbolicLink())) {
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

/** By its name, else by its first bytes: a recording may be called anything. */
function mayBeAudio(path: string): boolean {
  const extension = extname(path).toLowerCase();
  if (audioExtensions.has(extension)) return true;
  if (otherExtensions.has(extension)) return false;
  try {
    if (!statSync(path).isFile()) return false; // Opening a pipe would wait for ever.
    const handle = openSync(path, 'r');
    try {
      const head = new Uint8Array(64);
      return isAudioHead(head.subarray(0, readSync(handle, head, 0, head.length, 0)));
    } finally {
      closeSync(handle);
    }
  } catch {
    return false; // What cannot be opened and is not called a recording is none.
  }
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
