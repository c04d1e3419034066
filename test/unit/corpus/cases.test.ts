import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTiers } from '../../../sidecar/corpus/annotations.ts';
import {
  assignSplits,
  type LanguageSpec,
  readListing,
  scanLanguage,
  splitReport,
} from '../../../sidecar/corpus/index.ts';
import { folder } from '../../support/folder.ts';
import { sine, wav } from '../../support/wav.ts';

/** Inputs as people met them; each is one of its kind, and siblings stand beside it here. */
const at = (name: string, ...more: string[]) => resolve('test/cases', name, 'data', ...more);

async function scan(root: string, more: Partial<LanguageSpec> = {}) {
  const { layout, utterances, skipped, notes, seconds } = await scanLanguage({ code: 'yor', root, ...more });
  const count = (split: string | undefined) => utterances.filter((one) => one.split === split).length;
  const speakers = new Set(utterances.flatMap(({ speaker }) => speaker ?? []));
  return {
    layout,
    utterances,
    seconds,
    clips: utterances.length,
    splits: { train: count('train'), dev: count('dev'), test: count('test'), none: count(undefined) },
    speakers: speakers.size,
    skipped: skipped.map(({ reasonCode }) => reasonCode),
    notes: notes.join('\n'),
  };
}

/** A second of sound, another for every number. */
const tone = (n: number) => wav([sine(16_000, 200 + 37 * n)]);

