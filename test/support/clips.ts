/** @file Ten clips of real speech beside the repository, or the sample's where there is none. */
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadAudio16k } from '../../sidecar/audio/index.ts';
import { shared } from './shared.ts';

const RATE_HZ = 16_000;

/** At 16 kHz, of about one to four seconds, no two alike in length. */
export async function tenClips(): Promise<{ clips: Float32Array[]; real: boolean }> {
  const real = shared('data') !== undefined;
  const folders = real
    ? ['ara/clips', 'cmn/audio', 'eng/george', 'wya/audio', 'yor/wav'].map((name) => shared('data', name)!)
    : ['fin', 'eng', 'deu', 'spa', 'vie'].map((name) => resolve('extension/sample/speech', name));
  const clips: Float32Array[] = [];
  for (const [i, folder] of folders.entries()) {
    const files = (readdirSync(folder, { recursive: true }) as string[])
      .filter((name) => /\.(wav|flac|mp3|ogg|opus)$/.test(name))
      .sort();
    for (const [j, file] of [files[0], files[Math.floor(files.length / 2)]].entries()) {
      const samples = await loadAudio16k(join(folder, file));
      clips.push(samples.slice(0, Math.round((1 + 0.3 * (2 * i + j)) * RATE_HZ)));
    }
  }
  return { clips, real };
}
