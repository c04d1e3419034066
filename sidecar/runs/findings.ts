/**
 * @file Reads a run's `findings.json` as anyone may have written it: what is not as it should be is no findings, with the
 * reason. It never throws for a file's content.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJson } from '../json.ts';
import type { Findings } from '../protocol/findings.ts';
import type { FindingsFault } from '../protocol/findings-fault.ts';
import { findingsIn } from '../protocol/findings-in.ts';
import { readOnly } from './files.ts';
import { runFiles } from './run.ts';

/** A hundred languages, ten measures and their examples are a third of this. */
const mostBytes = 32 << 20;

export type FindingsFile =
  | { kind: 'none' }
  | { kind: 'found'; findings: Findings }
  | { kind: 'wrong'; fault: FindingsFault };

export const findingsPath = (run: { path: string }): string => join(run.path, runFiles.findings);

export async function readFindings(run: { path: string }): Promise<FindingsFile> {
  let text: string;
  try {
    const file = await open(findingsPath(run), readOnly);
    try {
      const info = await file.stat();
      if (!info.isFile()) return wrong({ code: 'disk', text: 'it is no ordinary file' });
      if (info.size > mostBytes) return wrong({ code: 'large', bytes: info.size, mostBytes });
      text = await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? { kind: 'none' } : wrong({ code: 'disk', text: code ?? message });
  }
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    return wrong({ code: 'json', text: (error as Error).message.slice(0, 200) });
  }
  const checked = findingsIn(value);
  return 'findings' in checked ? { kind: 'found', ...checked } : wrong(checked.fault);
}

const wrong = (fault: FindingsFault): FindingsFile => ({ kind: 'wrong', fault });
