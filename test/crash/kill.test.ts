import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { latestCheckpoint } from '../../sidecar/runs/checkpoints.ts';
import { readLog, readPoints, readTail } from '../../sidecar/runs/log.ts';
import { openRun, runFiles } from '../../sidecar/runs/run.ts';
import { deriveStatus } from '../../sidecar/runs/status.ts';
import { finished, milore, start } from '../support/cli.ts';
import { tinyWorkspace } from '../support/tiny.ts';

const KILLS = 10;
const runsOf = (root: string) =>
  readdirSync(join(root, '.milore', 'runs')).map((id) => join(root, '.milore', 'runs', id));
const adapterOf = (run: string) => readFileSync(join(run, 'adapter', 'adapter_model.safetensors'));
const stepOf = (run: string) => readTail(join(run, runFiles.log)).at(-1)?.step ?? 0;
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe('a run that is killed', () => {
  it('ends, after ten SIGKILLs and resumes, with the parameters of the run that was never killed', async () => {
    const { root, experiment } = tinyWorkspace();
    expect((await milore(['train', experiment])).code).toBe(0);
    const [whole] = runsOf(root);
    const expected = adapterOf(whole);

    const first = start(['train', experiment]);
    let child = first;
    let ended = finished(child);
    let kills = 0;
    let run = '';
    for (;;) {
      // From the first checkpoint on there is something to kill; before, the moment is as random. On a fast machine
      // each has its share of the steps, so that none comes after the end.
      const moment = Date.now() + (kills === 0 ? 1500 : 400 + Math.random() * 900);
      const due = () => Date.now() > moment || (kills < KILLS && run !== '' && stepOf(run) > 28 * (kills + 1));
      let result: Awaited<typeof ended> | undefined;
      do result = await Promise.race([ended, pause(20).then(() => undefined)]);
      while (!result && !due());
      run ||= runsOf(root).find((path) => path !== whole) ?? '';
      if (result) {
        if (result.code === 0) break;
        expect.fail(`ended with ${result.code}: ${result.stderr}`);
      }
      if (kills < KILLS && run) {
        child.kill('SIGKILL');
        await ended;
        kills++;
        expect(deriveStatus(openRun(run)).state).toBe('interrupted');
        child = start(['train', '--resume', run]);
        ended = finished(child);
      }
    }
    expect(kills).toBe(KILLS);
    expect(adapterOf(run).equals(expected)).toBe(true);

    // No file is torn: the log reads whole, the checkpoint's hashes hold, nothing half-written is left.
    const steps = (await collect(readPoints(join(run, runFiles.log))))
      .filter((e) => e.type === 'metrics')
      .map((e) => e.step);
    expect(steps).toEqual([...new Set(steps)]);
    const seqs = (await collect(readLog(join(run, runFiles.log)))).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, i) => i + 1));
    expect(latestCheckpoint({ path: run }, () => expect.fail('a damaged checkpoint'))?.step).toBe(300);
    // A claim that was killed while it was made could be another's for a minute: whoever opens the run then removes it.
    const left = (readdirSync(run, { recursive: true }) as string[]).filter((name) => name.endsWith('.tmp'));
    expect(left.filter((name) => !name.startsWith('writer.json.'))).toEqual([]);

    // What was seen is the same too, step by step.
    const seen = async (path: string) =>
      (await collect(readPoints(join(path, runFiles.batches)))).map(({ step, seen: clips }) =>
        JSON.stringify({ step, clips }),
      );
    expect(await seen(run)).toEqual(await seen(whole));
    rmSync(root, { recursive: true });
  }, 240_000);

  it('writes a checkpoint and leaves on SIGTERM, with the word how to go on', async () => {
    const { root, experiment } = tinyWorkspace('log: { every: 1 }\n');
    const child = start(['train', experiment, '--json']);
    const ended = finished(child);
    await new Promise<void>((done) => {
      let text = '';
      child.stdout!.on('data', (chunk) => {
        text += chunk;
        if (text.includes('"type":"metrics"')) done();
      });
    });
    child.kill('SIGTERM');
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(75);
    expect(stderr).toContain('writing a checkpoint');
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const stopped = events.find(({ type }) => type === 'stopped');
    expect(latestCheckpoint({ path: runsOf(root)[0] })?.step).toBe(stopped.step);
    expect(deriveStatus(openRun(runsOf(root)[0])).state).toBe('interrupted');
    rmSync(root, { recursive: true });
  }, 60_000);
});
