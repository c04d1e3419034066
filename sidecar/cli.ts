#!/usr/bin/env node
/** @file The terminal: `milore <verb>`. Knows the process; the verbs are in cli/. */
import { listenEarly } from './cli/stop-signals.ts';

if (process.argv[2] === 'train') listenEarly();
const { main } = await import('./cli/main.ts');
process.exitCode = await main(process.argv.slice(2));
