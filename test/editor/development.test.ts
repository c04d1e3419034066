import { resolve } from 'node:path';
import { describe } from 'vitest';
import { missing } from './bench/server.ts';
import { theLoop } from './loop.ts';

const reason = missing();

describe.skipIf(reason)(`the loop, extension under development${reason ? ` (not run: ${reason})` : ''}`, () =>
  theLoop('development', {}, resolve(import.meta.dirname, '../..')),
);
