import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { jobScript, limitSeconds, quoted } from '../../sidecar/jobs/script.ts';

const options = { time: '1:00:00', requeue: '3', set: [] as string[] };

it.skipIf(process.platform === 'win32')('a value in a job script is one word of the shell, whatever is in it', () => {
  const hostile = ['a b', "it's", '$(touch /tmp/owned)', '`id`', 'a\nb', '"; exit 3 #', '\\', '*', '-n', "'$HOME'"];
  // With Node's socket for standard input bash takes itself for a remote one, and reads what may take long.
  const bash = ['--norc', '-c'];
  for (const text of hostile) {
    const out = execFileSync('bash', [...bash, `printf %s ${quoted(text)}`], { encoding: 'utf8' });
    expect(out).toBe(text);
  }
  expect(() => quoted('a\0b')).toThrow('NUL');
});

it('a job script says no more in its directives than was asked, and nothing of a hostile name', () => {
  const script = jobScript("/home/o'neil $(id)/x.milore.yaml", 'x\n#SBATCH --uid=0\n$(id)', {
    ...options,
    gpus: 'a100:1',
    set: ["name='x'\n#SBATCH --uid=0"],
  });
  const lines = script.split('\n');
  const body = lines.findIndex((line) => line.startsWith('cd '));
  // What follows the first command Slurm does not read.
  expect(lines.slice(0, body).filter((line) => line.startsWith('#SBATCH'))).toEqual([
    '#SBATCH --job-name=x-sbatch-uid-0-id',
    '#SBATCH --time=1:00:00',
    '#SBATCH --gpus=a100:1',
    '#SBATCH --output=.milore/slurm/%x-%j.out',
    '#SBATCH --open-mode=append',
    '#SBATCH --requeue',
    '#SBATCH --signal=B:USR2@90',
  ]);
  expect(lines[body]).toBe(`cd '/home/o'\\''neil $(id)' || exit 1`);
});

it('a sweep is an array with one job a point, each told its number', () => {
  const script = jobScript('/home/x/my.milore.yaml', 'x', { ...options, atOnce: '4' }, { points: 24 });
  const lines = script.split('\n');
  expect(lines).toContain('#SBATCH --array=0-23%4');
  expect(lines).toContain('#SBATCH --output=.milore/slurm/%x-%A_%a.out');
  expect(script).toMatch(/ sweep '\.\/my\.milore\.yaml' \\\n {2}--index "\$SLURM_ARRAY_TASK_ID" --requeue 3\n/);
  expect(jobScript('/home/x/my.milore.yaml', 'x', options)).not.toContain('array');
});

it('ranks are started by srun, and each is told before the time is over', () => {
  const script = jobScript('/w/x.milore.yaml', 'x', { ...options, ranks: '8', gpus: '1', mpi: 'pmi2' });
  for (const line of ['#SBATCH --ntasks=8', '#SBATCH --gpus-per-task=1', '#SBATCH --signal=USR2@90'])
    expect(script.split('\n')).toContain(line);
  expect(script).toMatch(/^exec srun --mpi=pmi2 --kill-on-bad-exit=1 '/m);
});

it('a short limit keeps a tenth of itself, not all, for the last checkpoint', () => {
  for (const [time, early] of [
    ['5', 30],
    ['2:30', 15],
    ['0:10:00', 60],
    ['1-0', 90],
    ['infinite', 90],
    ['0', 90],
  ] as const)
    expect(jobScript('/w/x.milore.yaml', 'x', { ...options, time })).toContain(`#SBATCH --signal=B:USR2@${early}\n`);
  expect(limitSeconds('1-2:03:04')).toBe(((24 + 2) * 60 + 3) * 60 + 4);
  expect(limitSeconds('90:00')).toBe(5400);
  // After days it is hours that come first.
  expect(limitSeconds('1-12')).toBe(36 * 3600);
  expect(limitSeconds('1-12:30')).toBe(36.5 * 3600);
});

it('a job that goes on finds the run of the first; a workspace above the file is where it works', () => {
  const script = jobScript("/w/o'neil/sub/x.milore.yaml", 'x', { ...options, goOn: 'slurm-12' }, { root: "/w/o'neil" });
  expect(script).toMatch(/^cd '\/w\/o'\\''neil' \|\| exit 1$/m);
  expect(script).toContain("train './sub/x.milore.yaml' \\\n  --auto-resume 'slurm-12' --workspace . --requeue 3\n");
});