describe('layouts as they are', () => {
  it('C01: the same recording under several names counts once, and never on both sides', async () => {
    const found = await scan(at('C01'));
    expect(found.clips).toBe(3);
    expect(found.notes).toContain('2 recordings are copies of others under other names: each counts once.');
    const sides = folder({
      'train.tsv': 'client_id\tpath\ns\ta.wav\ns\tc.wav\n',
      'dev.tsv': 'client_id\tpath\nt\tb.wav\n',
    });
    mkdirSync(join(sides, 'clips'));
    for (const [name, n] of [
      ['a', 1],
      ['b', 1],
      ['c', 2],
    ] as const)
      writeFileSync(join(sides, 'clips', `${name}.wav`), tone(n));
    expect((await scan(sides)).utterances.map(({ id, split }) => `${id} ${split}`)).toEqual([
      'c.wav train',
      'b.wav dev',
    ]);
  });

  it('C03: two ids over one file have a channel each', async () => {
    const { utterances } = readListing(at('C03'));
    expect(utterances.map(({ channel }) => channel)).toEqual([0, 1, 0, 1]);
  });

  it('C04: one long recording with annotations beside it is split in time', async () => {
    const found = await scan(at('C04'));
    expect(found.clips).toBe(1);
    const report = splitReport(found.utterances, assignSplits(found.utterances, { seed: 1 }));
    expect(report.dev.seconds / found.seconds).toBeCloseTo(0.15, 2);
  });

  it('C06: every subset that has a wav.scp is used, by its name', async () => {
    const found = await scan(at('C06'));
    expect(found.splits).toEqual({ train: 2, dev: 2, test: 2, none: 0 });
    expect(found.notes).toContain('train_nodev (train)');
  });

  it('C08, C09: validated.tsv less the held-out speakers trains where it is the better source; the choice is a key', async () => {
    const found = await scan(at('C08'));
    expect(found.splits).toEqual({ train: 4, dev: 1, test: 1, none: 0 });
    expect(found.notes).toContain(
      'validated.tsv, less the speakers of dev and test, trains (4 clips; train.tsv has 1).',
    );
    expect((await scan(at('C08'), { tables: 'splits' })).splits.train).toBe(1);
    const empty = await scan(at('C09'));
    expect(empty.splits).toEqual({ train: 0, dev: 0, test: 0, none: 6 });
  });

  it('C11: a path without its ending is found', async () => {
    expect(await scan(at('C11'))).toMatchObject({ clips: 6, skipped: [] });
  });

  it('C12: Spontaneous Speech is recognised', async () => {
    expect(await scan(at('C12'))).toMatchObject({
      layout: 'spontaneous-speech',
      clips: 6,
      speakers: 6,
      splits: { none: 6 },
    });
  });

  it('C13: one bad row costs one row', async () => {
    expect(await scan(at('C13'))).toMatchObject({ clips: 4, skipped: ['bad-row'] });
  });

  it('C15: a manifest is taken where it is named', async () => {
    expect(await scan(at('C15', 'mine.tsv'))).toMatchObject({ layout: 'tsv', clips: 2 });
    expect(await scan(at('C09', 'validated.tsv'))).toMatchObject({ layout: 'common-voice', clips: 6 });
    expect(await scan(at('C06', 'dev', 'wav.scp'))).toMatchObject({ layout: 'kaldi', clips: 2 });
    expect(await scan(at('C19', 'dev.tsv'))).toMatchObject({ layout: 'fleurs', clips: 2 });
  });

  it('C16: a command that decodes a file is that file', async () => {
    const found = await scan(at('C16'));
    expect(found.layout).toBe('kaldi');
    expect(found.clips + found.skipped.length).toBe(4);
    expect(found.skipped).not.toContain('bad-row');
  });

  it('C18: texts and speakers are intersected with the audio, and counted', async () => {
    const found = await scan(at('C18'));
    expect(found.clips).toBe(4);
    expect(found.notes).toContain('names 1 of which there is no audio (u5)');
  });

  it('C19: FLEURS keeps its splits', async () => {
    const found = await scan(at('C19'));
    expect(found).toMatchObject({ layout: 'fleurs', splits: { train: 2, dev: 2, test: 2, none: 0 }, speakers: 0 });
  });

  it('C21: folders of splits are no speakers, as LibriSpeech and MLS lay them out', async () => {
    const found = await scan(at('C21'));
    expect(found.splits.dev).toBeGreaterThan(0);
    expect(found.splits.none).toBe(0);
    const libri = folder({});
    for (const [i, path] of [
      'train-clean-100/19/198/19-198-0.wav',
      'dev-clean/84/121/84-121-0.wav',
      'test-other/61/70/61-70-0.wav',
    ].entries()) {
      mkdirSync(join(libri, path, '..'), { recursive: true });
      writeFileSync(join(libri, path), tone(i));
    }
    expect((await scan(libri)).utterances.map(({ speaker, split }) => `${speaker} ${split}`).sort()).toEqual([
      '19 train',
      '61 test',
      '84 dev',
    ]);
  });

  it('C23, C26: links and ".." are followed after consent, and the refusal says how to give it', async () => {
    const root = folder({ 'cache/ab': '', 'data/meta/manifest.tsv': 'path\n../audio/1.wav\n' });
    writeFileSync(join(root, 'cache', 'ab'), tone(1));
    mkdirSync(join(root, 'data', 'audio'));
    symlinkSync('../../cache/ab', join(root, 'data', 'audio', '1.wav'));
    for (const part of ['data/audio', 'data/meta']) {
      await expect(scan(join(root, part))).rejects.toThrow(/set languages\.<code>\.allowOutside: true/);
      expect((await scan(join(root, part), { allowOutside: true })).clips).toBe(1);
    }
  });

  it('C24: names in another Unicode form, with backslashes or in another case are found, where one alone is meant', async () => {
    expect(await scan(at('C24'))).toMatchObject({ clips: 4, skipped: [] });
    const other = folder({ 'manifest.tsv': 'path\nSub\\rec1.WAV\ntwo.wav\n' });
    mkdirSync(join(other, 'sub'));
    writeFileSync(join(other, 'sub', 'REC1.wav'), tone(1));
    for (const [i, name] of ['Two.wav', 'TWO.wav'].entries()) writeFileSync(join(other, name), tone(2 + i));
    expect(await scan(other)).toMatchObject({ clips: 1, skipped: ['missing'] });
  });

  it('Hugging Face’s metadata, NeMo’s manifests and VoxPopuli are read', async () => {
    const audio = (root: string, ...names: string[]) => {
      for (const [i, name] of names.entries()) {
        mkdirSync(join(root, name, '..'), { recursive: true });
        writeFileSync(join(root, name), tone(i));
      }
      return root;
    };
    const csv = 'file_name,transcription\na.wav,"one, two"\nb.wav,"a ""quoted""\nline"\n';
    const found = await scan(audio(folder({ 'train/metadata.csv': csv }), 'train/a.wav', 'train/b.wav'));
    expect(found.utterances.map(({ text }) => text)).toEqual(['one, two', 'a "quoted"\nline']);
    const jsonl = '{"file_name":"a.wav","speaker_id":7}\nnot json\n{"file_name":"b.wav"}\n{"file_name":"b.wav"}\n';
    const lines = await scan(audio(folder({ 'metadata.jsonl': jsonl }), 'a.wav', 'b.wav'));
    expect(lines).toMatchObject({ layout: 'metadata', clips: 2, speakers: 1, skipped: ['bad-row', 'bad-row'] });
    const nemo = [0, 0.5].map((offset) =>
      JSON.stringify({ audio_filepath: 'a.wav', offset, duration: 0.4, text: 'x' }),
    );
    const segments = await scan(audio(folder({ 'train_manifest.json': nemo.join('\n') }), 'a.wav'));
    expect(segments.utterances.map(({ startSample, samples }) => [startSample, samples])).toEqual([
      [0, 6400],
      [8000, 6400],
    ]);
    const vox = audio(folder({ 'asr_train.tsv': 'id\tspeaker_id\tsplit\nx1\ts\ttrain\n' }), '2019/x1.wav');
    expect(await scan(vox)).toMatchObject({ layout: 'voxpopuli', splits: { train: 1 }, speakers: 1 });
  });

  it('a folder one level too high is entered, one too low is told of', async () => {
    const root = folder({ 'cv/yo/validated.tsv': 'client_id\tpath\ns\ta.wav\n' });
    mkdirSync(join(root, 'cv/yo/clips'));
    writeFileSync(join(root, 'cv/yo/clips/a.wav'), tone(1));
    const high = await scan(join(root, 'cv'));
    expect(high).toMatchObject({ layout: 'common-voice', clips: 1, speakers: 1 });
    expect(high.notes).toContain('lies one folder deeper');
    expect((await scan(join(root, 'cv/yo/clips'))).notes).toContain('is a data set (common-voice) that names speakers');
  });
});

