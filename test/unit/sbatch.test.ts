import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { jobScript, quoted } from '../../sidecar/cli/sbatch.ts';

const options = { time: '1:00:00', requeue: '3', set: [] as string[] };

it.skipIf(process.platform === 'win32')('a value in a job script is one word of the shell, whatever is in it', () => {
  const hostile = ['a b', "it's", '$(touch /tmp/owned)', '`id`', 'a\nb', '"; exit 3 #', '\\', '*', '-n', "'$HOME'"];
  for (const text of hostile) {
    const out = execFileSync('bash', ['-c', `printf %s ${quoted(text)}`], { encoding: 'utf8' });
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

it('ranks are started by srun, and each is told before the time is over', () => {
  const script = jobScript('/w/x.milore.yaml', 'x', { ...options, ranks: '8', gpus: '1', mpi: 'pmi2' });
  for (const line of ['#SBATCH --ntasks=8', '#SBATCH --gpus-per-task=1', '#SBATCH --signal=USR2@90'])
    expect(script.split('\n')).toContain(line);
  expect(script).toMatch(/^exec srun --mpi=pmi2 --kill-on-bad-exit=1 '/m);
});
