/** @file Broken data sets of every layout, as `milore train` meets them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { wav } from '../support/wav.ts';
import { type Attack, MARKER, noise, put, speech, tiny } from './harness.ts';

type Files = Record<string, string | Uint8Array>;

/** An experiment whose one language is `data`. */
export const experiment = (layout = 'auto') => `base: { model: ${JSON.stringify(tiny())} }
languages: { eng: { role: new, data: data, layout: ${layout} } }
control: false
device: cpu
`;

const corpus = (
  name: string,
  names: string,
  files: Files,
  prepare?: (data: string) => void,
  layout = 'auto',
): Attack => ({
  name: `data: ${name}`,
  names,
  make(root) {
    put(root, { 'x.milore.yaml': experiment(layout) });
    const data = join(root, 'data');
    mkdirSync(data);
    put(data, { 'a.wav': speech, ...files });
    prepare?.(data);
    return ['train', join(root, 'x.milore.yaml')];
  },
});

const tsv = (name: string, text: string | Uint8Array, prepare?: (data: string) => void) =>
  corpus(`TSV: ${name}`, 'manifest.tsv', { 'manifest.tsv': text }, prepare, 'tsv');
const voice = (name: string, text: string, file = 'train.tsv') =>
  corpus(`Common Voice: ${name}`, file, { 'train.tsv': text, 'clips/a.wav': speech });
const kaldi = (name: string, names: string, files: Files) =>
  corpus(`Kaldi: ${name}`, names, { 'wav.scp': 'a a.wav\n', ...files });
const fairseq = (name: string, text: string) =>
  corpus(`fairseq: ${name}`, 'train.tsv', { 'train.tsv': text }, undefined, 'fairseq');
const superb = (name: string, text: string) =>
  corpus(`ML-SUPERB: ${name}`, 'transcript_1h_train.txt', { 'transcript_1h_train.txt': text, 'wav/a.wav': speech });

export const corpora: Attack[] = [
  tsv('a missing column', 'file\ttext\na.wav\thello\n'),
  tsv('an empty file', ''),
  corpus('TSV: a header alone', 'data', { 'manifest.tsv': 'path\n' }),
  tsv('a column too many', 'path\ttext\na.wav\thello\tthere\n'),
  tsv('a column twice', 'path\tpath\na.wav\ta.wav\n'),
  tsv('an id twice', 'path\na.wav\na.wav\n'),
  tsv('an empty cell', 'path\ttext\n\thello\n'),
  tsv('not UTF-8', Buffer.from('path\n\xff\xfe.wav\n', 'latin1')),
  tsv('UTF-16', Buffer.from('\ufeffpath\na.wav\n', 'utf16le')),
  tsv('../', 'path\n../a.wav\n'),
  tsv('../ in the middle', 'path\nb/../../../../etc/passwd\n'),
  tsv('..\\', 'path\n..\\a.wav\n'),
  tsv('an absolute path', 'path\n/etc/passwd\n'),
  tsv('a NUL', 'path\na\0.wav\n'),
  tsv('a link to the outside', 'path\nlink.wav\n', (data) => symlinkSync('/etc/passwd', join(data, 'link.wav'))),
  tsv('an end before its start', 'path\tstart\tend\na.wav\t2\t1\n'),
  tsv('a start that is no number', 'path\tstart\tend\na.wav\tsoon\t1\n'),
  tsv('an endless start', 'path\tstart\tend\na.wav\t1e999\t\n'),
  tsv('an unknown split', 'path\tsplit\na.wav\tholdout\n'),
  corpus('TSV: a segment behind the end', 'a.wav', { 'manifest.tsv': 'path\tstart\tend\na.wav\t50\t60\n' }),
  corpus('TSV: only absent files', 'gone.wav', { 'manifest.tsv': 'path\ngone.wav\n' }),
  corpus('TSV: a folder for a manifest', 'manifest.tsv', {}, (data) => mkdirSync(join(data, 'manifest.tsv')), 'tsv'),
  corpus('TSV: a pipe for a manifest', 'train.tsv', {}, (data) => execFileSync('mkfifo', [join(data, 'train.tsv')])),
  corpus('TSV: none', 'manifest.tsv', {}, undefined, 'tsv'),
  voice('no client_id', 'path\tsentence\na.wav\thello\n'),
  voice('no path', 'client_id\tsentence\na\thello\n'),
  voice('an empty client_id', 'client_id\tpath\n\ta.wav\n'),
  voice('../', 'client_id\tpath\nx\t../../a.wav\n'),
  kaldi('a command first', 'wav.scp', { 'wav.scp': `a |touch ${MARKER}\n` }),
  kaldi('an archive', 'wav.scp', { 'wav.scp': 'a data.ark:42\n' }),
  kaldi('../', 'wav.scp', { 'wav.scp': 'a ../../a.wav\n' }),
  kaldi('an id alone', 'wav.scp', { 'wav.scp': 'a\n' }),
  kaldi('an empty wav.scp', 'data', { 'wav.scp': '' }),
  kaldi('a segment of nothing', 'segments', { segments: 'a-1 b 0 1\n' }),
  kaldi('a segment of three columns', 'segments', { segments: 'a-1 a 0\n' }),
  kaldi('a segment backwards', 'segments', { segments: 'a-1 a 1 0.5\n' }),
  kaldi('a segment of NaN', 'segments', { segments: 'a-1 a nan 1\n' }),
  kaldi('a speaker missing', 'utt2spk', { utt2spk: '' }),
  corpus('Kaldi: a folder for wav.scp', 'wav.scp', {}, (data) => mkdirSync(join(data, 'wav.scp'))),
  fairseq('no root', 'a.wav\t16000\n'),
  fairseq('an empty file', ''),
  fairseq('a root at ../', '../\na.wav\t16000\n'),
  fairseq('a root at /etc', '/etc\npasswd\t16000\n'),
  fairseq('no sample count', '.\na.wav\n'),
  fairseq('a sample count of -1', '.\na.wav\t-1\n'),
  fairseq('a path twice', '.\na.wav\t16000\na.wav\t16000\n'),
  fairseq('a path at ../', '.\n../a.wav\t16000\n'),
  superb('a line without _', 'a hello\n'.replace(' hello', '')),
  superb('an id at ../', '../a _ hello\n'),
  superb('an id twice', 'a _ x\na _ y\n'),
  corpus('plain: only broken files', 'a.wav', { 'a.wav': 'broken', 'b.wav': '' }),
  corpus('plain: only silence', 'a.wav', {
    'a.wav': wav([noise(16_000).fill(0)]),
  }),
  corpus('plain: folders 20 deep', 'deep', { [`${'deep/'.repeat(20)}a.wav`]: speech }),
  corpus('Kaldi where there is none', 'wav.scp', {}, undefined, 'kaldi'),
  {
    name: 'data: a file where a folder should be',
    names: 'data',
    make: (root) => ['train', join(put(root, { data: 'x', 'x.milore.yaml': experiment() }), 'x.milore.yaml')],
  },
];