describe('annotations of field recordings', () => {
  const slot = (id: string, ms: number) => `<TIME_SLOT TIME_SLOT_ID="${id}" TIME_VALUE="${ms}"/>`;
  const one = (from: string, to: string, text: string) =>
    `<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a${from}" TIME_SLOT_REF1="${from}" TIME_SLOT_REF2="${to}"><ANNOTATION_VALUE>${text}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>`;
  const eaf = `<?xml version="1.0"?><ANNOTATION_DOCUMENT><TIME_ORDER>${[0, 400, 1000, 1500, 2200, 3000].map((ms, i) => slot(`t${i}`, ms)).join('')}</TIME_ORDER>
<TIER TIER_ID="utt@Ana" PARTICIPANT="Ana">${one('t0', 't2', 'good day &amp; welcome')}${one('t4', 't5', '')}</TIER>
<TIER TIER_ID="words@Ana" PARTICIPANT="Ana">${one('t0', 't1', 'good')}${one('t1', 't2', 'day')}</TIER>
<TIER TIER_ID="utt@Ben">${one('t3', 't4', 'hello')}</TIER></ANNOTATION_DOCUMENT>`;

  it('an ELAN file beside a recording makes utterances of its stretches: tier, speaker and words', async () => {
    const root = folder({ 'session.eaf': eaf });
    writeFileSync(join(root, 'session.wav'), wav([sine(4 * 16_000, 300)]));
    const { utterances, notes } = await scan(root);
    expect(utterances.map(({ speaker, text, startSample, samples }) => [speaker, text, startSample, samples])).toEqual([
      ['Ana', 'good day & welcome', 0, 16_000],
      ['Ben', 'hello', 24_000, 11_200],
    ]);
    expect(notes).toMatch(/session\.eaf: 2 annotated stretches, 0\.0 min, of the tiers "utt@Ana", "utt@Ben"/);
  });

  it.each([
    [
      'long',
      'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = 4\ntiers? <exists>\nsize = 1\nitem []:\n    item [1]:\n        class = "IntervalTier"\n        name = "S 1"\n        xmin = 0\n        xmax = 4\n        intervals: size = 2\n        intervals [1]:\n            xmin = 0\n            xmax = 1.5\n            text = "say ""hi"""\n        intervals [2]:\n            xmin = 1.5\n            xmax = 4\n            text = ""\n',
    ],
    [
      'short',
      'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n4\n<exists>\n1\n"IntervalTier"\n"S 1"\n0\n4\n2\n0\n1.5\n"say ""hi"""\n1.5\n4\n""\n',
    ],
  ])('a Praat TextGrid too, in its %s form and in UTF-16', async (_, text) => {
    for (const bytes of [Buffer.from(text), Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')])]) {
      const root = folder({ 'a.TextGrid': bytes });
      writeFileSync(join(root, 'a.wav'), wav([sine(4 * 16_000, 300)]));
      const { utterances } = await scan(root);
      expect(utterances.map(({ text, startSample, samples }) => [text, startSample, samples])).toEqual([
        ['say "hi"', 0, 24_000],
      ]);
    }
  });

  it('nothing hostile in them does harm: the recording is used whole, and it is said', async () => {
    const bombs: Record<string, string> = {
      entities: `<?xml version="1.0"?><!DOCTYPE x [${Array.from({ length: 12 }, (_, i) => `<!ENTITY e${i} "${`&e${i - 1};`.repeat(10)}">`).join('')}]><ANNOTATION_DOCUMENT>&e11;</ANNOTATION_DOCUMENT>`,
      deep: '<a>'.repeat(100_000),
      proto: '<ANNOTATION_DOCUMENT><__proto__><polluted>1</polluted></__proto__></ANNOTATION_DOCUMENT>',
      file: '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><ANNOTATION_DOCUMENT><TIER TIER_ID="&f;"/></ANNOTATION_DOCUMENT>',
      noise: 'ooTextFile "TextGrid" 1e999 "',
    };
    for (const [name, text] of Object.entries(bombs)) {
      const root = folder({ 'a.eaf': text });
      writeFileSync(join(root, 'a.wav'), tone(1));
      const began = performance.now();
      const found = await scan(root);
      expect(performance.now() - began, name).toBeLessThan(5000);
      expect(found.clips, name).toBe(1);
      expect(found.notes, name).toMatch(/the whole recording is used/);
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(
      readTiers(
        join(folder({ 'x.TextGrid': '"ooTextFile" "TextGrid" 0 1 <exists> 99999999 "IntervalTier"' }), 'x.TextGrid'),
      ),
    ).toEqual([{ name: '', speaker: undefined, stretches: [] }]);
  });
});
