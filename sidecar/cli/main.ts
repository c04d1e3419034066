/** @file The command line as a function: arguments in, exit code out. 0 done, 1 failed, 2 wrong usage, 75 stopped and can go on. */
import { Command, CommanderError } from 'commander';
import { VERSION } from '../version.ts';
import { cache } from './cache.ts';
import { cuda } from './cuda.ts';
import { devices } from './devices.ts';
import { disk } from './disk.ts';
import { embed } from './embed.ts';
import { estimate } from './estimate.ts';
import { exportAdapter, rollback } from './export.ts';
import { inspect } from './inspect.ts';
import { jobs } from './jobs.ts';
import { mcp } from './mcp.ts';
import { RUN_FAILED, RUN_STOPPED, report, STOPPED_EXIT } from './output.ts';
import { publishCommand } from './publish.ts';
import { queue } from './queue.ts';
import { reportRun } from './report.ts';
import { sbatch } from './sbatch.ts';
import { serve } from './serve.ts';
import { superb } from './superb.ts';
import { sweep } from './sweep.ts';
import { train } from './train.ts';
import { transcribe } from './transcribe.ts';
import { units } from './units.ts';

/** `argv` is what follows the program's name. Never throws: whatever goes wrong is said on standard error. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    await program().parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.code === RUN_STOPPED) return STOPPED_EXIT;
      return error.code === RUN_FAILED ? 1 : error.exitCode === 0 ? 0 : 2;
    }
    report(error, argv.includes('--json'));
    return 1;
  }
}

function program(): Command {
  const all = new Command('milore')
    .description('Teach a frozen multilingual speech model new languages, without forgetting the old ones.')
    .version(VERSION)
    .showHelpAfterError('Run the command with --help to see what it takes.')
    .exitOverride();
  for (const add of [
    train,
    estimate,
    sweep,
    queue,
    embed,
    units,
    inspect,
    superb,
    transcribe,
    reportRun,
    devices,
    cuda,
    exportAdapter,
    rollback,
    publishCommand,
    cache,
    disk,
    sbatch,
    jobs,
    serve,
    mcp,
  ]) {
    const command = add();
    command.exitOverride().showHelpAfterError('Run it with --help to see what it takes.');
    all.addCommand(command);
  }
  return all;
}
