/** @file The sample as a workspace for tests, with an experiment that is quick, and its features made once. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../../..');
const sample = join(root, 'extension/sample');
const warm = join(root, 'dist/test/warm-sample');

export const quick = 'quick.milore.yaml';

/** Small batches, no control, every step logged: a run of some ten steps a second. */
export function quickExperiment(steps: number): string {
  return readFileSync(join(sample, 'add-two-languages.milore.yaml'), 'utf8')
    .replace(/^name: .*/m, 'name: quick')
    .replace(/warmupSteps: \d+/, 'warmupSteps: 2')
    .replace(/steps: 200/, `steps: ${steps}`)
    .replace(/batchSeconds: 20/, 'batchSeconds: 10')
    .replace(/every: 50\n {2}secondsPerLanguage: 60/, 'every: 500\n  secondsPerLanguage: 5')
    .concat('\nlog:\n  every: 1\n\ncontrol: false\n');
}

/** A copy of the sample whose recordings have been read and whose units are fitted. */
export function warmWorkspace(folder: string, steps: number): string {
  if (!existsSync(warm)) {
    const making = `${warm}-${process.pid}`;
    cpSync(sample, making, { recursive: true, filter: (from) => !from.split('/').includes('.milore') });
    writeFileSync(join(making, quick), quickExperiment(1));
    train(making);
    rmSync(join(making, '.milore', 'runs'), { recursive: true });
    mkdirSync(join(root, 'dist/test'), { recursive: true });
    renameSync(making, warm);
  }
  cpSync(warm, folder, { recursive: true });
  writeFileSync(join(folder, quick), quickExperiment(steps));
  return folder;
}

/** `milore train` to its end; the run's folder. */
export function train(folder: string): string {
  const { status, stderr } = spawnSync('node', [join(root, 'dist/milore.js'), 'train', quick], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  const runs = join(folder, '.milore', 'runs');
  return join(runs, readdirSync(runs).sort().at(-1)!);
}

export const runsOf = (workspace: string): string[] => {
  const runs = join(workspace, '.milore', 'runs');
  return existsSync(runs)
    ? readdirSync(runs)
        .filter((name) => !name.startsWith('.'))
        .sort()
        .map((name) => join(runs, name))
    : [];
};

export interface Line {
  seq: number;
  type: string;
  step?: number;
}

/** Every whole line of a run's log. */
export const logOf = (run: string): Line[] =>
  readFileSync(join(run, 'log.jsonl'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
