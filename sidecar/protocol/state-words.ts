/** @file What a run is doing, in a word: one that a person stopped was not interrupted. */
import { type Reason, sayReason, type Translate } from './reason.ts';

export interface Standing {
  state: 'running' | 'done' | 'failed' | 'interrupted';
  reason?: Reason;
}

/** Whether a person, or whom they asked, ended it. */
export const isStopped = ({ state, reason }: Standing): boolean =>
  state === 'interrupted' && reason !== undefined && sayReason(reason, (text) => text).look === 'wish';

export function stateWord(run: Standing, t: Translate): string {
  if (isStopped(run)) return t('stopped');
  switch (run.state) {
    case 'running':
      return t('running');
    case 'done':
      return t('done');
    case 'failed':
      return t('failed');
    case 'interrupted':
      return t('interrupted');
  }
}
