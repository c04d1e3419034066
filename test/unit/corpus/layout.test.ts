import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { detectLayout, type Layout, readListing, readUtterances } from '../../../sidecar/corpus/index.ts';
import { UserError } from '../../../sidecar/errors.ts';
import { folder } from '../../support/folder.ts';

const fails = (root: string, layout?: Layout, options = {}): UserError => {
  try {
    readUtterances(root, layout, options);
  } catch (fault) {
    expect(fault).toBeInstanceOf(UserError);
    return fault as UserError;
  }
  throw new Error('it was accepted');
};
const place = (fault: UserError) =>
  `${fault.code} ${fault.problems[0].place?.file.split('/').at(-1)}:${fault.problems[0].place?.line}`;

describe('plain folders', () => {
  it('take the first sub-folder as the speaker and pass over what is no audio', () => {
    const root = folder({ 'ann/x/1.wav': '', 'bob/2.FLAC': '', 'README.md': '', '.hidden/3.wav': '', 'odd.m4a': '' });
    expect(detectLayout(root)).toBe('plain');
    expect(readUtterances(root)).toEqual([
      { id: 'ann/x/1.wav', path: join(root, 'ann/x/1.wav'), speaker: 'ann' },
      { id: 'bob/2.FLAC', path: join(root, 'bob/2.FLAC'), speaker: 'bob' },
      { id: 'odd.m4a', path: join(root, 'odd.m4a') },
    ]);
  });

  it('refuse a link that leaves them, unless that is allowed', () => {
    const other = folder({ 'secret.wav': '' });
    const root = folder({ 'a.wav': '' });
    symlinkSync(join(other, 'secret.wav'), join(root, 'b.wav'));
    symlinkSync(root, join(root, 'circle'));
    expect(fails(root).message).toMatch(/b\.wav.*link/s);
    expect(readUtterances(root, 'plain', { allowOutside: true })).toHaveLength(2);
  });

  it('say so when they are not there or hold nothing', () => {
    expect(fails(join(folder({}), 'gone')).code).toBe('corpus.no-folder');
    expect(fails(folder({ 'notes.txt': '' })).code).toBe('corpus.no-utterances');
  });
});

describe('a TSV manifest', () => {
  it('gives speaker, text, split and segment, through a byte-order mark and CRLF', () => {
    const root = folder({
      'manifest.tsv':
        '\uFEFFpath\ttext\tspeaker\tsplit\tstart\tend\r\na.wav\tgood "day\tann\tvalid\t\t\r\na.wav\t\t\t\t1.5\t2\r\n',
    });
    expect(detectLayout(root)).toBe('tsv');
    expect(readUtterances(root)).toEqual([
      { id: 'a.wav', path: join(root, 'a.wav'), speaker: 'ann', text: 'good "day', split: 'dev' },
      { id: 'a.wav#1.5-2', path: join(root, 'a.wav'), startSeconds: 1.5, endSeconds: 2 },
    ]);
  });

  it('names file, line and what was expected for every fault', () => {
    const tsv = (text: string | Uint8Array) => place(fails(folder({ 'manifest.tsv': text }), 'tsv'));
    expect(tsv('')).toBe('corpus.empty-manifest manifest.tsv:1');
    expect(tsv('file\ttext\na.wav\tx\n')).toBe('corpus.missing-column manifest.tsv:1');
    expect(tsv('path\tpath\na\tb\n')).toBe('corpus.duplicate-column manifest.tsv:1');
    expect(tsv('path\ttext\na.wav\tx\ty\n\nb.wav\tx\ty\n')).toBe('corpus.column-count manifest.tsv:2');
    expect(tsv('path\ttext\na.wav\tx\na.wav\ty\n')).toBe('corpus.duplicate-id manifest.tsv:3');
    expect(tsv('path\ttext\n\tx\n')).toBe('corpus.empty-cell manifest.tsv:2');
    expect(tsv('path\tsplit\na.wav\tconstructor\n')).toBe('corpus.unknown-split manifest.tsv:2');
    expect(tsv('path\tstart\na.wav\tsoon\n')).toBe('corpus.bad-number manifest.tsv:2');
    expect(tsv('path\tstart\tend\na.wav\t2\t1\n')).toBe('corpus.bad-segment manifest.tsv:2');
    expect(tsv(Buffer.from('path\n\xff\xfe.wav\n', 'latin1'))).toBe('corpus.not-utf8 manifest.tsv:2');
  });

  it('refuses paths that leave the folder, naming the line', () => {
    const other = folder({ 'secret.wav': '' });
    for (const path of ['../x.wav', 'a/../../x.wav', '..\\x.wav', '/etc/passwd', 'a\0b', 'link/secret.wav']) {
      const root = folder({ 'manifest.tsv': `path\nok.wav\n${path}\n` });
      symlinkSync(other, join(root, 'link'));
      expect(place(fails(root, 'tsv'))).toBe('corpus.path-outside manifest.tsv:3');
    }
    const climbing = folder({ 'manifest.tsv': 'path\n../x.wav\n' });
    expect(readUtterances(climbing, 'tsv', { allowOutside: true })[0].path).toBe(join(climbing, '../x.wav'));
    expect(fails(climbing, 'tsv').problems[0].cure).toContain('languages.<code>.allowOutside: true');
  });
});

