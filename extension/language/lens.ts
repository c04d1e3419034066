/** @file What stands above an experiment: the buttons, and a line with its exact size and what a run is about to take. */
import type { CodeLens } from 'vscode-languageserver';
import type { BaseConfig } from '../../sidecar/architecture/config.ts';
import { expectRun } from '../../sidecar/config/expect.ts';
import { expectWhole, type Speech } from '../../sidecar/config/expect-whole.ts';
import type { Pace } from '../../sidecar/config/pace.ts';
import type { Experiment } from '../../sidecar/config/parse.ts';
import { sizeOf } from '../../sidecar/config/size.ts';
import type { Translate } from './words.ts';

const top = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
const text = (title: string): CodeLens => ({ range: top, command: { title, command: '' } });

export function buttons(uri: string, t: Translate): CodeLens[] {
  const button = (title: string, command: string): CodeLens => ({
    range: top,
    command: { title, command, arguments: [uri] },
  });
  return [
    button(t('Train'), 'milore.train'),
    button(t('Train on…'), 'milore.trainOn'),
    button(t('Estimate'), 'milore.estimate'),
  ];
}

/** `2,064,384`, grouped as the editor's English is. */
const grouped = (count: number) => count.toLocaleString('en-US');

const percent = (share: number) => (100 * share).toFixed(share < 0.0995 ? 2 : 1);

/** Two figures at most: no more is known. */
export function roughly(bytes: number): string {
  const gib = bytes / 2 ** 30;
  return gib >= 1 ? `${gib.toFixed(gib < 10 ? 1 : 0)} GB` : `${Math.round(bytes / 2 ** 20 / 10) * 10} MB`;
}

export function duration(seconds: number, t: Translate): string {
  if (seconds < 90) return t('{0} s', Math.max(1, Math.round(seconds)));
  if (seconds < 90 * 60) return t('{0} min', Math.round(seconds / 60));
  if (seconds < 36 * 3600) return t('{0} h', (seconds / 3600).toFixed(seconds < 36_000 ? 1 : 0));
  return t('{0} days', (seconds / 86_400).toFixed(1));
}

/** What is known beside the file. */
export interface KnownOf {
  /** Of languages whose recordings have been read. */
  speech: Speech;
  /** Of this machine, once something has run on it. */
  pace?: Pace;
}

/** Exact counts, then what is only about so. `threads`: of the machine that would train. */
export function sizeLine(
  experiment: Experiment,
  base: BaseConfig | undefined,
  threads: number,
  t: Translate,
  known: KnownOf = { speech: {} },
): CodeLens[] {
  if (!base) return [text(t('Size unknown: the base model’s folder has no readable config.json of a HuBERT'))];
  let size: ReturnType<typeof sizeOf>;
  try {
    size = sizeOf(experiment, base);
  } catch (error) {
    return [text(error instanceof Error ? error.message.split('\n')[0] : String(error))];
  }
  const trained = size.experts + size.routers + size.baseTrained;
  const counted =
    trained === 0
      ? t('{0} trainable parameters, in the head alone', grouped(size.head))
      : t(
          '{0} trainable parameters ({1} %) + {2} in the head',
          grouped(trained),
          percent(size.shareWithoutHead),
          grouped(size.head),
        );
  return [text(counted), text(timeLine(experiment, base, threads, t, known))];
}

/** The time from the press to the end, preparing the audio included where it is known how much there is. */
function timeLine(
  experiment: Experiment,
  base: BaseConfig,
  threads: number,
  t: Translate,
  { speech, pace }: KnownOf,
): string {
  const onProcessor = experiment.device === 'auto' || experiment.device === 'cpu';
  if (!onProcessor && !pace) return t('Estimate measures memory and time on {0}', experiment.device);
  const { peakBytes, totalSeconds } = expectRun(experiment, base, threads);
  if (!Object.keys(experiment.languages).every((code) => code in speech))
    return t(
      'about {0}, {1} beside preparing the audio (inspect it to know)',
      roughly(peakBytes),
      duration(totalSeconds * (pace?.steps ?? 1), t),
    );
  const whole = expectWhole(experiment, base, threads, speech, pace);
  const values = [roughly(peakBytes), duration(whole.totalSeconds, t), duration(whole.preparationSeconds, t)];
  return pace
    ? t('about {0}, {1} in all as measured on this machine, {2} of it to prepare the audio', ...values)
    : t('about {0}, {1} in all on this CPU, {2} of it to prepare the audio', ...values);
}
