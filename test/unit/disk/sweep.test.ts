import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sweepTemporary, temporaryName } from '../../../sidecar/disk.ts';
import { scratch } from '../../support/scratch.ts';

const folder = scratch();

it('what a kill left half-written goes; what someone may still be writing, and what is no leftover, stays', () => {
  const root = folder();
  mkdirSync(join(root, 'below'), { recursive: true });
  const gone = 2 ** 22 + 4321;
  const named = (pid: number, name: string) => join(root, 'below', `${name}.${pid}-0123abcd.tmp`);
  const file = (path: string, ageMinutes: number) => {
    writeFileSync(path, 'x');
    const at = Date.now() / 1000 - 60 * ageMinutes;
    utimesSync(path, at, at);
    return path;
  };
  const stays = [
    file(temporaryName(join(root, 'mine')), 60),
    file(named(gone, 'fresh'), 1),
    file(join(root, 'notes.tmp'), 10_000),
    file(join(root, 'below', 'units.safetensors'), 10_000),
  ];
  const goes = [file(named(gone, 'left'), 10), file(named(process.pid, 'yesterday'), 25 * 60)];
  sweepTemporary(root);
  expect(stays.filter((path) => !existsSync(path))).toEqual([]);
  expect(goes.filter(existsSync)).toEqual([]);
  sweepTemporary(join(root, 'nowhere'));
});
