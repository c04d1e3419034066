/**
 * @file Scalars as TensorBoard reads them: `events.out.tfevents.*`, TFRecords of Event messages.
 * It must not know what the scalars mean. Formats: tensorflow/core/util/event.proto, lib/io/record_writer.cc.
 */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readdirSync, readSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import protobuf from 'protobufjs/light.js';
import { makeFolder, writeAll } from '../disk.ts';
import { diskFault } from '../machine.ts';
import { maskedCrc32c } from './crc32c.ts';

const root = protobuf.Root.fromJSON({
  nested: {
    Value: {
      fields: { tag: { type: 'string', id: 1 }, simpleValue: { type: 'float', id: 2 } },
    },
    Summary: { fields: { value: { rule: 'repeated', type: 'Value', id: 1 } } },
    SessionLog: { fields: { status: { type: 'int32', id: 1 } } },
    Event: {
      oneofs: { what: { oneof: ['fileVersion', 'summary', 'sessionLog'] } },
      fields: {
        wallTime: { type: 'double', id: 1 },
        step: { type: 'int64', id: 2 },
        fileVersion: { type: 'string', id: 3 },
        summary: { type: 'Summary', id: 5 },
        sessionLog: { type: 'SessionLog', id: 7 },
      },
    },
  },
});

/** The Event message, for writing and for reading back. */
export const EventMessage = root.lookupType('Event');
const sessionStart = 1;
const maxRecordBytes = 1 << 26;

/** Length, its masked CRC, the data, its masked CRC. */
export function frameRecord(data: Uint8Array): Uint8Array {
  const record = Buffer.alloc(16 + data.length);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedCrc32c(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedCrc32c(data), 12 + data.length);
  return record;
}

/** Offset behind the last whole record of a file. */
function soundEnd(fd: number): number {
  const { size } = fstatSync(fd);
  const header = Buffer.alloc(12);
  let end = 0;
  while (end + 16 <= size) {
    readSync(fd, header, 0, 12, end);
    const length = header.readBigUInt64LE(0);
    if (header.readUInt32LE(8) !== maskedCrc32c(header.subarray(0, 8)) || length > maxRecordBytes) break;
    const next = end + 16 + Number(length);
    if (next > size) break;
    const data = Buffer.alloc(Number(length) + 4);
    readSync(fd, data, 0, data.length, end + 12);
    if (data.readUInt32LE(Number(length)) !== maskedCrc32c(data.subarray(0, Number(length)))) break;
    end = next;
  }
  return end;
}

/** Appends scalars to the newest event file of a folder, or to a new one. */
export class TensorBoardWriter {
  readonly path: string;
  readonly #fd: number;

  /**
   * @param resumeFromStep tells TensorBoard to forget the points after this step, which a crash lost
   */
  constructor(folder: string, { resumeFromStep }: { resumeFromStep?: number } = {}) {
    try {
      makeFolder(folder);
      const existing = readdirSync(folder)
        .filter((name) => name.startsWith('events.out.tfevents.'))
        .sort()
        .at(-1);
      const seconds = String(Math.floor(Date.now() / 1000)).padStart(10, '0');
      const host = hostname().replace(/[^A-Za-z0-9-]/g, '_') || 'host';
      this.path = join(folder, existing ?? `events.out.tfevents.${seconds}.${host}.${process.pid}.0`);
      const fd = openSync(this.path, existing ? 'r+' : 'wx+');
      const end = soundEnd(fd);
      ftruncateSync(fd, end);
      closeSync(fd);
      this.#fd = openSync(this.path, 'a');
      if (end === 0) this.#write({ wallTime: Date.now() / 1000, fileVersion: 'brain.Event:2' });
      if (resumeFromStep !== undefined) {
        this.#write({ wallTime: Date.now() / 1000, step: resumeFromStep + 1, sessionLog: { status: sessionStart } });
      }
    } catch (error) {
      throw diskFault(`open the TensorBoard events in ${folder}`, error);
    }
  }

  /** Scalars of one step by tag, `loss/eng`. */
  scalars(step: number, values: Record<string, number>, wallTimeSeconds = Date.now() / 1000): void {
    const value = Object.entries(values).map(([tag, simpleValue]) => ({ tag, simpleValue }));
    if (value.length > 0) this.#write({ wallTime: wallTimeSeconds, step, summary: { value } });
  }

  sync(): void {
    try {
      fsyncSync(this.#fd);
    } catch (error) {
      throw diskFault(`write ${this.path}`, error);
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  #write(event: Record<string, unknown>): void {
    try {
      writeAll(this.#fd, frameRecord(EventMessage.encode(EventMessage.fromObject(event)).finish()));
    } catch (error) {
      throw diskFault(`append to ${this.path}`, error, { path: this.path });
    }
  }
}
