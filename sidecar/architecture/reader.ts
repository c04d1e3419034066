/** @file Reads values of an untrusted `config.json` one by one, collecting everything that is wrong and what was left out. */
import type { Problem } from '../errors.ts';

type Raw = Readonly<Record<string, unknown>>;

export class ConfigReader {
  readonly problems: Problem[] = [];
  /** `key=value` of every key that was left out, with the default that was taken. */
  readonly defaulted: string[] = [];

  constructor(
    private readonly raw: Raw,
    private readonly file: string,
  ) {}

  report(code: string, why: string, cure: string): void {
    this.problems.push({ code, tried: `use the model of ${this.file}`, why, cure });
  }
  wrong(key: string, what: string): void {
    const why = `"${key}" is ${show(this.raw[key])}; expected ${what}.`;
    this.report('checkpoint.config', why, `Correct ${key} in ${this.file}.`);
  }
  /** As it stands, unchecked; null counts as left out. */
  has(key: string): boolean {
    return this.raw[key] !== undefined && this.raw[key] !== null;
  }
  get(key: string, fallback: unknown): unknown {
    if (this.has(key)) return this.raw[key];
    this.defaulted.push(`${key}=${JSON.stringify(fallback)}`);
    return fallback;
  }
  whole(key: string, fallback: number, low: number, high: number): number {
    const value = this.get(key, fallback);
    if (Number.isInteger(value) && (value as number) >= low && (value as number) <= high) return value as number;
    this.wrong(key, `a whole number from ${low} to ${high}`);
    return fallback;
  }
  list(key: string, fallback: number[], high: number): number[] {
    const value = this.get(key, fallback);
    const ok = (n: unknown) => Number.isInteger(n) && (n as number) >= 1 && (n as number) <= high;
    if (Array.isArray(value) && value.length >= 1 && value.length <= 32 && value.every(ok)) return value as number[];
    this.wrong(key, `a list of 1 to 32 whole numbers from 1 to ${high}`);
    return fallback;
  }
  flag(key: string, fallback: boolean): boolean {
    const value = this.get(key, fallback);
    if (typeof value === 'boolean') return value;
    this.wrong(key, 'true or false');
    return fallback;
  }
}

export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'absent';
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
