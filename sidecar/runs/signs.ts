/** @file What the alarms say of a run, from the files of its folder alone; anyone may have written them. */
import { join } from 'node:path';
import { deadExperts, isCollapsed, LOSS_SHARE } from '../protocol/alarm-rules.ts';
import type { Signs } from '../protocol/result-words.ts';
import { isRecord } from './files.ts';
import { readLog, readTail } from './log.ts';
import { runFiles } from './run.ts';

/** Reads the log until training begins, and the last line of what experts did. */
export async function readSigns(run: { path: string }): Promise<Signs> {
  const unmeasured: string[] = [];
  const short: string[] = [];
  for await (const event of readLog(join(run.path, runFiles.log), 1, { onProblem: () => {} })) {
    if (event.type === 'metrics') break;
    if (event.type !== 'corpus' || typeof event.language !== 'string') continue;
    const code = event.language.slice(0, 80);
    const pieces = isRecord(event.dropped) && typeof event.dropped.pieces === 'number' ? event.dropped.pieces : 0;
    if (event.heldOutSeconds === 0) unmeasured.push(code);
    if (typeof event.utterances === 'number' && pieces > LOSS_SHARE * event.utterances) short.push(code);
  }
  return { unmeasured: [...new Set(unmeasured)], short: [...new Set(short)], ...routing(run) };
}

function routing(run: { path: string }): Pick<Signs, 'dead' | 'collapsed'> {
  const last = readTail(join(run.path, runFiles.utilisation)).findLast(({ type }) => type === 'utilisation');
  const all = isRecord(last?.languages) ? Object.values(last.languages).filter(Array.isArray) : [];
  let [dead, collapsed] = [0, 0];
  for (let site = 0; site < Math.min(10_000, all[0]?.length ?? 0); site++) {
    const uses = all.map((one) => one[site]).filter(isRecord);
    const read = (name: string) => uses.map((one) => one[name]).filter((one): one is number[] => isNumbers(one));
    const [loads, gates] = [read('load'), read('gates')];
    if (loads.length > 0) dead += deadExperts(loads).length;
    if (gates.length > 0 && isCollapsed(gates)) collapsed++;
  }
  return { dead, collapsed };
}

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'number');
