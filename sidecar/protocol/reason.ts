/** @file Why a run ended, in a person's words, and whether that is a wish, a loss or a fault: for editor and dashboard. */
import type { RunHead } from './dashboard.ts';
import { stopReasons } from './events.ts';

/** The person's word for an English text; `{0}`, `{1}` … stand for the arguments. */
export type Translate = (text: string, ...args: (string | number)[]) => string;

export interface Reason {
  text: string;
  look: 'wish' | 'lost' | 'fault';
}

/** As `deriveStatus` says it; the host's name is there for a process of another machine. */
const vanished = /^Process (\d+)(?: on (.+))? ended without a word; its last sign was (\d+) s ago\.$/s;

/** Undefined where there is nothing to say; a reason that is not known stands as it was logged. */
export function reasonOf({ state, reason }: Pick<RunHead, 'state' | 'reason'>, t: Translate): Reason | undefined {
  if (!reason) return undefined;
  if (state === 'failed')
    return { text: reason === 'No reason was logged.' ? t('No reason was logged.') : reason, look: 'fault' };
  const wish = wishOf(reason, t);
  return wish === undefined ? { text: lossOf(reason, t), look: 'lost' } : { text: wish, look: 'wish' };
}

function wishOf(reason: string, t: Translate): string | undefined {
  switch (reason) {
    case stopReasons.asked:
      return t('Stopped on request.');
    case stopReasons.preparing:
      return t('Stopped on request while preparing.');
    case stopReasons.sidecar:
      return t('Stopped together with the sidecar.');
    case 'SIGINT':
    case 'SIGTERM':
      return t('Stopped by a signal ({0}).', reason);
    case 'It was stopped.':
      return t('It was stopped.');
  }
  return undefined;
}

function lossOf(reason: string, t: Translate): string {
  if (reason === 'No process has been at it.') return t('No process has been at it.');
  const [, pid, host, seconds] = vanished.exec(reason) ?? [];
  if (pid === undefined) return reason;
  return host === undefined
    ? t('Process {0} ended without a word; its last sign was {1} s ago.', pid, seconds)
    : t('Process {0} on {1} ended without a word; its last sign was {2} s ago.', pid, host, seconds);
}
