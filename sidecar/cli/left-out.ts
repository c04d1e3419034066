/** @file What of a data set was not used, and what is worth knowing of the rest, as lines of the terminal. */
import type { CorpusSummary } from '../protocol/events.ts';
import { printable } from './output.ts';

const mostNamed = 10;

/** Of a run the log names each recording; where there is no log, the first of them are named here. */
export function leftOut(corpus: readonly CorpusSummary[], { named }: { named: boolean }): string[] {
  return corpus.flatMap(({ language, skipped, notes }) => [
    ...(skipped.length > 0
      ? [
          `${language}: ${skipped.length} ${skipped.length === 1 ? 'recording' : 'recordings'} left out (${tally(skipped)})${named ? ':' : '; the log names each.'}`,
        ]
      : []),
    ...(named ? skipped.slice(0, mostNamed).map(({ reason }) => `  ${printable(reason)}`) : []),
    ...(named && skipped.length > mostNamed ? [`  and ${skipped.length - mostNamed} more`] : []),
    ...notes.map((note) => `${language}: ${printable(note)}`),
  ]);
}

function tally(skipped: readonly { reasonCode: string }[]): string {
  const by = new Map<string, number>();
  for (const { reasonCode } of skipped) by.set(reasonCode, (by.get(reasonCode) ?? 0) + 1);
  return [...by].map(([code, times]) => `${times} ${code}`).join(', ');
}
