/** @file A thread that decodes, hashes and reads for the one that computes (threads.ts). It loads no runtime. */
import { helperTasks } from './corpus/index.ts';
import { serveTasks } from './threads.ts';
import { blocksTask } from './units/read-blocks.ts';

serveTasks([...helperTasks, blocksTask]);
