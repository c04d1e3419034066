/** @file Readers of layouts that are folders: plain ones, and ML-SUPERB's. */
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { dirname, extname, join, relative, sep } from 'node:path';
import { isAudioHead } from '../audio/index.ts';
import { UserError } from '../errors.ts';
import { blameNoFile } from '../machine.ts';
import { annotationOf, chooseTiers, readTiers } from './annotations.ts';
import { splitOf } from './kaldi.ts';
import { type Folder, resolveInside } from './paths.ts';
import { at, lineError, readLines, splitFirst, UniqueIds } from './tables.ts';
import { tidy } from './tabular.ts';
import type { ReadOptions, Utterance } from './types.ts';

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
/** Read where a recording of their name lies beside them. */
const annotationExtensions = new Set(['.eaf', '.textgrid']);
const maxDepth = 16;

const splitFolder = /^(train|dev|valid|test|eval)/i;
const audioFolder = /^(audio|wav|wavs|clips|flac|mp3)$/i;

/**
 * Every audio file below the folder, in order of path. Where there are sub-folders, the first names the speaker; but
 * folders called train, dev, test and their like are splits (LibriSpeech, MLS), a folder called audio says nothing, and
 * the one below names the speaker. A recording with an ELAN or Praat file beside it is its annotated stretches.
 */
export function* readPlain(
  folder: Folder,
  { tiers, unannotated }: Pick<ReadOptions, 'tiers' | 'unannotated'> = {},
): Generator<Utterance> {
  const found: { id: string; path: string }[] = [];
  const others = new Map<string, number>();
  /** Folders with annotations: elsewhere none is looked for beside each of a hundred thousand recordings. */
  const withAnnotations = new Set<string>();
  const walk = (directory: string, depth: number) => {
    if (depth > maxDepth) {
      const why = `it is more than ${maxDepth} folders deep.`;
      throw new UserError({ code: 'corpus.too-deep', tried: `list ${directory}`, why, cure: 'Flatten the folders.' });
    }
    for (const entry of entriesOf(folder, directory)) {
      const path = join(directory, entry.name);
      const kind = extname(entry.name).toLowerCase();
      if (entry.isDirectory()) walk(path, depth + 1);
      else if (!isFileLike(path, entry.isSymbolicLink())) others.set('links', (others.get('links') ?? 0) + 1);
      else if (mayBeAudio(path)) found.push({ id: relative(folder.path, path).split(sep).join('/'), path });
      else if (annotationExtensions.has(kind)) withAnnotations.add(directory);
      else others.set(kind, (others.get(kind) ?? 0) + 1);
    }
  };
  walk(folder.path, 0);
  if (others.size > 0) folder.notes.push(leftOver(others));
  const splits = new Set(
    found.flatMap(({ id }) => (id.includes('/') && splitFolder.test(id) ? splitOf(id.split('/')[0]) : [])),
  );
  // One split alone, or recordings beside the folders, are no splits.
  const hasSplits = splits.size > 1 && found.every(({ id }) => splitFolder.test(id) && id.includes('/'));
  if (hasSplits) folder.notes.push(`Folders are splits: ${[...splits].sort().join(', ')}.`);
  for (const { id, path: direct } of found) {
    const folders = id.split('/').slice(0, -1);
    const split = hasSplits ? splitOf(folders.shift()!) : undefined;
    while (hasSplits && folders.length > 0 && audioFolder.test(folders[0])) folders.shift();
    const path = resolveInside(folder, id, undefined);
    const whole = tidy({ id, path, speaker: folders[0], split });
    if (withAnnotations.has(dirname(direct))) yield* annotated(folder, direct, whole, { tiers, unannotated });
    else yield whole;
  }
}

/** The kinds that are most, by count. */
function leftOver(others: ReadonlyMap<string, number>): string {
  const kinds = [...others].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  const named = kinds.slice(0, 6).map(([kind, count]) => {
    if (kind === 'links') return `${count} ${count === 1 ? 'link to a folder' : 'links to folders'}`;
    return `${count} ${kind ? JSON.stringify(kind).slice(1, -1) : 'without an extension'}`;
  });
  const rest = kinds.slice(6).reduce((sum, [, count]) => sum + count, 0);
  return `Left aside as no audio: ${[...named, ...(rest ? [`${rest} of other kinds`] : [])].join(', ')}.`;
}

/** A folder that may not be read is left out and named. */
function entriesOf(folder: Folder, directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith('.'))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (directory === folder.path || (code !== 'EACCES' && code !== 'EPERM')) throw error;
    folder.skipped.push({
      id: directory,
      path: directory,
      reasonCode: 'unreadable',
      reason: `The folder cannot be read: ${message}.`,
    });
    return [];
  }
}

/** The stretches that are annotated, each an utterance; the whole recording where nothing is. */
function annotated(
  folder: Folder,
  recording: string,
  whole: Utterance,
  { tiers: wanted, unannotated }: Pick<ReadOptions, 'tiers' | 'unannotated'>,
): Utterance[] {
  const file = annotationOf(recording);
  if (!file) return [whole];
  const tiers = readTiers(file);
  const name = relative(folder.path, file);
  if (!tiers) {
    folder.notes.push(`${name} cannot be read as annotations: the whole recording is used.`);
    return [whole];
  }
  const chosen = chooseTiers(tiers, wanted);
  if (chosen.length === 0) {
    const none = wanted ? `none of the tiers ${wanted.map((tier) => `"${tier}"`).join(', ')}` : 'no stretch with words';
    folder.notes.push(`${name} has ${none}: the whole recording is used.`);
    return [whole];
  }
  const stretches = chosen.flatMap((tier) => tier.stretches.map((stretch) => ({ ...stretch, tier })));
  const spoken = stretches.reduce((sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds, 0);
  folder.notes.push(
    `${name}: ${stretches.length} annotated stretches, ${(spoken / 60).toFixed(1)} min, of the ${chosen.length === 1 ? 'tier' : 'tiers'} ${chosen.map((tier) => `"${tier.name}"`).join(', ')}${unannotated === 'pauses' ? '' : '; the rest of the recording is left aside'}.`,
  );
  const taken = stretches.map(({ startSeconds, endSeconds }) => ({ startSeconds, endSeconds }));
  folder.annotated.push({ whole, taken });
  return stretches
    .sort((a, b) => a.startSeconds - b.startSeconds)
    .map(({ startSeconds, endSeconds, text, tier }) =>
      tidy({
        ...whole,
        id: `${whole.id}#${tier.name}@${startSeconds}-${endSeconds}`,
        speaker: tier.speaker ?? whole.speaker,
        text: text.trim() || undefined,
        startSeconds,
        endSeconds,
      }),
    );
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
  } catch (error) {
    blameNoFile(`look at ${path}`, error);
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
export function* readMlSuperb(folder: Folder): Generator<Utterance> {
  const ids = new UniqueIds();
  for (const split of ['train', 'dev', 'test'] as const) {
    const name = superb[split].find((candidate) => existsSync(join(folder.path, candidate)));
    if (!name) continue;
    const file = join(folder.path, name);
    for (const { number, text } of readLines(file)) {
      const [id, rest] = splitFirst(text);
      const [underscore, transcript] = splitFirst(rest);
      if (!underscore) {
        throw lineError('column-count', file, number, 'a line is "utterance _ text".', 'Correct the line.');
      }
      ids.add(id, file, number);
      const path = resolveInside(folder, `${id}.wav`, at(file, number), join(folder.path, 'wav'));
      yield tidy({ id, path, text: transcript || undefined, split });
    }
  }
}
