import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { crc32c, maskedCrc32c } from '../../../sidecar/runs/crc32c.ts';
import { EventMessage, frameRecord, TensorBoardWriter } from '../../../sidecar/runs/tensorboard.ts';
import { temporaryFolder } from './folder.ts';

function decode(path: string) {
  const bytes = readFileSync(path);
  const events = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    expect(bytes.readUInt32LE(at + 8)).toBe(maskedCrc32c(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(maskedCrc32c(data));
    events.push(EventMessage.toObject(EventMessage.decode(data), { longs: Number }));
    at += 16 + length;
  }
  return events;
}

it('CRC-32C agrees with the vectors of RFC 3720', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
});

it('an event has the bytes that TensorFlow writes', () => {
  const event = EventMessage.fromObject({ wallTime: 1, step: 3, summary: { value: [{ tag: 'a', simpleValue: 0.5 }] } });
  const hex = Buffer.from(EventMessage.encode(event).finish()).toString('hex');
  // wall_time = 1.0, step = 3, summary { value { tag: "a" simple_value: 0.5 } }
  expect(hex).toBe('09000000000000f03f10032a0a0a080a0161150000003f');
  // Event files of TensorFlow begin with an Event of 24 bytes: 18 00 00 00 00 00 00 00 a3 7f 4b 22.
  expect(Buffer.from(frameRecord(new Uint8Array(24))).toString('hex', 0, 12)).toBe('1800000000000000a37f4b22');
});

it('scalars are read back by step and tag, each record under its checksums', () => {
  const folder = temporaryFolder();
  const writer = new TensorBoardWriter(folder);
  writer.scalars(10, { 'loss/eng': 2.5, 'loss/yor': 3.25 }, 1000);
  writer.scalars(20, { 'loss/eng': Number.NaN }, 1001);
  writer.sync();
  writer.close();
  expect(readdirSync(folder)[0]).toMatch(/^events\.out\.tfevents\.\d{10}\./);
  const events = decode(writer.path);
  expect(events[0].fileVersion).toBe('brain.Event:2');
  expect(events[1]).toEqual({
    wallTime: 1000,
    step: 10,
    summary: {
      value: [
        { tag: 'loss/eng', simpleValue: 2.5 },
        { tag: 'loss/yor', simpleValue: 3.25 },
      ],
    },
  });
  expect(events[2].summary.value[0].simpleValue).toBeNaN();
});

it('a torn last record loses only that record, and the next run of it appends', () => {
  const folder = temporaryFolder();
  const first = new TensorBoardWriter(folder);
  first.scalars(1, { a: 1 });
  const sound = readFileSync(first.path).length;
  first.scalars(2, { a: 2 });
  first.close();
  const whole = readFileSync(first.path);
  for (let length = sound; length < whole.length; length++) {
    writeFileSync(first.path, whole);
    truncateSync(first.path, length);
    const again = new TensorBoardWriter(folder, { resumeFromStep: 1 });
    again.scalars(2, { a: 20 });
    again.close();
    const events = decode(first.path);
    expect(events.map((event) => event.step ?? 0)).toEqual([0, 1, 2, 2]);
    expect(events[2].sessionLog).toEqual({ status: 1 });
    expect(events[3].summary.value[0].simpleValue).toBe(20);
  }
  expect(readdirSync(folder)).toHaveLength(1);
});
