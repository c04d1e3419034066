#!/usr/bin/env node
/** @file The terminal: `milore <verb>`. Exit code 0 done, 1 failed, 2 wrong usage. */
import { Command, CommanderError } from 'commander';
import { devices } from './cli/devices.ts';
import { embed } from './cli/embed.ts';
import { exportAdapter } from './cli/export.ts';
import { inspect } from './cli/inspect.ts';
import { report } from './cli/output.ts';
import { train } from './cli/train.ts';
import { units } from './cli/units.ts';
import { VERSION } from './version.ts';

const program = new Command('milore')
  .description('Teach a frozen multilingual speech model new languages, without forgetting the old ones.')
  .version(VERSION)
  .showHelpAfterError('Run the command with --help to see what it takes.')
  .exitOverride();
for (const add of [train, embed, units, inspect, devices, exportAdapter]) {
  const command = add();
  command.exitOverride().showHelpAfterError('Run it with --help to see what it takes.');
  program.addCommand(command);
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    report(error, process.argv.includes('--json'));
    process.exitCode = 1;
  }
}
