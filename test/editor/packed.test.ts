import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe } from 'vitest';
import { missing } from './bench/server.ts';
import { theLoop } from './loop.ts';

const reason = missing();
const platform = `${process.platform}-${process.arch}`;

describe.skipIf(reason)(`the loop, extension packed and installed${reason ? ` (not run: ${reason})` : ''}`, () => {
  if (reason) return;
  execFileSync('node', ['extension/package.mjs', platform], { stdio: 'ignore' });
  theLoop('packed', { vsix: resolve(`dist/packages/milore-${platform}.vsix`), driver: false });
});
