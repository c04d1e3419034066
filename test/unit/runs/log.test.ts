import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LogWriter, readLog, readPoints, readTail } from '../../../sidecar/runs/log.ts';
import { temporaryFolder } from './folder.ts';

async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const event of events) list.push(event);
  return list;
}

function log(count: number): string {
  const path = join(temporaryFolder(), 'log.jsonl');
  const writer = new LogWriter(path);
  for (let step = 1; step <= count; step++) writer.append({ type: 'point', step, note: 'ọ̀rọ̀\n' });
  writer.sync();
  writer.close();
  return path;
}

it('events are numbered from 1 across openings', async () => {
  const path = log(3);
  const writer = new LogWriter(path);
  expect(writer.append({ type: 'point', step: 4 })).toMatchObject({ seq: 4, step: 4 });
  writer.close();
  const events = await all(readLog(path));
  expect(events.map((event) => event.seq)).toEqual([1, 2, 3, 4]);
  expect(events[0]).toMatchObject({ type: 'point', note: 'ọ̀rọ̀\n' });
  expect(new Date(events[0].time).getTime()).toBeGreaterThan(0);
  expect((await all(readLog(path, 3))).map((event) => event.seq)).toEqual([3, 4]);
});

it('a torn last line loses only that line, wherever it is torn', async () => {
  const whole = readFileSync(log(3));
  const lastLine = whole.lastIndexOf(0x0a, whole.length - 2) + 1;
  const path = join(temporaryFolder(), 'torn.jsonl');
  for (let length = lastLine; length < whole.length; length++) {
    writeFileSync(path, whole.subarray(0, length));
    expect((await all(readLog(path))).map((event) => event.seq)).toEqual([1, 2]);
    expect(readTail(path).map((event) => event.seq)).toEqual([1, 2]);
    const writer = new LogWriter(path);
    writer.append({ type: 'point', step: 30 });
    writer.close();
    expect((await all(readLog(path))).map((event) => [event.seq, event.step])).toEqual([
      [1, 1],
      [2, 2],
      [3, 30],
    ]);
  }
});

it('zeros that a power cut left at the end are cut off', async () => {
  const path = log(2);
  appendFileSync(path, `${'\0'.repeat(5000)}\n\0\0`);
  const writer = new LogWriter(path);
  expect(writer.seq).toBe(2);
  writer.close();
  expect(await all(readLog(path))).toHaveLength(2);
});

it('a file that is no log is left as it is', () => {
  const path = join(temporaryFolder(), 'letter.txt');
  writeFileSync(path, 'Dear reader,\nthis is not a log.\n');
  expect(() => new LogWriter(path)).toThrow(/none of its lines/);
  expect(readFileSync(path, 'utf8')).toContain('Dear reader');
});

it('a bad line in the middle is told and the rest is read', async () => {
  const path = log(2);
  appendFileSync(path, 'not json\n[1]\n{"seq":3,"time":"t","type":"point","step":3}\n');
  const problems: string[] = [];
  const events = await all(readLog(path, 1, { onProblem: (problem) => problems.push(`${problem.place?.line}`) }));
  expect(events.map((event) => event.seq)).toEqual([1, 2, 3]);
  expect(problems).toEqual(['3', '4']);
  await expect(all(readLog(path))).rejects.toMatchObject({ code: 'runs.log-line' });
});

it('a log that is not there yet is empty', async () => {
  expect(await all(readLog(join(temporaryFolder(), 'none.jsonl')))).toEqual([]);
  expect(await all(readPoints(join(temporaryFolder(), 'none.jsonl')))).toEqual([]);
});

it('lines longer than a chunk are whole', async () => {
  const path = log(1);
  const writer = new LogWriter(path);
  writer.append({ type: 'big', text: 'é'.repeat(100_000) });
  writer.append({ type: 'point', step: 9 });
  writer.close();
  const events = await all(readLog(path));
  expect((events[1].text as string).length).toBe(100_000);
  expect(readTail(path, 1000).at(-1)).toMatchObject({ seq: 3, step: 9 });
  expect(new LogWriter(path).seq).toBe(3);
});

it('the steps that a crash lost count once: a resume takes back what came after its checkpoint', async () => {
  const path = join(temporaryFolder(), 'log.jsonl');
  const writer = new LogWriter(path);
  const point = (step: number, life: number) => writer.append({ type: 'point', step, life });
  for (let step = 1; step <= 7; step++) point(step, 1);
  writer.append({ type: 'resumed', fromStep: 5 });
  for (let step = 6; step <= 9; step++) point(step, 2);
  writer.append({ type: 'resumed', fromStep: 8 });
  point(9, 3);
  writer.append({ type: 'resumed', fromStep: 3 });
  for (let step = 4; step <= 5; step++) point(step, 4);
  writer.close();
  const points = await all(readPoints(path));
  expect(points.map((event) => [event.step, event.life])).toEqual([
    [1, 1],
    [2, 1],
    [3, 1],
    [4, 4],
    [5, 4],
  ]);
});

it('a number that JSON cannot hold is kept as a word', async () => {
  const path = join(temporaryFolder(), 'log.jsonl');
  const writer = new LogWriter(path);
  writer.append({ type: 'point', step: 1, loss: Number.NaN, norm: Number.POSITIVE_INFINITY });
  writer.close();
  expect((await all(readLog(path)))[0]).toMatchObject({ loss: 'NaN', norm: 'Infinity' });
});

it('a hundred thousand events are streamed, and their end is read at once', async () => {
  const path = join(temporaryFolder(), 'long.jsonl');
  const lines = Array.from(
    { length: 100_000 },
    (_, i) => `{"seq":${i + 1},"time":"t","type":"point","step":${i + 1}}\n`,
  );
  writeFileSync(path, lines.join(''));
  let count = 0;
  for await (const event of readLog(path, 99_001)) count += event.seq > 99_000 ? 1 : 0;
  expect(count).toBe(1000);
  const begin = performance.now();
  expect(readTail(path).at(-1)?.seq).toBe(100_000);
  expect(new LogWriter(path).seq).toBe(100_000);
  expect(performance.now() - begin).toBeLessThan(200);
  truncateSync(path, 10);
});
