/** @file How far a run is, in words: the same in the dashboard, the status bar and the tree. */
import type { Translate } from './reason.ts';

export interface Going {
  stage: string;
  done: number;
  total: number;
  /** Of all that comes before the first step, 0 to 1; absent from the first step on, and from older sidecars. */
  whole?: { share: number; leftSeconds?: number };
}

export interface GoingWords {
  /** `preparing 43 %`, or `step 10 of 40 (25 %)`. */
  text: string;
  /** What is being prepared: `fits units`. */
  what?: string;
  /** For a bar, 0 to 1. */
  share: number;
  leftSeconds?: number;
}

/** Undefined of what is neither a preparation nor a step, as a measurement in the middle: the last that was said stands. */
export function progressWords(going: Going, t: Translate): GoingWords | undefined {
  const { stage, done, total, whole } = going;
  if (stage === 'train') return stepWords(done, total, t);
  if (!whole) return undefined;
  const what = partWord(stage, t);
  return {
    text: t('preparing {0}\u202f%', Math.floor(100 * whole.share)),
    ...(what ? { what } : {}),
    share: whole.share,
    ...(whole.leftSeconds === undefined ? {} : { leftSeconds: whole.leftSeconds }),
  };
}

export function stepWords(step: number, steps: number, t: Translate): GoingWords {
  const share = steps > 0 ? Math.min(1, step / steps) : 0;
  return { text: t('step {0} of {1} ({2}\u202f%)', step, steps, Math.floor(100 * share)), share };
}

function partWord(stage: string, t: Translate): string | undefined {
  switch (stage) {
    case 'scan':
      return t('reads recordings');
    case 'features':
      return t('computes features');
    case 'units':
      return t('fits units');
    case 'calibrate':
      return t('calibrates 8 bits');
    case 'head':
      return t('starts the head');
    case 'evaluate':
      return t('evaluates');
    default:
      return undefined;
  }
}
