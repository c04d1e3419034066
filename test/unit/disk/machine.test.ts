import { openSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../sidecar/errors.ts';
import { blameNoFile, diskFault, inWords } from '../../../sidecar/machine.ts';

const system = (code: string, more: object = {}) =>
  Object.assign(new Error(`${code}: as the system says it`), { code, syscall: 'open', ...more });

describe('an error of the machine', () => {
  it('says what was tried, why it failed and what cures it; of a full disk what it takes and what is free', () => {
    const { code, message } = diskFault('write x', system('ENOSPC'), {
      path: `${tmpdir()}/not/yet/x`,
      bytes: 3_200_000,
    });
    expect(code).toBe('disk.enospc');
    expect(message).toMatch(
      /^Could not write x: the disk is full \(ENOSPC\): it takes 3\.2 MB, [\d.]+ [kMG]B are free there\. Free space there and go on: nothing already written is lost\.$/,
    );
    for (const one of ['EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'EMFILE', 'ENFILE', 'ENOMEM', 'EIO', 'ENOTDIR', 'EBUSY'])
      expect(diskFault('write x', system(one)).message).toMatch(
        /^Could not write x: [a-z][^:]+\([A-Z]+\)\. [A-Z].+\.$/,
      );
  });

  it('is put into words wherever it came from, and whatever is our own fault stays that', () => {
    const caught = (act: () => unknown) => {
      try {
        return act();
      } catch (error) {
        return inWords(error);
      }
    };
    expect(caught(() => readdirSync('/not/there'))).toMatchObject({ code: 'disk.enoent' });
    expect(String(caught(() => openSync('/not/there', 'r')))).toContain('Could not open /not/there: it is not there');
    for (const message of [
      'std::bad_alloc',
      'Array buffer allocation failed',
      'Failed to allocate memory for requested buffer of size 17179869184',
      'Worker terminated due to reaching memory limit: JS heap out of memory',
    ])
      expect(inWords(new Error(message))).toMatchObject({ code: 'memory.full' });
    expect(inWords(new Error('open file "m.onnx" failed: Too many open files'))).toMatchObject({ code: 'disk.emfile' });
    const own = new TypeError('x is undefined');
    expect(inWords(own)).toBe(own);
  });

  it('of the moment is no file’s fault', () => {
    for (const code of ['EMFILE', 'ENFILE', 'ENOMEM'])
      expect(() => blameNoFile('read x', system(code))).toThrow(UserError);
    for (const code of ['ENOENT', 'EACCES', 'EIO']) expect(() => blameNoFile('read x', system(code))).not.toThrow();
  });
});
