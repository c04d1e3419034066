import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  openSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LogFollower, numberLine } from '../../../sidecar/runs/follow.ts';
import { type LoggedEvent, LogWriter, parseLine, readLog, readTail } from '../../../sidecar/runs/log.ts';
import { folder } from '../../support/folder.ts';

const line = (seq: number, text = '') =>
  `${JSON.stringify({ seq, time: '2026-01-01T00:00:00Z', type: 'note', level: 'info', text })}\n`;
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const log = (content = '') => join(folder({ 'log.jsonl': content }), 'log.jsonl');

/** Everything that is there now. */
async function drain(follower: LogFollower<LoggedEvent>, limit = 500): Promise<LoggedEvent[]> {
  const all: LoggedEvent[] = [];
  for (let events = await follower.read(limit); events.length > 0; events = await follower.read(limit))
    all.push(...events);
  return all;
}
const seqs = (events: LoggedEvent[]) => events.map(({ seq }) => seq);

describe('who follows a log', () => {
  it('waits for a file that is not there yet', async () => {
    const path = join(folder({}), 'log.jsonl');
    const follower = new LogFollower(path, 1, parseLine);
    expect(await follower.read(10)).toEqual([]);
    writeFileSync(path, line(1));
    expect(seqs(await follower.read(10))).toEqual([1]);
  });

  it('gets every event once, whatever the pieces in which it is written, and reads what readLog reads', async () => {
    const path = log();
    const words = ['', 'ä', '日本語', '🗣️', 'x'.repeat(5000), '"\\\n\u2028'];
    const bytes = Buffer.from(
      numbers(1, 400)
        .map((seq) => line(seq, words[seq % words.length]))
        .join(''),
    );
    const follower = new LogFollower(path, 1, parseLine);
    const got: LoggedEvent[] = [];
    const file = openSync(path, 'a');
    let seed = 7;
    const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
    for (let at = 0; at < bytes.length; ) {
      // Lines torn anywhere, also within a character.
      const length = Math.min(bytes.length - at, 1 + Math.floor(random() ** 4 * 20_000));
      at += writeSync(file, bytes, at, length);
      if (random() < 0.7) got.push(...(await follower.read(1 + Math.floor(random() * 20))));
    }
    got.push(...(await drain(follower)));
    const whole: LoggedEvent[] = [];
    for await (const event of readLog(path)) whole.push(event);
    expect(got).toEqual(whole);
    expect(seqs(got)).toEqual(numbers(1, 400));
  });

  it('leaves an unfinished last line until it is whole', async () => {
    const path = log(line(1) + line(2).slice(0, -1));
    const follower = new LogFollower(path, 1, parseLine);
    expect(seqs(await drain(follower))).toEqual([1]);
    appendFileSync(path, '\n');
    expect(seqs(await drain(follower))).toEqual([2]);
  });

  it('reads lines longer than its buffer, with characters cut at the border', async () => {
    const long = '日🗣'.repeat(500_000);
    const path = log(line(1) + line(2, long) + line(3, `x${long}`) + line(4));
    const events = await drain(new LogFollower(path, 1, parseLine));
    expect(seqs(events)).toEqual([1, 2, 3, 4]);
    expect(events[1].text === long && events[2].text === `x${long}`).toBe(true);
  });

  it('passes over a line that no event can be, and does not take its end for an event', async () => {
    const path = log(line(1));
    const follower = new LogFollower(path, 1, parseLine);
    await drain(follower);
    // The line's 16 MiB end just where something begins that looks like an event.
    appendFileSync(path, 'x'.repeat(16 << 20));
    expect(await drain(follower)).toEqual([]);
    appendFileSync(path, `${line(99)}${line(2)}`);
    expect(seqs(await drain(follower))).toEqual([2]);
  });

  it('gives about a mebibyte at once, however many events are asked for', async () => {
    const path = log(
      numbers(1, 100)
        .map((seq) => line(seq, 'x'.repeat(100_000)))
        .join(''),
    );
    const follower = new LogFollower(path, 1, parseLine);
    const first = await follower.read(500);
    expect(first.length).toBeLessThan(20);
    expect(seqs([...first, ...(await drain(follower))])).toEqual(numbers(1, 100));
  });

  it.each([1, 2, 77_777, 199_999, 200_000, 200_001])('begins at event %i of two hundred thousand', async (from) => {
    const path = log(
      numbers(1, 200_000)
        .map((seq) => `{"seq":${seq},"time":"","type":"note"}\n`)
        .join(''),
    );
    const follower = new LogFollower(path, from, parseLine);
    expect((await follower.read(1))[0]?.seq).toBe(from <= 200_000 ? from : undefined);
    expect((await drain(follower, 10_000)).length).toBe(Math.max(0, 200_000 - from));
    appendFileSync(path, line(200_001));
    expect(seqs(await drain(follower))).toEqual([200_001]);
  });

  it('misses nothing where a resume cuts a damaged end off and goes on within one look', async () => {
    const path = log(
      `${numbers(1, 50)
        .map((seq) => line(seq))
        .join('')}${'\0'.repeat(300)}\n${'\0'.repeat(7)}\n`,
    );
    const follower = new LogFollower(path, 1, parseLine);
    expect(seqs(await drain(follower))).toEqual(numbers(1, 50));
    const writer = new LogWriter(path);
    // Longer than what was cut: the size alone tells nothing.
    for (let i = 0; i < 6; i++) writer.append({ type: 'note', text: 'y'.repeat(60 + i) });
    writer.close();
    expect(seqs(await drain(follower))).toEqual(numbers(51, 56));
  });

  it('goes on by number when the file is cut short, or another takes its name', async () => {
    const content = (to: number) =>
      numbers(1, to)
        .map((seq) => line(seq))
        .join('');
    const path = log(content(20));
    const follower = new LogFollower(path, 1, parseLine);
    await drain(follower);
    truncateSync(path, content(10).length);
    expect(await drain(follower)).toEqual([]);
    appendFileSync(
      path,
      numbers(11, 25)
        .map((seq) => line(seq))
        .join(''),
    );
    expect(seqs(await drain(follower))).toEqual(numbers(21, 25));
    // Of another length within, so that the old place is in the middle of a line.
    writeFileSync(
      `${path}.new`,
      numbers(1, 30)
        .map((seq) => line(seq, `restored ${seq}`))
        .join(''),
    );
    renameSync(`${path}.new`, path);
    expect(seqs(await drain(follower))).toEqual(numbers(26, 30));
  });

  it('leaves out lines that are no events, and an event told twice', async () => {
    const path = log(
      `${line(1)}not json\n[]\n{"seq":"2","type":"x"}\n{"seq":2}\nnull\n${line(2)}${line(2)}${line(1)}${line(3)}`,
    );
    expect(seqs(await drain(new LogFollower(path, 1, parseLine)))).toEqual([1, 2, 3]);
  });

  it.skipIf(process.platform === 'win32')('is not held up by a pipe in the log’s place', async () => {
    const path = join(folder({}), 'log.jsonl');
    execFileSync('mkfifo', [path]);
    await expect(new LogFollower(path, 1, parseLine).read(1)).rejects.toThrow('no ordinary file');
    expect(readTail(path)).toEqual([]);
  });

  it('passes lines on as they stand, and knows when there are more', async () => {
    const many = Array.from({ length: 30 }, (_, i) => line(i + 1, 'x'.repeat(100_000)));
    const strange = '{"time":"2026-01-01T00:00:00Z","type":"note","seq":31}';
    const path = log(`${many.join('')}not json\n${line(30)}${strange}\n${line(32).slice(0, 20)}`);
    const follower = new LogFollower(path, 2, numberLine);
    const found: string[] = [];
    let reads = 0;
    do {
      const lines = await follower.read(500);
      expect(lines.length).toBeGreaterThan(0);
      found.push(...lines.map(({ line }) => line));
      reads++;
    } while (follower.behind);
    expect(found).toEqual([...many.slice(1).map((text) => text.trimEnd()), strange]);
    expect(reads).toBeGreaterThan(1);
    expect(await follower.read(500)).toEqual([]);
    expect(follower.behind).toBe(false);
  });

  it('says what cures a log that cannot be read', async () => {
    const path = folder({ 'log.jsonl/inside': '' });
    await expect(new LogFollower(join(path, 'log.jsonl'), 1, parseLine).read(1)).rejects.toThrow('no ordinary file');
  });

  it('copies nothing: the file is as it was', async () => {
    const path = log(line(1) + line(2).slice(0, 9));
    copyFileSync(path, `${path}.before`);
    await drain(new LogFollower(path, 1, parseLine));
    expect(readFileSync(path).equals(readFileSync(`${path}.before`))).toBe(true);
  });
});
