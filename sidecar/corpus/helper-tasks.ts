/** @file All that other threads do for this room. */
import { samplesTask } from './clip-reader.ts';
import { findTask } from './examiner.ts';

export const helperTasks = [samplesTask, findTask];
