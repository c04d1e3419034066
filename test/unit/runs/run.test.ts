import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeFileAtomic } from '../../../sidecar/disk.ts';
import { listRuns, openRun, RunLogs, readResolved, slug } from '../../../sidecar/runs/run.ts';
import { deriveStatus, writeHeartbeat } from '../../../sidecar/runs/status.ts';
import { newRun, temporaryFolder } from './folder.ts';

describe('a run’s folder', () => {
  it('lies under .milore/runs, is named by time and name, and opens as it was made', () => {
    const root = temporaryFolder();
    const run = newRun('Add Yorùbá!', root);
    expect(run.id).toMatch(/^\d{8}-\d{6}-add-yorùbá-[0-9a-f]{4}$/);
    expect(run.path).toBe(join(root, '.milore', 'runs', run.id));
    expect(openRun(run.path)).toEqual(run);
    expect(readResolved(run)).toEqual({ training: { steps: 300 } });
    expect(readFileSync(join(run.path, 'experiment.milore.yaml'), 'utf8')).toBe('seed: 1\n');
  });

  it.each([
    '../../etc/passwd',
    '..',
    '.',
    '',
    'a/b\\c:d',
    'CON',
    'x\u0000y\n\u001b[31m',
    '\u202eevil',
    'ọ'.repeat(500),
    '🙂'.repeat(100),
    '語'.repeat(500),
    '-rf',
    'a'.repeat(1e6),
  ])('a hostile name stays one harmless folder: %j', (name) => {
    const root = temporaryFolder();
    const run = newRun(name, root);
    expect(dirname(run.path)).toBe(join(root, '.milore', 'runs'));
    expect(basename(run.path)).toMatch(/^\d{8}-\d{6}-[\p{L}\p{M}\p{N}-]+-[0-9a-f]{4}$/u);
    expect([...run.id].length).toBeLessThanOrEqual(80);
    expect(Buffer.byteLength(run.id)).toBeLessThan(250);
    expect(slug(name)).not.toMatch(/^-|-$/);
  });

  it('is listed with its neighbours, and one that is broken is told', () => {
    const root = temporaryFolder();
    expect(listRuns(root)).toEqual({ runs: [], problems: [] });
    const run = newRun('a', root);
    mkdirSync(join(root, '.milore', 'runs', 'broken'));
    mkdirSync(join(root, '.milore', 'runs', '.half-made.tmp'));
    const { runs, problems } = listRuns(root);
    expect(runs).toEqual([run]);
    expect(problems).toMatchObject([{ code: 'runs.not-a-run' }]);
  });

  it('that is none says so', () => {
    expect(() => openRun(temporaryFolder())).toThrow(/holds no readable run.json/);
    expect(() => openRun(join(temporaryFolder(), 'none'))).toThrow(/no such folder/);
  });

  it('loses its half-written files when it is opened for writing, and only then', () => {
    const run = newRun();
    mkdirSync(join(run.path, 'checkpoints', 'step-000005.77.tmp'));
    writeFileSync(join(run.path, 'heartbeat.json.1-ab.tmp'), '{');
    mkdirSync(join(run.path, 'evaluation'));
    writeFileSync(join(run.path, 'evaluation', 'row-0.json.1-ab.tmp'), '{');
    openRun(run.path);
    expect(existsSync(join(run.path, 'checkpoints', 'step-000005.77.tmp'))).toBe(true);
    openRun(run.path, { write: true });
    expect(readdirSync(join(run.path, 'checkpoints'))).toEqual([]);
    expect(existsSync(join(run.path, 'heartbeat.json.1-ab.tmp'))).toBe(false);
    expect(existsSync(join(run.path, 'evaluation', 'row-0.json.1-ab.tmp'))).toBe(false);
  });

  it('is not written by two processes', () => {
    const run = newRun();
    const beat = { pid: process.ppid, host: hostname(), time: new Date().toISOString(), step: 3 };
    writeFileSync(join(run.path, 'heartbeat.json'), JSON.stringify(beat));
    expect(() => openRun(run.path, { write: true })).toThrow(/still writing it, at step 3/);
  });
});

