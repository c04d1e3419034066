/** @file `milore units`: fit the units of an experiment, label its speech, and report their use by language. */
import { dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { loadExperiment } from '../config/resolve.ts';
import type { CorpusSummary, RunEvent } from '../protocol/events.ts';
import { type Around, label, plan, sayDamage } from '../training/prepare/index.ts';
import { leftOut } from './left-out.ts';
import { setOption } from './options.ts';
import { count, progressPrinter, table, tell, tellJson } from './output.ts';

export const units = () =>
  new Command('units')
    .description("Fit the units of an experiment's data, label every clip, and report how each language uses them.")
    .argument('<experiment>', 'an experiment file, *.milore.yaml')
    .option('--model <folder>', 'another base model than the experiment names')
    .addOption(setOption())
    .option('--json', 'JSON on standard output', false)
    .action(async (file: string, { model, set, json }: { model?: string; set: string[]; json: boolean }) => {
      const overrides = model ? [...set, `base.model=${resolve(model)}`] : set;
      const { experiment } = await loadExperiment(file, [...overrides, 'control=false']);
      const corpus: CorpusSummary[] = [];
      const show = json ? () => {} : progressPrinter(1, false);
      const emit = (event: RunEvent) => {
        if (event.type === 'corpus') corpus.push(event);
        show(event);
      };
      const around: Around = {
        cache: join(dirname(resolve(file)), '.milore', 'cache'),
        device: 'cpu',
        emit,
        onDamage: sayDamage(emit),
        signal: new AbortController().signal,
      };
      const { features, units } = await label(await plan(experiment, around), around);
      await features.close();
      const report = Object.entries(units.use).map(([language, use]) => clusterUse(language, use));
      if (json) tellJson({ key: units.key, languages: report, corpus });
      else {
        const rows = report.map((r) => [
          r.language,
          count(r.frames),
          `${r.used} of ${r.units}`,
          r.perplexity.toFixed(1),
          `${(100 * r.largest).toFixed(1)} %`,
        ]);
        if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K');
        for (const line of leftOut(corpus, { named: true })) tell(line);
        tell(table([['language', 'frames', 'units used', 'perplexity', 'largest unit'], ...rows]));
      }
    });

/** Perplexity: exp of the entropy of the units' shares; as many units, evenly used, would give it. */
export function clusterUse(language: string, use: readonly number[]) {
  const frames = use.reduce((a, b) => a + b, 0);
  const entropy = use.reduce((h, n) => (n > 0 ? h - (n / frames) * Math.log(n / frames) : h), 0);
  return {
    language,
    frames,
    units: use.length,
    used: use.filter((n) => n > 0).length,
    perplexity: Math.exp(entropy),
    largest: Math.max(...use) / frames,
  };
}
