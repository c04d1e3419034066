import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fixtures, scratch } from './reference.ts';

const speech = (language: string) => resolve('extension/sample/speech', language);

/** A workspace with an experiment that trains in seconds: the reference's tiny HuBERT and a little of the sample's speech. */
export function tinyWorkspace(settings = ''): { root: string; experiment: string } {
  const root = scratch();
  const experiment = join(root, 'tiny.milore.yaml');
  writeFileSync(
    experiment,
    `base: { model: ${JSON.stringify(fixtures('hubert_tiny_base'))} }
languages:
  fin: { role: new, data: ${JSON.stringify(speech('fin'))}, hours: 0.015 }
  eng: { role: existing, data: ${JSON.stringify(speech('eng'))}, hours: 0.015 }
audio: { joinSeconds: 2 }
adapter: { experts: 2, rank: 2 }
units: { layer: 2, clusters: 20, restarts: 1 }
head: { projection: 16 }
training: { steps: 300, batchSeconds: 8 }
evaluation: { every: 1000, secondsPerLanguage: 10 }
checkpoint: { every: 5 }
seed: 3
device: cpu
${settings}`,
  );
  return { root, experiment };
}
