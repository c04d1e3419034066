#!/usr/bin/env node
/** @file The terminal: `milore <verb>`. Knows the process; the verbs are in cli/. */
import './engine/telemetry.ts';
import { main } from './cli/main.ts';

process.exitCode = await main(process.argv.slice(2));
