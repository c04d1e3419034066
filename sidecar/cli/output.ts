/** @file What the terminal shows: tables, progress on one line for people, one JSON object a line for machines. */
import { describe, type Problem, UserError } from '../errors.ts';
import { inWords } from '../machine.ts';
import type { RunEvent } from '../protocol/events.ts';
import { measuredValue } from '../protocol/measurement.ts';

/** The code of the error that ends a run which has already said why it failed. */
export const RUN_FAILED = 'milore.run-failed';
/** Of one that was stopped, and can go on; sysexits.h calls it EX_TEMPFAIL. */
export const RUN_STOPPED = 'milore.run-stopped';
export const STOPPED_EXIT = 75;

/** Says a failure to a person or a machine; a stack is shown only where `MILORE_DEBUG` asks for it. */
export function report(fault: unknown, json: boolean): void {
  const error = inWords(fault);
  const problems: readonly Problem[] =
    error instanceof UserError
      ? error.problems
      : [
          {
            code: 'internal',
            tried: 'finish the command',
            why: `internal: ${(error as Error)?.message ?? error}`,
            cure: 'This is a fault of MiLorE. Please report it with the command and MILORE_DEBUG=1.',
          },
        ];
  if (json) tellJson({ type: 'error', problems });
  else for (const problem of problems) warn(printable(describe(problem)));
  if (process.env.MILORE_DEBUG) warn(String((error as Error)?.stack));
}

/** Lines for a person, on standard output. Every word of the terminal's goes through these four. */
export const tell = (text: string): void => void process.stdout.write(`${screened(text)}\n`);

/** A table for programs on standard output: its tabs and line breaks stay, other controls do not. */
export const tellTable = (text: string): void =>
  void process.stdout.write(
    text
      .split('\n')
      .map((line) => line.split('\t').map(printable).join('\t'))
      .join('\n'),
  );

/** Lines for a person beside the result, on standard error. */
export const warn = (text: string): void => void process.stderr.write(`${screened(text)}\n`);

/** One line for a machine; it may be a terminal all the same, and JSON leaves the second set of controls as it is. */
export const tellJson = (value: unknown): void =>
  void process.stdout.write(
    `${JSON.stringify(value).replace(/[\u007f-\u009f]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`)}\n`,
  );

/** Of several lines: all but their breaks. */
const screened = (text: string): string => text.split('\n').map(printable).join('\n');

/** Names come out of hostile files: no control character of theirs may reach the terminal. */
export const printable = (text: string) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) =>
    c === '\n' ? ' ' : `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );

/** Columns of text: the first `left` ones begin at the left, the others, numbers, end at the right. */
export function table(rows: readonly (readonly string[])[], left = 1): string {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i < left ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const STAGES = {
  scan: 'reading recordings',
  features: 'front-end features',
  units: 'fitting units',
  calibrate: 'calibrating 8 bits',
  head: 'starting head',
  train: 'training',
  evaluate: 'evaluating',
} as const;

/** Follows a run on standard error: a moving line on a terminal, nothing but warnings when piped. */
export function progressPrinter(steps: number, json: boolean): (event: RunEvent) => void {
  if (json) return (event) => void (event.type !== 'stage' && tellJson(event));
  const live = process.stderr.isTTY === true;
  let last = 0;
  const line = (text: string) =>
    live && process.stderr.write(`\r\x1b[2K${printable(text).slice(0, (process.stderr.columns ?? 80) - 1)}`);
  const say = (text: string) => {
    line('');
    warn(text);
  };
  const began = performance.now();
  return (event) => {
    if (event.type === 'stage') {
      const now = performance.now();
      if (now - last < 100 && event.done < event.total) return;
      last = now;
      line(
        [
          bar(event.done / Math.max(1, event.total)),
          STAGES[event.name],
          event.detail,
          `${event.done}/${event.total}`,
          event.leftSeconds !== undefined && ` ${lasting(event.leftSeconds)} left`,
        ]
          .filter(Boolean)
          .join(' '),
      );
    } else if (event.type === 'metrics') {
      const left = ((performance.now() - began) / 1000 / event.step) * (steps - event.step);
      const losses = event.values
        .filter(({ arm, measure, language }) => arm === 'adapted' && measure === 'loss' && language !== undefined)
        .map(({ language, value }) => `${language} ${value.toFixed(2)}`);
      const speed = measuredValue(event.values, 'audioSecondsPerSecond', { arm: 'run' });
      line(
        `${bar(event.step / steps)} step ${event.step}/${steps}  ${lasting(left)} left  ${Math.round(speed)} s/s  ${losses.join('  ')}`,
      );
    } else if (event.type === 'note' && event.level === 'warning') say(`warning: ${printable(event.text)}`);
    else if (event.type === 'skipped')
      say(`warning: step ${event.step} skipped: in the ${event.arm} arm ${printable(event.reason)}`);
    else if (event.type === 'done' || event.type === 'stopped' || event.type === 'failed') line('');
  };
}

const bar = (share: number) => `[${'━'.repeat(Math.round(20 * Math.min(1, share))).padEnd(20, '·')}]`;
/** `4:05`, and from an hour on `2 h 10 min`. */
export const lasting = (seconds: number): string =>
  seconds < 3600 ? clock(seconds) : `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
export const clock = (seconds: number) =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;

export const count = (n: number) => n.toLocaleString('en-US');
export const percentOne = (share: number) => `${(100 * share).toFixed(1)} %`;
export const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
export const signed = (x: number) => `${x < 0 ? '−' : '+'}${Math.abs(x).toFixed(3)}`;
