/** @file Very many run folders as a lab has them after a year: sweeps of a few settings, forks, failures; logs of real shape. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LogRecord } from '../../sidecar/protocol/log.ts';
import { fiveLanguages, madeRun } from './run-events.ts';

export interface ManyRuns {
  steps?: number;
  /** Of how many different logs: making them is what takes long. */
  different?: number;
}

/** Writes `count` runs under `workspace`; gives back their ids, oldest first. */
export function makeRuns(workspace: string, count: number, { steps = 400, different = 12 }: ManyRuns = {}): string[] {
  const logs = Array.from({ length: different }, (_, i) => lines(madeRun({ steps, logEvery: 4, seed: i + 1 }).log));
  const start = Date.parse('2026-01-05T08:00:00Z');
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    const at = new Date(start + i * 3_600_000);
    const stamp = at.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
    const name = ['three-new', 'two stages', 'wolof'][Math.floor(i / 50) % 3];
    const id = `${stamp}-${name.replace(' ', '-')}-${(i % 65_536).toString(16).padStart(4, '0')}`;
    const folder = join(workspace, '.milore', 'runs', id);
    mkdirSync(folder, { recursive: true });
    const parent = i % 25 === 24 ? { parent: { run: ids[i - 1], step: 100 } } : {};
    const info = { id, name, createdAt: at.toISOString(), versions: { milore: '0.4.0' }, device: 'cpu', ...parent };
    writeFileSync(join(folder, 'run.json'), JSON.stringify(info));
    writeFileSync(join(folder, 'resolved.json'), JSON.stringify(settings(name, i, steps)));
    writeFileSync(join(folder, 'experiment.milore.yaml'), `name: ${name}\n`);
    writeFileSync(join(folder, 'log.jsonl'), logs[i % different]);
    if (i % 40 === 0)
      writeFileSync(join(folder, 'label.json'), JSON.stringify({ tags: ['paper'], pinned: i % 400 === 0 }));
    ids.push(id);
  }
  return ids;
}

const lines = (log: readonly LogRecord[]) =>
  log.map(({ seq, time, type, ...rest }) => `${JSON.stringify({ seq, time, type, ...rest })}\n`).join('');

const settings = (name: string, i: number, steps: number) => ({
  name,
  base: { model: '/models/mhubert-147' },
  languages: Object.fromEntries(
    fiveLanguages.map(({ code, role }) => [code, { role, data: [`/corpora/${code}`], layout: 'auto', weight: 1 }]),
  ),
  audio: { joinSeconds: 0, maxSeconds: 15.6, minSeconds: 0.5 },
  adapter: {
    kind: 'lora-mixture',
    experts: [2, 4, 8][i % 3],
    rank: [4, 8, 16][Math.floor(i / 3) % 3],
    alpha: 16,
    targets: ['fc1', 'fc2'],
    router: { kind: 'dense', k: 2, balance: 0, zLoss: 0, init: 0.02 },
  },
  units: { layer: 9, clusters: 500, seed: i % 4 },
  replay: { fraction: 0.125, languages: ['eng', 'deu', 'spa'] },
  training: { steps, batchSeconds: 60, learningRate: [0.001, 0.003, 0.01][Math.floor(i / 9) % 3], clipNorm: 1 },
  evaluation: { every: 50, secondsPerLanguage: 120 },
  seed: i % 4,
});
