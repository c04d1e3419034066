import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { finished, milore, start } from '../support/cli.ts';
import { scratch } from '../support/scratch.ts';
import { sources, superbFolder } from '../support/superb-folder.ts';

const path = scratch();
const KILLS = 3;
const UPDATES = 48;
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

const args = (cache: string, out: string) =>
  ['superb', '--folder', path('data'), '--tasks', 'multi,joint', '--model', resolve('extension/sample/base')].concat(
    ['--updates', String(UPDATES), '--accumulate', '1', '--width', '16', '--checkpoint-every', '4'],
    ['--cache', path(cache), '--out', path(out), '--keep', path(out, 'kept')],
  );

/** Every file below a folder with its bytes. */
function contents(folder: string): Record<string, string> {
  const names = (
    readdirSync(folder, { recursive: true, withFileTypes: true }) as {
      name: string;
      parentPath: string;
      isFile(): boolean;
    }[]
  )
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(names.map((name) => [name.slice(folder.length), readFileSync(name, 'base64')]));
}

/** Updates saved so far, over all works; a finished one counts as all. */
function saved(cache: string): number {
  const works = path(cache, 'superb');
  if (!existsSync(works)) return 0;
  return readdirSync(works).reduce((sum, work) => {
    if (existsSync(join(works, work, 'result.json'))) return sum + UPDATES;
    const checkpoints = join(works, work, 'checkpoints');
    const steps = existsSync(checkpoints)
      ? readdirSync(checkpoints).flatMap((name) => /^step-(\d+)$/.exec(name)?.[1] ?? [])
      : [];
    return sum + Math.max(0, ...steps.map(Number));
  }, 0);
}

it('a recogniser whose training is killed at random moments ends byte for byte as one that never was', async () => {
  await superbFolder(path('data'), { train: 5, dev: 2, test: 3 }, sources().slice(0, 2));
  const whole = await milore(args('whole', 'out-whole'));
  expect(whole.code, whole.stderr).toBe(0);

  let kills = 0;
  let resumed = 0;
  for (;;) {
    const child = start(args('killed', 'out-killed'));
    const ended = finished(child);
    let result: Awaited<typeof ended> | undefined;
    // The first falls while states are computed, the others where so much more of the trainings is saved, and a little later.
    const at = kills === 0 ? -1 : saved('killed') + 4 + 8 * kills;
    const later = Date.now() + 700 + 800 * Math.random();
    while (!result && (kills >= KILLS || (at < 0 ? Date.now() < later : saved('killed') < at)))
      result = await Promise.race([ended, pause(10).then(() => undefined)]);
    if (!result) {
      await pause(30 * Math.random());
      child.kill('SIGKILL');
      kills++;
      result = await ended;
    }
    if (result.stderr.includes('goes on from update')) resumed++;
    if (result.code === 0) break;
    expect(result.signal, result.stderr).toBe('SIGKILL');
  }
  expect(kills).toBe(KILLS);
  expect(resumed).toBeGreaterThanOrEqual(1);
  expect(contents(path('out-killed'))).toEqual(contents(path('out-whole')));
  expect(Object.keys(contents(path('out-whole'))).length).toBe(3 + 2 * 2);
  const left = readdirSync(path('killed', 'superb'), { recursive: true }) as string[];
  expect(left.filter((name) => /tmp|checkpoints|writer/.test(name))).toEqual([]);
}, 240_000);
