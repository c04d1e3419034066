/** @file A folder of its own for each test file, removed afterwards; and what a refused file says. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { UserError } from '../../sidecar/errors.ts';

/** Call at the top of a test file; gives paths inside a fresh folder. */
export function scratch(): (...parts: string[]) => string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'milore-test-'));
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
  return (...parts) => path.join(folder, ...parts);
}

/** The UserError that `act` throws. Anything else thrown, or nothing, fails the test. */
export function refusal(act: () => unknown): UserError {
  try {
    act();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw new Error(`expected a UserError, got ${error instanceof Error ? error.stack : error}`);
  }
  throw new Error('expected a UserError, but nothing was thrown');
}
