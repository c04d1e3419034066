/**
 * @file A program for tests: scans a folder, cuts clips and reads them all, as a preparation does, and prints what came of it.
 * `node read-corpus.mjs FOLDER CACHE [stop | changed]`; MILORE_THREADS says how many cores it takes itself to have.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applySplits, assignSplits, ClipReader, makeClips, scanLanguage } from '../../sidecar/corpus/index.ts';
import { helpersHere, inOrder } from '../../sidecar/threads.ts';
import { wav } from './wav.ts';

const [folder, cacheDir, way] = process.argv.slice(2);
const control = new AbortController();
const began = performance.now();
const told: Record<string, unknown> = {};
try {
  const corpus = await scanLanguage({ code: 'fin', root: folder, cacheDir, signal: control.signal }, () => {
    if (way === 'stop') control.abort(new Error('stopped'));
  });
  const utterances = applySplits(corpus.utterances, assignSplits(corpus.utterances, { heldOut: 0.1, seed: 1 }));
  const { clips } = makeClips(utterances, { joinSeconds: 1, maxSeconds: 1, minSeconds: 0.2 });
  if (way === 'changed') writeFileSync(clips.at(clips.length - 1)!.parts[0].utterance.path, wav([new Float32Array(8)]));
  const reader = new ClipReader(true);
  told.read = [];
  for await (const [clip, samples] of inOrder(clips, (one) => reader.samples(one), { most: reader.ahead }))
    (told.read as string[]).push(`${clip.id} ${createHash('sha256').update(samples).digest('hex')}`);
  await reader.rest();
  Object.assign(told, { skipped: corpus.skipped, notes: corpus.notes, rows: [...corpus.utterances] });
} catch (error) {
  told.error = (error as Error).message;
}
const found = readFileSync(join(cacheDir, 'scan.jsonl'), { encoding: 'utf8', flag: 'a+' });
console.log(JSON.stringify({ ...told, found, helpers: helpersHere(), ms: performance.now() - began }));
