/** @file `milore estimate`: what an experiment will cost on this machine, some real steps of it measured. */
import { dirname, resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { Experiment } from '../config/experiment.ts';
import { loadExperiment } from '../config/resolve.ts';
import { devices } from '../config/schema.ts';
import { sizeInWords } from '../machine.ts';
import type { Estimate } from '../protocol/messages.ts';
import { estimate as measure } from '../training/estimate.ts';
import { speechOf } from '../training/speech.ts';
import { setOption } from './options.ts';
import { count, lasting, percent, printable, table, tell, tellJson } from './output.ts';

interface Options {
  device?: Experiment['device'];
  set: string[];
  data: boolean;
  json: boolean;
}

export const estimate = () =>
  new Command('estimate')
    .description('Measure some steps of an experiment, in float32 and in 8 bits, and say how long all will take.')
    .argument('<experiment>', 'an experiment file, *.milore.yaml')
    .addOption(new Option('--device <device>', 'where to compute').choices([...devices]))
    .addOption(setOption())
    .option('--no-data', 'do not read the recordings first: how long preparing them takes is not known then')
    .option('--json', 'one JSON object on standard output', false)
    .action(async (file: string, options: Options) => {
      const { experiment } = await loadExperiment(file, options.set);
      const live = process.stderr.isTTY === true && !options.json;
      const line = (text: string) => live && process.stderr.write(`\r\x1b[2K${printable(text)}`);
      const cache = dirname(resolve(file));
      const { signal } = new AbortController(); // Nothing is lost where Ctrl-C ends it.
      const reading = (code: string, done: number, total: number) => line(`reading ${code} ${done}/${total}`);
      const result = await measure(experiment, {
        cache,
        device: options.device ?? experiment.device,
        signal,
        ...(options.data ? { speech: await speechOf(experiment, { cache, signal, progress: reading }) } : {}),
        progress: (done, total) => line(`measuring some steps ${done}/${total}`),
      });
      if (live) process.stderr.write('\r\x1b[2K');
      if (options.json) tellJson(result);
      else tell(inWords(result));
    });

export function inWords({
  device,
  experts,
  routers,
  shareWithoutHead,
  stepSeconds,
  totalSeconds,
  int8,
  peakBytes,
  whole,
}: Estimate): string {
  const row = (name: string, one: { stepSeconds: number; totalSeconds: number }) => [
    name,
    `${one.stepSeconds.toPrecision(2)} s`,
    lasting(one.totalSeconds),
  ];
  const rows = [
    [`on ${device}`, 'a step', 'all steps and evaluations'],
    row('float32', { stepSeconds, totalSeconds }),
    ...(int8 ? [row('int8', int8)] : []),
  ];
  return [
    `${count(experts + routers)} parameters are trained (${percent(shareWithoutHead)} of the base).`,
    '',
    table(rows),
    '',
    whole
      ? `${lasting(whole.totalSeconds)} in all, ${lasting(whole.preparationSeconds)} of it to prepare the audio, once for this base; ${sizeInWords(peakBytes)} of memory.`
      : `${sizeInWords(peakBytes)} of memory. Preparing the audio, and what is measured before and after, is not in it.`,
  ].join('\n');
}