describe('Common Voice', () => {
  const head = 'client_id\tpath\tsentence\n';

  it('keeps its splits; client_id is the speaker', () => {
    const root = folder({
      'train.tsv': `${head}s1\ta.mp3\tone\n`,
      'test.tsv': `${head}s2\tb.mp3\ttwo\n`,
      'clips/a.mp3': '',
      'validated.tsv': `${head}s1\ta.mp3\tone\n`,
    });
    expect(detectLayout(root)).toBe('common-voice');
    expect(readUtterances(root)).toEqual([
      { id: 'a.mp3', path: join(root, 'clips/a.mp3'), speaker: 's1', text: 'one', split: 'train' },
      { id: 'b.mp3', path: join(root, 'clips/b.mp3'), speaker: 's2', text: 'two', split: 'test' },
    ]);
  });

  it('holds out a clip that is in two splits, and refuses a table without client_id', () => {
    const rows = (...paths: string[]) => head + paths.map((path) => `s\t${path}\t\n`).join('');
    const twice = folder({ 'train.tsv': rows('a.mp3', 'b.mp3'), 'dev.tsv': rows('a.mp3'), 'clips/a.mp3': '' });
    expect(readUtterances(twice).map(({ id, split }) => `${id} ${split}`)).toEqual(['b.mp3 train', 'a.mp3 dev']);
    const lacking = folder({ 'train.tsv': 'path\tsentence\na.mp3\tx\n', 'clips/a.mp3': '' });
    expect(place(fails(lacking))).toBe('corpus.missing-column train.tsv:1');
  });
});

