/**
 * @file Why a run is not at work: a code and its arguments, put into a person's words only where a person reads. An
 * error's own sentence travels as it is.
 */

/** Someone wished it: on request, while it was preparing, with the sidecar, as its time in a queue ran out, by a signal. */
export type StopReason =
  | { code: 'asked' | 'preparing' | 'sidecar' | 'allocation' }
  | { code: 'signal'; signal: string };

export type Reason =
  | StopReason
  /** Stopped, and nothing says by whom. */
  | { code: 'stopped' }
  /** Nobody wished it. */
  | { code: 'unattended' }
  | { code: 'vanished'; pid: number; host?: string; seconds: number }
  /** A fault, in the words of its error. */
  | { code: 'error'; text: string };

/** The person's word for an English text; `{0}`, `{1}` … stand for the arguments. */
export type Translate = (text: string, ...args: (string | number)[]) => string;

export interface SaidReason {
  text: string;
  look: 'wish' | 'lost' | 'fault';
}

export function sayReason(reason: Reason, t: Translate): SaidReason {
  switch (reason.code) {
    case 'asked':
      return { text: t('Stopped on request.'), look: 'wish' };
    case 'preparing':
      return { text: t('Stopped on request while preparing.'), look: 'wish' };
    case 'sidecar':
      return { text: t('Stopped together with the sidecar.'), look: 'wish' };
    case 'allocation':
      return { text: t('Stopped before its allocation ended.'), look: 'wish' };
    case 'stopped':
      return { text: t('It was stopped.'), look: 'wish' };
    case 'signal':
      return { text: t('Stopped by a signal ({0}).', reason.signal), look: 'wish' };
    case 'unattended':
      return { text: t('No process has been at it.'), look: 'lost' };
    case 'vanished':
      return { text: vanished(reason, t), look: 'lost' };
    case 'error':
      return { text: reason.text || t('No reason was logged.'), look: 'fault' };
  }
}

function vanished({ pid, host, seconds }: Reason & { code: 'vanished' }, t: Translate): string {
  return host === undefined
    ? t('Process {0} ended without a word; its last sign was {1} s ago.', pid, seconds)
    : t('Process {0} on {1} ended without a word; its last sign was {2} s ago.', pid, host, seconds);
}

/** For the terminal and logs, which are English. */
export const english: Translate = (text, ...args) => text.replace(/\{(\d)\}/g, (_, i) => String(args[Number(i)]));

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** What MiLorE 0.2.0 wrote where a code stands now. */
const version1: Readonly<Record<string, Reason>> = {
  'asked to stop': { code: 'asked' },
  'asked to stop while preparing': { code: 'preparing' },
  'the sidecar was stopped': { code: 'sidecar' },
  SIGINT: { code: 'signal', signal: 'SIGINT' },
  SIGTERM: { code: 'signal', signal: 'SIGTERM' },
};

/** The reason that a line of a log gives, of any version; the line may come from anyone. */
export function reasonIn(value: unknown, otherwise: Reason): Reason {
  if (typeof value === 'string') return version1[value] ?? { code: 'error', text: value };
  if (!isRecord(value)) return otherwise;
  const { code, signal, text, pid, seconds, host } = value;
  const plain = (['asked', 'preparing', 'sidecar', 'allocation', 'stopped', 'unattended'] as const).find(
    (one) => one === code,
  );
  if (plain) return { code: plain };
  if (code === 'signal') return { code, signal: String(signal).slice(0, 20) };
  if (code === 'error') return { code, text: String(text) };
  if (code === 'vanished' && typeof pid === 'number' && typeof seconds === 'number')
    return { code, pid, seconds, ...(typeof host === 'string' ? { host } : {}) };
  return otherwise;
}
