/** @file The bytes of a pickle, taken one after another: counts, numbers, text. */
import { PickleRefusal } from './values.ts';

export class PickleBytes {
  protected at = 0;
  protected readonly view: DataView;

  constructor(protected readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  protected take(length: number): number {
    const { at } = this;
    if (length > this.bytes.length - at)
      throw new PickleRefusal(`its pickle ends at byte ${this.bytes.length}, too early`);
    this.at += length;
    return at;
  }

  protected u8(): number {
    return this.bytes[this.take(1)];
  }

  protected u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  /** A whole number of two's complement, exact or refused; `wide`: a larger one may stand as it is. */
  protected long(length: number, wide: boolean): number | bigint {
    if (length > 8 && !wide) throw new PickleRefusal(`it holds a whole number of ${length} bytes`);
    const start = this.take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[start + i]);
    const exact = BigInt.asIntN(length * 8, value);
    const signed = Number(exact);
    if (Number.isSafeInteger(signed)) return signed;
    if (wide) return exact;
    throw new PickleRefusal(`it holds the whole number ${value}`);
  }

  protected text(length: number): string {
    const start = this.take(length);
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, length).toString('utf8');
  }

  protected line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new PickleRefusal('its pickle ends inside a name');
    const text = this.text(end - this.at);
    this.at++;
    return text;
  }
}
