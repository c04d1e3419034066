/** @file `milore report`: what a run learned and forgot, on one page. */
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { reportFiles, writeReport } from '../report/index.ts';
import { tell } from './output.ts';

export const reportRun = () =>
  new Command('report')
    .description(
      'Write what a run learned and forgot as one HTML page, as Markdown with pictures, and as LaTeX tables: data, settings, parameters, every measure with intervals, and how to do it again.',
    )
    .argument('<run>', 'the folder of a run')
    .requiredOption('--out <folder>', 'where to put it; an older report there is replaced')
    .action(async (path: string, { out }: { out: string }) => {
      const files = await writeReport(resolve(path), resolve(out));
      tell(`${join(out, reportFiles.html)} and ${files.length - 1} files beside it`);
    });