describe('Kaldi', () => {
  it('reads recordings, segments, texts and speakers, and split folders', () => {
    const root = folder({
      'train/wav.scp': 'r1 a b.flac\n',
      'train/segments': 'u1 r1 0.5 1.5\nu2 r1 2 -1\n',
      'train/text': 'u1 good  day\nu2\n',
      'train/utt2spk': 'u1 ann\nu2 bob\n',
      'test/wav.scp': 'u3 c.wav\n',
    });
    expect(detectLayout(root)).toBe('kaldi');
    const path = join(root, 'train/a b.flac');
    expect(readUtterances(root)).toEqual([
      { id: 'u3', path: join(root, 'test/c.wav'), split: 'test' },
      { id: 'u1', path, speaker: 'ann', text: 'good  day', split: 'train', startSeconds: 0.5, endSeconds: 1.5 },
      { id: 'u2', path, speaker: 'bob', text: '', split: 'train', startSeconds: 2 },
    ]);
  });

  it('runs nothing: a command that only decodes stands for its file and channel, any other costs its line', () => {
    const root = folder({
      'wav.scp': [
        'a flac -c -d -s a.flac |',
        'b sph2pipe -f wav -p -c 2 "b b.sph" |',
        'c sox c.wav -r 16000 -t wav - remix 2 |',
        'd ffmpeg -loglevel error -i d.m4a -ar 16000 -f wav - |',
        'e flac -dcs e.flac | sox - -r 16000 -t wav - |',
        'f sox f.wav -t wav - speed 0.9 |',
        'g cat g.wav; rm -rf / |',
        'h curl http://example.org/h.wav |',
        'i | cat',
        'j -',
        'k raw.ark:12',
        'l plain.wav',
      ].join('\n'),
    });
    const { utterances, skipped } = readListing(root);
    const told = utterances.map(({ id, path, channel }) =>
      `${id} ${path.slice(root.length + 1)} ${channel ?? ''}`.trim(),
    );
    expect(told).toEqual(['a a.flac', 'b b b.sph 1', 'c c.wav 1', 'd d.m4a', 'e e.flac', 'l plain.wav']);
    expect(skipped.map(({ id }) => id)).toEqual(['f', 'g', 'h', 'i', 'j', 'k']);
    for (const command of ['sox x.wav -t wav - reverb |', '| cat', '-', 'raw.ark:12'])
      expect(place(fails(folder({ 'wav.scp': `u ${command}\n` })))).toBe('corpus.pipe wav.scp:1');
  });

  it('takes absolute paths only where that is allowed', () => {
    const root = folder({ 'wav.scp': 'u1 /data/a.wav\n' });
    expect(place(fails(root))).toBe('corpus.path-outside wav.scp:1');
    expect(readUtterances(root, 'kaldi', { allowOutside: true })[0].path).toBe('/data/a.wav');
  });

  it('uses what fits together, and counts what does not', () => {
    const kaldi = (files: Record<string, string>) => {
      const { utterances, skipped, notes } = readListing(folder({ 'wav.scp': 'u1 a.wav\nu2 b.wav\n', ...files }));
      return [utterances.map(({ id }) => id).join(' '), skipped.map(({ id }) => id).join(' '), notes.length];
    };
    expect(kaldi({ 'wav.scp': 'u1 a.wav\nu1 b.wav\n' })).toEqual(['u1', 'line 2', 0]);
    expect(kaldi({ text: 'u1 x\nu9 y\n' })).toEqual(['u1 u2', '', 1]);
    expect(kaldi({ utt2spk: 'u1 ann\nu9 bob\n' })).toEqual(['u1', 'u2', 1]);
    expect(kaldi({ segments: 's1 u1 0 1\ns2 u9 0 1\ns3 u1 2 1\ns4 u2 1 1\ns1 u1 1 2\n' })).toEqual([
      's1',
      's2 s3 s4 s1',
      0,
    ]);
    const refused = (files: Record<string, string>) => place(fails(folder({ 'wav.scp': 'u1 a.wav\n', ...files })));
    expect(refused({ 'wav.scp': 'u1\n' })).toBe('corpus.column-count wav.scp:1');
    expect(refused({ utt2spk: 'u1\n' })).toBe('corpus.column-count utt2spk:1');
    expect(refused({ segments: 's1 u1 0\n' })).toBe('corpus.column-count segments:1');
  });

  it('takes the channel that reco2file_and_channel names, and every subset by its name', () => {
    const telephone = folder({
      'wav.scp': 'c-A c.wav\nc-B c.wav\n',
      reco2file_and_channel: 'c-A c A\nc-B c B\n',
      segments: 'a c-A 0 1\nb c-B 0 1\n',
    });
    expect(readUtterances(telephone).map(({ id, channel }) => [id, channel])).toEqual([
      ['a', 0],
      ['b', 1],
    ]);
    const one = (name: string) => ({ [`${name}/wav.scp`]: `u ${name}.wav\n` });
    const recipe = folder(Object.assign({}, ...['train_nodev', 'dev', 'test_other', 'train_sp', 'local'].map(one)));
    expect(readUtterances(recipe).map(({ id, split }) => `${id} ${split}`)).toEqual([
      'u dev',
      'local/u train',
      'test_other/u test',
      'train_nodev/u train',
      'train_sp/u train',
    ]);
  });
});

describe('fairseq', () => {
  it('joins the root line and the paths; valid.tsv is held out', () => {
    const root = folder({ 'train.tsv': 'audio\na.ogg\t16000\n', 'valid.tsv': 'audio\nb.ogg\t16000\n' });
    expect(detectLayout(root)).toBe('fairseq');
    expect(readUtterances(root)).toEqual([
      { id: 'a.ogg', path: join(root, 'audio/a.ogg'), split: 'train' },
      { id: 'b.ogg', path: join(root, 'audio/b.ogg'), split: 'dev' },
    ]);
  });

  it('refuses a root outside and lines that are not path and samples', () => {
    const fairseq = (text: string) => place(fails(folder({ 'train.tsv': text }), 'fairseq'));
    expect(fairseq('/data\na.ogg\t5\n')).toBe('corpus.path-outside train.tsv:1');
    expect(fairseq('a.ogg\t5\n')).toBe('corpus.no-root train.tsv:1');
    for (const line of ['a.ogg', 'a.ogg\t', 'a.ogg\tmany', 'a.ogg\t-5', 'a.ogg\t5\t6']) {
      expect(fairseq(`audio\nok.ogg\t5\n${line}\n`)).toBe('corpus.column-count train.tsv:3');
    }
  });
});

describe('ML-SUPERB', () => {
  it('prefers the hour, and reads transcripts', () => {
    const root = folder({
      'transcript_1h_train.txt': 'u1 _ GOOD DAY\n',
      'transcript_10min_train.txt': 'u9 _ X\n',
      'transcript_10min_dev.txt': 'u2 _ YES\n',
      'wav/u1.wav': '',
    });
    mkdirSync(join(root, 'extra'));
    expect(detectLayout(root)).toBe('ml-superb');
    expect(readUtterances(root)).toEqual([
      { id: 'u1', path: join(root, 'wav/u1.wav'), text: 'GOOD DAY', split: 'train' },
      { id: 'u2', path: join(root, 'wav/u2.wav'), text: 'YES', split: 'dev' },
    ]);
  });
});
