import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { logOf, quick, train, warmWorkspace } from '../editor/bench/workspace.ts';
import { type Client, connected, type Spawned, serve } from '../support/sidecar.ts';

/** Jobs as processes: told from each other by /proc, so on Linux alone. */
const linux = process.platform === 'linux';
const folder = mkdtempSync(join(tmpdir(), 'milore-jobs-'));
const workspace = join(folder, 'work');
const steps = 20;
let server: Spawned;
let client: Client;
let reference: Buffer;

const adapterOf = (run: string) => readFileSync(join(run, 'adapter', 'adapter_model.safetensors'));
const childrenOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    try {
      return readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    } catch {
      return [];
    }
  });
const inspect = (path: string, language = 'fin') =>
  client.request('dataset/inspect', { path, language, layout: 'auto', allowOutside: false, token: 't' });

beforeAll(async () => {
  mkdirSync(join(folder, 'home'));
  reference = adapterOf(train(warmWorkspace(join(folder, 'reference'), steps)));
  warmWorkspace(workspace, steps);
  server = await serve(workspace, join(folder, 'home'));
  client = await connected(server.endpoint);
}, 240_000);
afterAll(async () => {
  server.child.kill('SIGTERM');
  await server.ended;
  rmSync(folder, { recursive: true });
});

it.runIf(linux)(
  'an inspection that is killed says so in words, and the run beside it ends as it would alone',
  async () => {
    const { result } = await client.request('run/start', { experiment: join(workspace, quick) });
    const run = join(workspace, '.milore', 'runs', result!.run as string);
    let killed = 0;
    while (!['done', 'failed'].includes(String(logOf(run).at(-1)?.type))) {
      const asked = inspect(resolve('extension/sample/speech'));
      let child: number | undefined;
      await expect.poll(() => ([child] = childrenOf(server.child.pid!)).length, { timeout: 20_000 }).toBeGreaterThan(0);
      process.kill(child!, 'SIGKILL');
      const { error } = await asked;
      expect(error?.message).toMatch(
        /its process ended with SIGKILL, perhaps for want of memory; a run beside it goes on/,
      );
      killed++;
      await new Promise((done) => setTimeout(done, 1000));
    }
    expect(killed).toBeGreaterThan(0);
    expect(adapterOf(run).equals(reference)).toBe(true);
  },
  120_000,
);

it('an Opus bomb, inspected while a run trains, is told in words as soon as any file, and the run ends as it would alone', async () => {
  const bombs = join(folder, 'bombs');
  cpSync(resolve('test/cases/H02'), bombs, { recursive: true });
  const harmless = join(folder, 'harmless');
  mkdirSync(harmless);
  for (const clip of ['eng_f1_02.opus', 'eng_f1_04.opus'])
    cpSync(resolve('extension/sample/speech/eng/f1', clip), join(harmless, clip));
  const { result } = await client.request('run/start', { experiment: join(workspace, quick) });
  const run = join(workspace, '.milore', 'runs', result!.run as string);
  const training = () => logOf(run).some(({ type }) => type === 'train' || type === 'sampling');
  await expect.poll(training, { timeout: 60_000 }).toBe(true);
  const took: number[] = [];
  // What the machine needs just now for two files of the same kind: a process, its modules, the decoder.
  const usual: number[] = [];
  while (!['done', 'failed'].includes(String(logOf(run).at(-1)?.type))) {
    const began = performance.now();
    expect((await inspect(harmless)).error).toBeUndefined();
    const before = performance.now();
    const { result: report, error } = await inspect(bombs);
    took.push(performance.now() - before);
    usual.push(before - began);
    expect(error).toBeUndefined();
    expect(report).toMatchObject({ clips: 0, skippedReasons: [{ reasonCode: 'unreadable', clips: 2 }] });
    expect(JSON.stringify(report!.skipped)).toMatch(/255 channels; up to 64/);
    rmSync(join(workspace, '.milore', 'cache', 'corpus'), { recursive: true, force: true });
  }
  const inWords = (times: readonly number[]) => times.map((ms) => Math.round(ms)).join(', ');
  console.log(`bombs answered in ${inWords(took)} ms, two clips of speech in ${inWords(usual)} ms`);
  expect(took.length).toBeGreaterThan(0);
  expect(Math.min(...took)).toBeLessThan(2 * Math.min(...usual));
  expect(adapterOf(run).equals(reference)).toBe(true);
}, 120_000);

it.runIf(linux)(
  'a job that does not stop when it is asked to is ended, whoever leaves',
  async () => {
    const stuck = join(folder, 'stuck');
    mkdirSync(stuck);
    writeFileSync(join(stuck, 'a.wav'), readFileSync(resolve('test/fixtures/README.md')));
    const other = await connected(server.endpoint);
    void other.request('dataset/inspect', {
      path: stuck,
      language: 'fin',
      layout: 'auto',
      allowOutside: false,
      token: 'u',
    });
    let child: number | undefined;
    await expect.poll(() => ([child] = childrenOf(server.child.pid!)).length, { timeout: 20_000 }).toBeGreaterThan(0);
    // It hears nothing any more, as a decoder in an endless loop would not.
    process.kill(child!, 'SIGSTOP');
    other.socket.terminate();
    await expect.poll(() => childrenOf(server.child.pid!), { timeout: 10_000 }).not.toContain(child);
  },
  60_000,
);
