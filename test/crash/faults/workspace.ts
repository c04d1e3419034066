/** @file The smallest workspace that goes through every phase: two languages of two speakers, a second or so each. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyedRandom } from '../../../sidecar/random.ts';
import { fixtures } from '../../support/reference.ts';
import { wav } from '../../support/wav.ts';

export interface Workspace {
  root: string;
  experiment: string;
  /** Of recordings; shared by workspaces, so that the results can be compared. */
  data: string;
}

const languages = ['fin', 'eng'];

/** Recordings of noise that swells and fades, of about a second. */
export function makeData(): string {
  const data = mkdtempSync(join(tmpdir(), 'milore-faults-data-'));
  for (const language of languages)
    for (const speaker of ['a', 'b']) {
      const folder = join(data, language, speaker);
      mkdirSync(folder, { recursive: true });
      for (const n of [1, 2]) {
        const random = keyedRandom('faults', language, speaker, n);
        const samples = new Float32Array(14_000 + 2000 * n).map(
          (_, i) => 0.4 * Math.sin(i / (900 + 300 * n)) * (random() - 0.5),
        );
        writeFileSync(join(folder, `${n}.wav`), wav([samples]));
      }
    }
  return data;
}

/** A workspace with nothing computed; `root` where it is to lie elsewhere than in the system's folder for such. */
export function makeWorkspace(data: string, root = mkdtempSync(join(tmpdir(), 'milore-faults-'))): Workspace {
  const experiment = join(root, 'tiny.milore.yaml');
  const entry = (language: string, role: string) =>
    `  ${language}: { role: ${role}, data: ${JSON.stringify(join(data, language))} }\n`;
  writeFileSync(
    experiment,
    `base: { model: ${JSON.stringify(fixtures('hubert_tiny_base'))} }
languages:
${entry('fin', 'new')}${entry('eng', 'existing')}adapter: { experts: 2, rank: 2 }
units: { layer: 2, clusters: 8, restarts: 1 }
head: { projection: 8 }
training: { steps: 3, batchSeconds: 2 }
evaluation: { every: 2, secondsPerLanguage: 10 }
checkpoint: { every: 1, keep: 2 }
log: { every: 1 }
seed: 3
device: cpu
`,
  );
  return { root, experiment, data };
}