describe('the state of a run', () => {
  const logged = (...events: Record<string, unknown>[]) => {
    const run = newRun();
    const logs = new RunLogs(run);
    for (const event of events) logs.log.append({ type: 'point', ...event });
    logs.close();
    return run;
  };
  const beat = (run: { path: string }, fields: Record<string, unknown>) =>
    writeFileSync(
      join(run.path, 'heartbeat.json'),
      JSON.stringify({ pid: process.pid, host: hostname(), time: new Date().toISOString(), step: 4, ...fields }),
    );

  it('is what its log last said', () => {
    expect(deriveStatus(logged({ step: 300 }, { type: 'done' }))).toEqual({ state: 'done', step: 300, steps: 300 });
    expect(deriveStatus(logged({ step: 7 }, { type: 'failed', reason: 'NaN' }))).toMatchObject({
      state: 'failed',
      reason: { code: 'error', text: 'NaN' },
      step: 7,
    });
    const reason = { code: 'signal', signal: 'SIGINT' };
    expect(deriveStatus(logged({ type: 'stopped', reason }))).toMatchObject({
      state: 'interrupted',
      reason,
    });
  });

  it('is running while its process lives, however long it is silent', () => {
    const run = logged({ type: 'started', steps: 50 }, { step: 3 });
    writeHeartbeat(run, 4);
    expect(deriveStatus(run)).toEqual({ state: 'running', step: 4, steps: 50, pid: process.pid, host: hostname() });
    expect(deriveStatus(run, Date.now() + 3_600_000).state).toBe(
      process.platform === 'linux' ? 'running' : 'interrupted',
    );
  });

  it('is interrupted when its process is gone, or another has taken its number', () => {
    const run = logged({ type: 'started' });
    beat(run, { pid: 2 ** 22 + 12345 });
    expect(deriveStatus(run)).toMatchObject({
      state: 'interrupted',
      reason: { code: 'vanished', pid: 2 ** 22 + 12345 },
    });
    if (process.platform === 'linux') {
      beat(run, { born: '1' });
      expect(deriveStatus(run).state).toBe('interrupted');
    }
  });

  it('on another machine follows the heartbeat', () => {
    const run = logged({ type: 'started' });
    beat(run, { host: 'elsewhere' });
    expect(deriveStatus(run).state).toBe('running');
    expect(deriveStatus(run, Date.now() + 300_000)).toMatchObject({
      state: 'interrupted',
      reason: { code: 'vanished', host: 'elsewhere' },
    });
  });

  it('goes on from the resumed step, and a later resume outlives an older end', () => {
    const run = logged({ step: 9 }, { type: 'failed', reason: 'x' }, { type: 'resumed', fromStep: 5 });
    writeHeartbeat(run, 5);
    expect(deriveStatus(run)).toMatchObject({ state: 'running', step: 5 });
  });

  it.each(['', '{', '[]', '{"pid":-1}', '{"pid":1}', '\0\0\0'])('survives the heartbeat %j', (text) => {
    const run = newRun();
    writeFileSync(join(run.path, 'heartbeat.json'), text);
    expect(deriveStatus(run)).toMatchObject({ state: 'interrupted', steps: 300 });
  });
});

it('the three logs take back lost steps together', () => {
  const run = newRun();
  const logs = new RunLogs(run);
  logs.resumed(4);
  logs.sync();
  logs.close();
  for (const name of ['log', 'batches', 'utilisation']) {
    expect(readFileSync(join(run.path, `${name}.jsonl`), 'utf8')).toMatch(
      /^\{"seq":1,.*"type":"resumed","fromStep":4\}\n$/,
    );
  }
});

it('an atomic write replaces the content and leaves nothing beside it', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'a.json');
  writeFileAtomic(path, 'one');
  writeFileAtomic(path, 'two', { durable: false });
  expect(readFileSync(path, 'utf8')).toBe('two');
  expect(readdirSync(folder)).toEqual(['a.json']);
  expect(() => writeFileAtomic(join(folder, 'none', 'b'), 'x')).toThrow(/Could not write/);
});
